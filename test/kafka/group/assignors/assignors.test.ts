import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import type { TopicPartition } from '../../../../src/kafka/contracts.ts'
import type {
  Assigned,
  AssigningMember,
  HeldAssignment,
  TopicRacks
} from '../../../../src/kafka/group/assignors/assignor.ts'
import { assignors } from '../../../../src/kafka/group/assignors/assignors.ts'
import { claimOf } from '../../../../src/kafka/group/assignors/sticky.ts'
import {
  encodeAssignment,
  encodeSubscription
} from '../../../../src/kafka/group/consumer-protocol.ts'
import type { AssignorName } from '../../../../src/settings/clients/consumer-settings.ts'
import { groupStory, type Round } from '../../../support/group-stories.ts'
import { runJava } from '../../../support/run-java.ts'

const CASES = 400
/** Of all cases. */
const MOST_WRONG = CASES / 10

const javaClasses = {
  range: 'RangeAssignor',
  roundrobin: 'RoundRobinAssignor',
  sticky: 'StickyAssignor',
  'cooperative-sticky': 'CooperativeStickyAssignor'
} as const satisfies Record<AssignorName, string>
const names = Object.keys(javaClasses) as AssignorName[]
const firstSeed = Date.now() % 1e9

interface Case {
  readonly name: AssignorName
  /** For messages: which story, told from which seed. */
  readonly title: string
  readonly round: Round
  readonly assigned: Assigned
  readonly held: HeldAssignment | null
}

interface JavaAnswer {
  readonly assigned?: Readonly<Record<string, string>>
  readonly userData: string | null
}

function casesOf(name: AssignorName): Case[] {
  const cases: Case[] = []
  for (let seed = firstSeed; cases.length < CASES; seed++) {
    for (const round of groupStory(seed, assignors[name])) {
      const assigned = assignors[name].assign(round.members, round.topics)
      const partitions = [...assigned.values()].find(({ length }) => length > 0) ?? []
      const held = cases.length % 10 === 0 ? null : { partitions, generation: cases.length }
      cases.push({ name, title: `${name}, seed ${seed}`, round, assigned, held })
    }
  }
  return cases
}

const forJava = ({ name, round, held }: Case): string =>
  JSON.stringify({
    assignor: javaClasses[name],
    members: round.members.map(({ memberId, groupInstanceId, ...subscription }) => ({
      memberId,
      groupInstanceId,
      subscription: encodeSubscription(subscription).toString('hex')
    })),
    topics: Object.fromEntries(
      [...round.topics].map(([topic, partitions]) => [topic, partitions.map((racks) => [...racks])])
    ),
    held
  })

/**
 * Where members of a sticky assignor have no topics, or held what they do not want any more or is not there
 * any more, Java's classes may fail, give them what they do not want, or take a detour over it.
 */
function mayBeWrong({ name, round }: Case): boolean {
  if (name !== 'sticky' && name !== 'cooperative-sticky') return false
  return round.members.some((member) => {
    const held = name === 'sticky' ? claimOf(member).partitions : member.ownedPartitions
    const isGone = ({ topic, partition }: TopicPartition): boolean =>
      partition >= (round.topics.get(topic)?.length ?? Infinity)
    const isUnwanted = ({ topic }: TopicPartition): boolean => !member.topics.includes(topic)
    return member.topics.length === 0 || held.some((each) => isGone(each) || isUnwanted(each))
  })
}

const inHex = (assigned: Assigned): Record<string, string> =>
  Object.fromEntries(
    [...assigned].map(([memberId, partitions]) => [
      memberId,
      encodeAssignment({ partitions, userData: null }).toString('hex')
    ])
  )

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}-${partition}`

/** Partitions somebody subscribes to that nobody got; each other one has one owner, who wants it. */
function leftOver({ members, topics }: Round, assigned: Assigned, title: string): string[] {
  const owned = [...assigned].flatMap(([memberId, partitions]) => {
    const member = members.find((each) => each.memberId === memberId)
    for (const { topic } of partitions) assert.ok(member?.topics.includes(topic), title)
    return partitions.map(nameOf)
  })
  assert.equal(new Set(owned).size, owned.length, `${title}: a partition has two owners`)
  const wanted = new Set(members.flatMap((member) => member.topics))
  const all = [...wanted].flatMap((topic) =>
    [...(topics.get(topic) ?? []).keys()].map((partition) => nameOf({ topic, partition }))
  )
  for (const name of owned) assert.ok(all.includes(name), `${title}: ${name} is not there`)
  return all.filter((name) => !owned.includes(name))
}

describe('partitions of a group', () => {
  it('are shared out as by the classes of Java, byte for byte, by each assignor', async () => {
    const cases = names.flatMap(casesOf)
    const lines = await runJava('AssignorCases.java', [], `${cases.map(forJava).join('\n')}\n`)
    const wrong: string[] = []
    for (const [at, each] of cases.entries()) {
      const { name, title, assigned, held } = each
      const java = JSON.parse(lines[at] ?? '') as JavaAnswer
      const userData = assignors[name].userData(held)?.toString('hex') ?? null
      assert.equal(userData, java.userData, title)
      if (mayBeWrong(each) && !isDeepStrictEqual(inHex(assigned), java.assigned)) wrong.push(title)
      else assert.deepEqual(inHex(assigned), java.assigned, title)
    }
    assert.ok(wrong.length <= MOST_WRONG, `Java is said to be wrong too often: ${wrong.join('; ')}`)
  })

  it('have one owner each, who subscribes to them; cooperative members may have to wait for those of others', () => {
    for (const { name, title, round, assigned } of names.flatMap(casesOf)) {
      const left = leftOver(round, assigned, title)
      const claimed = new Set(round.members.flatMap((each) => each.ownedPartitions.map(nameOf)))
      if (name === 'cooperative-sticky')
        for (const each of left) assert.ok(claimed.has(each), title)
      else assert.deepEqual(left, [], title)
    }
  })

  it('wait for one round, and no other, where they move between cooperative members that subscribe alike', () => {
    const { assign } = assignors['cooperative-sticky']
    let waited = 0
    for (const { title, round, assigned } of casesOf('cooperative-sticky')) {
      const { members, topics } = round
      const subscriptions = new Set(members.map((each) => each.topics.join()))
      if (subscriptions.size > 1 || members.some(({ rack }) => rack !== null)) continue
      waited += leftOver(round, assigned, title).length
      const next = holding(members, assigned, 1000)
      const second = assign(next, topics)
      assert.deepEqual(leftOver({ members: next, topics }, second, title), [], title)
      assert.deepEqual(inOrder(assign(holding(next, second, 1001), topics)), inOrder(second), title)
    }
    assert.ok(waited > 0)
  })

  it('that are gone since a topic was made anew with fewer do not confuse those that hold them', () => {
    const topics: TopicRacks = new Map([
      ['t', [new Set<string>(), new Set<string>(), new Set<string>()]]
    ])
    const owned = (...partitions: number[]) =>
      partitions.map((partition) => ({ topic: 't', partition }))
    const one = member('one', owned(0, 1, 7, 8, 9))
    const two = member('two', owned(2, 3, 4, 5, 6))
    const assigned = assignors['cooperative-sticky'].assign([one, two], topics)
    assert.deepEqual(
      assigned,
      new Map([
        ['one', owned(0, 1)],
        ['two', owned(2)]
      ])
    )
  })
})

const inOrder = (assigned: Assigned): [string, string[]][] =>
  [...assigned]
    .map(([memberId, partitions]): [string, string[]] => [memberId, partitions.map(nameOf).sort()])
    .sort(([a], [b]) => (a < b ? -1 : 1))

function holding(
  members: readonly AssigningMember[],
  assigned: Assigned,
  generation: number
): AssigningMember[] {
  return members.map((each) => {
    const ownedPartitions = assigned.get(each.memberId) ?? []
    return { ...each, ownedPartitions, generation, userData: null }
  })
}

function member(memberId: string, ownedPartitions: readonly TopicPartition[]): AssigningMember {
  const topics = [...new Set(ownedPartitions.map(({ topic }) => topic))]
  const told = { topics, ownedPartitions, generation: 1, rack: null, userData: null }
  return { memberId, groupInstanceId: null, ...told }
}
