import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TopicPartition } from '../../../src/kafka/contracts.ts'
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  type PartitionAssignment,
  type Subscription
} from '../../../src/kafka/group/consumer-protocol.ts'
import { Random } from '../../support/random.ts'
import { runJava } from '../../support/run-java.ts'

const CASES = 200
const VERSIONS = [0, 1, 2, 3]
const TOPICS = ['orders', 'Orders', 'a', 'a.b', 'a-b', 'a_b', 'zählung', '\u{1f600}']

const random = new Random(Date.now())

const someBytes = (): Buffer | null =>
  random.chance(0.5)
    ? null
    : Buffer.from(Array.from({ length: random.below(9) }, () => random.below(256)))

const somePartitions = (): TopicPartition[] =>
  shuffled(
    TOPICS.filter(() => random.chance(0.4)).flatMap((topic) =>
      [0, 1, 2, 10, 2 ** 31 - 1]
        .filter(() => random.chance(0.5))
        .map((partition) => ({ topic, partition }))
    )
  )

function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((each) => ({ each, at: random.next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ each }) => each)
}

function someSubscription(): Subscription {
  return {
    topics: shuffled(TOPICS.filter(() => random.chance(0.5))),
    userData: someBytes(),
    ownedPartitions: somePartitions(),
    generation: random.chance(0.3) ? null : random.below(2 ** 31),
    rack: random.chance(0.3) ? null : `rack-${random.below(9)}`
  }
}

const someAssignment = (): PartitionAssignment => ({
  partitions: somePartitions(),
  userData: someBytes()
})

const hexOf = (bytes: Uint8Array | null): string =>
  bytes === null ? 'null' : Buffer.from(bytes).toString('hex')
const textOf = (partitions: readonly TopicPartition[]): string =>
  `[${partitions.map(({ topic, partition }) => `${topic}-${partition}`).join(', ')}]`

/** As ConsumerProtocolBytes prints it. */
const shownSubscription = (each: Subscription): string =>
  `[${each.topics.join(', ')}] ${hexOf(each.userData)} ${textOf(each.ownedPartitions)} ${each.generation} ${each.rack}`
const shownAssignment = (each: PartitionAssignment): string =>
  `${textOf(each.partitions)} ${hexOf(each.userData)}`

describe("a consumer's subscription and assignment", () => {
  it('are read and written as by the classes of Java, in every version and newer ones', async () => {
    const cases = Array.from({ length: CASES }, (_, at) => {
      const version = VERSIONS[at % VERSIONS.length] as number
      const bytes =
        at % 3 === 0
          ? encodeAssignment(someAssignment(), version)
          : encodeSubscription(someSubscription(), version)
      const given = Buffer.from(bytes)
      // What a version of the future adds is not looked at.
      const newer = version === 3 && random.chance(0.3)
      if (newer) given.writeInt16BE(random.within(4, 0x7fff))
      const read = newer && random.chance(0.5) ? Buffer.concat([given, Buffer.from('more')]) : given
      return { kind: at % 3 === 0 ? 'assignment' : 'subscription', version, bytes, read }
    })
    const java = await runJava(
      'ConsumerProtocolBytes.java',
      [],
      cases
        .map(({ kind, version, read }) => `${kind} ${version} ${read.toString('hex')}\n`)
        .join('')
    )
    const ours = cases.map(({ kind, bytes, read }) => {
      const shown =
        kind === 'assignment'
          ? shownAssignment(decodeAssignment(read))
          : shownSubscription(decodeSubscription(read))
      return `${shown} | ${bytes.toString('hex')}`
    })
    assert.deepEqual(ours, java)
  })

  it('are read as far as they go where the version promises more', () => {
    const whole: Subscription = {
      topics: ['orders'],
      userData: Buffer.from('data'),
      ownedPartitions: [{ topic: 'orders', partition: 3 }],
      generation: 7,
      rack: 'east'
    }
    const bytes = encodeSubscription(whole)
    const lacking = { userData: null, ownedPartitions: [], generation: null, rack: null }
    const read: Subscription[] = [
      { ...whole, ...lacking },
      { ...whole, ...lacking, userData: whole.userData },
      { ...whole, generation: null, rack: null },
      { ...whole, rack: null }
    ]
    assert.deepEqual(
      [14, 22, 42, 46].map((end) => decodeSubscription(bytes.subarray(0, end))),
      read
    )
    const borders = new Set([14, 22, 42, 46, bytes.length])
    for (let end = 0; end < bytes.length; end++) {
      if (borders.has(end)) continue
      assert.throws(() => decodeSubscription(bytes.subarray(0, end)), {
        code: 'KAFKA_ERROR',
        message: new RegExp(`subscription of a consumer ends after ${end} bytes`)
      })
    }
    assert.throws(() => decodeSubscription(Buffer.from('ffff00000000', 'hex')), {
      message: /subscription of a consumer has the version -1, which does not exist/
    })
  })

  it('of nobody: a member to whom the leader gave no bytes has no partitions', () => {
    assert.deepEqual(decodeAssignment(new Uint8Array()), { partitions: [], userData: null })
  })
})
