import assert from 'node:assert/strict'
import { type TestContext, describe, it } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import type { GroupMembershipOptions, RebalanceReason } from '../../../src/kafka/contracts.ts'
import { encodeSubscription } from '../../../src/kafka/group/consumer-protocol.ts'
import { HeartbeatThread } from '../../../src/kafka/group/heartbeat-thread.ts'
import { KafkaGroupMembership } from '../../../src/kafka/group/group-membership.ts'
import { kafkaBootstrap, uniqueName } from '../../support/environment.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { startTcpProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'
import { clientProperties, kafkaJs } from '../support.ts'

const HEARTBEAT = 12
/** Brokers take no shorter ones. */
const SHORTEST_SESSION_MS = 6000

const never = (): AbortSignal => new AbortController().signal

/** A broker reads what consumers bring. */
const subscription = encodeSubscription({
  topics: ['orders'],
  userData: null,
  ownedPartitions: [],
  generation: null,
  rack: null
})

function startMember(
  t: TestContext,
  groupId: string,
  options: Partial<GroupMembershipOptions> = {}
) {
  const reasons: RebalanceReason[] = []
  /** What it was given to assign. */
  const rounds: Parameters<Parameters<KafkaGroupMembership['join']>[1]>[0][] = []
  const name = uniqueName('member')
  const { log, lines } = recordingLog()
  const member = new KafkaGroupMembership(
    systemClock,
    {
      groupId,
      protocolType: 'connect',
      client: clientProperties(),
      clientId: name,
      // A thread that begins to send heartbeats may take seconds to start on a busy machine.
      sessionTimeoutMs: 60_000,
      rebalanceTimeoutMs: 60_000,
      heartbeatIntervalMs: 100,
      onRebalance: (reason) => reasons.push(reason),
      ...options
    },
    new HeartbeatThread(systemClock),
    log
  )
  t.after(async () => {
    await member.leave('test ends', 1000)
    await member.close()
  })
  const metadataOf = (protocol: string): Buffer =>
    options.protocolType === 'consumer' ? subscription : Buffer.from(`${name}:${protocol}`)
  const join = (protocols = ['sessioned', 'compatible'], signal = never()) =>
    member.join(
      protocols.map((protocol) => ({ name: protocol, metadata: metadataOf(protocol) })),
      async (round) => {
        rounds.push(round)
        const { members, protocol } = round
        return new Map(
          members.map(({ memberId, metadata }) => [
            memberId,
            Buffer.from(`${protocol} for ${Buffer.from(metadata)} of ${members.length}`)
          ])
        )
      },
      signal
    )
  return { member, name, join, reasons, lines, rounds }
}

/** A proxy that counts the heartbeats of one member. */
async function startCountingProxy(t: TestContext) {
  const proxy = await startTcpProxy(kafkaBootstrap())
  t.after(() => proxy.close())
  let heartbeats = 0
  proxy.onRequest((apiKey) => {
    if (apiKey === HEARTBEAT) heartbeats++
  })
  return { proxy, heartbeats: () => heartbeats }
}

describe('KafkaGroupMembership', () => {
  it('leads a group of its own and gets the assignment it made', async (t) => {
    const { join, name } = startMember(t, uniqueName('group'))
    const round = await join()
    assert.equal(round.leaderId, round.memberId)
    assert.equal(round.protocol, 'sessioned')
    assert.equal(String(round.assignment), `sessioned for ${name}:sessioned of 1`)
    assert.ok(round.memberId.startsWith(name))
  })

  it('tells the members when another joins, and all get the same generation', async (t) => {
    const group = uniqueName('group')
    const first = startMember(t, group)
    await first.join()
    const second = startMember(t, group)
    const joining = second.join()
    await until(() => first.reasons.length > 0, 'the first member hears of the second')
    const [a, b] = await Promise.all([first.join(), joining])
    assert.equal(a.generation, b.generation)
    assert.equal(b.leaderId, a.memberId)
    assert.equal(String(b.assignment), `sessioned for ${second.name}:sessioned of 2`)
    assert.deepEqual(first.reasons, ['rebalance-in-progress'])
  })

  it('agrees on a protocol that every member offers', async (t) => {
    const group = uniqueName('group')
    const first = startMember(t, group)
    await first.join()
    const second = startMember(t, group)
    const joining = second.join(['compatible', 'default'])
    await until(() => first.reasons.length > 0, 'the first member hears of the second')
    const [a, b] = await Promise.all([first.join(), joining])
    assert.deepEqual([a.protocol, b.protocol], ['compatible', 'compatible'])
  })

  it('rejects when no protocol is common', async (t) => {
    const group = uniqueName('group')
    await startMember(t, group).join(['sessioned'])
    await assert.rejects(startMember(t, group).join(['default']), {
      code: 'KAFKA_ERROR',
      message: /INCONSISTENT_GROUP_PROTOCOL/
    })
  })

  it('tells the others when a member leaves; it may join again', async (t) => {
    const group = uniqueName('group')
    const first = startMember(t, group)
    await first.join()
    const second = startMember(t, group)
    const joining = second.join()
    await until(() => first.reasons.length === 1, 'the first member hears of the second')
    await Promise.all([first.join(), joining])
    await second.member.leave('enough', 2000)
    await until(() => first.reasons.length === 2, 'the first member hears of the leaving')
    assert.match(String((await first.join()).assignment), / of 1$/)
    const again = second.join()
    await until(() => first.reasons.length === 3, 'the first member hears of the return')
    const [, back] = await Promise.all([first.join(), again])
    assert.match(String(back.assignment), / of 2$/)
    assert.deepEqual(second.reasons, [])
  })

  it('stays a member by its heartbeats alone', async (t) => {
    const { proxy, heartbeats } = await startCountingProxy(t)
    const { join, reasons } = startMember(t, uniqueName('group'), {
      client: clientProperties({ 'bootstrap.servers': proxy.address })
    })
    const { generation } = await join()
    await until(() => heartbeats() >= 5, 'it shows that it lives')
    assert.deepEqual(reasons, [])
    assert.equal((await join()).generation, generation + 1)
  })

  it('gives up joining at once when the signal says so', async (t) => {
    const group = uniqueName('group')
    const first = startMember(t, group)
    await first.join()
    const { proxy } = await startCountingProxy(t)
    const second = startMember(t, group, {
      client: clientProperties({ 'bootstrap.servers': proxy.address })
    })
    const giveUp = new AbortController()
    // The first member does not join again, so this join stays open; and no answer to it would arrive.
    const joining = second.join(['sessioned'], giveUp.signal)
    await until(() => first.reasons.length > 0, 'the join is under way')
    proxy.holdAnswers()
    giveUp.abort()
    await assert.rejects(joining, { code: 'WORKER_STOPPING' })
    proxy.resume()
    await assert.rejects(second.join(['sessioned'], giveUp.signal), { code: 'WORKER_STOPPING' })
  })

  it('gives up joining when there is no broker', async (t) => {
    const { join, lines } = startMember(t, uniqueName('group'), {
      client: clientProperties({ 'bootstrap.servers': '127.0.0.1:1' })
    })
    const giveUp = new AbortController()
    const joining = assert.rejects(join(['sessioned'], giveUp.signal), { code: 'WORKER_STOPPING' })
    await until(() => lines.some((line) => line.includes('trying again')), 'it tries again')
    giveUp.abort()
    await joining
  })

  it('I2: a member the coordinator no longer knows is told that it is out', async (t) => {
    const group = uniqueName('group')
    const { join, member, reasons } = startMember(t, group)
    const { memberId } = await join()
    await removeMember(group, memberId)
    await until(() => reasons.length > 0, 'the member hears that it is out')
    assert.deepEqual(reasons, ['member-unknown'])
    assert.notEqual((await join()).memberId, memberId)
    await member.leave('done', 1000)
  })

  it('I2: a member that cannot reach the coordinator for the session timeout is told so', async (t) => {
    const proxy = await startTcpProxy(kafkaBootstrap())
    t.after(() => proxy.close())
    const { join, reasons } = startMember(t, uniqueName('group'), {
      client: clientProperties({ 'bootstrap.servers': proxy.address }),
      sessionTimeoutMs: SHORTEST_SESSION_MS
    })
    await join()
    proxy.stall()
    await until(() => reasons.length > 0, 'the member hears that the coordinator is lost')
    assert.deepEqual(reasons, ['coordinator-lost'])
    proxy.resume()
    assert.equal((await join()).protocol, 'sessioned')
  })

  it('survives a short outage without a rebalance', async (t) => {
    const { proxy, heartbeats } = await startCountingProxy(t)
    const { join, reasons } = startMember(t, uniqueName('group'), {
      client: clientProperties({ 'bootstrap.servers': proxy.address })
    })
    const { generation } = await join()
    const accepted = proxy.accepted
    proxy.cut()
    await until(() => proxy.accepted > accepted + 1, 'it tries to connect, in vain')
    proxy.resume()
    const before = heartbeats()
    await until(() => heartbeats() >= before + 3, 'it shows that it lives')
    assert.deepEqual(reasons, [])
    assert.equal((await join()).generation, generation + 1)
  })
})

describe('a member of a group of consumers', () => {
  const consumer = { protocolType: 'consumer' } as const

  it('is in a group of that kind, in which no worker can be', async (t) => {
    const group = uniqueName('group')
    const { join, rounds } = startMember(t, group, consumer)
    const { memberId } = await join(['range'])
    assert.deepEqual(
      rounds[0]?.members.map((member) => [member.memberId, member.groupInstanceId]),
      [[memberId, null]]
    )
    const admin = kafkaJs().admin()
    t.after(() => admin.disconnect())
    await admin.connect()
    const { groups } = await admin.describeGroups([group])
    assert.equal(groups[0]?.protocolType, 'consumer')
    await assert.rejects(startMember(t, group).join(['range']), {
      facts: { groupId: group, kafkaError: 'INCONSISTENT_GROUP_PROTOCOL' }
    })
  })

  it('comes back to its place by group.instance.id, and the others hear nothing of it', async (t) => {
    const group = uniqueName('group')
    const place = { ...consumer, groupInstanceId: 'place-1' }
    const first = startMember(t, group, place)
    const round = await first.join(['range'])
    await first.member.leave('restarted', 1000)
    await first.member.close()
    const back = startMember(t, group, place)
    const again = await back.join(['range'])
    assert.equal(again.generation, round.generation)
    assert.notEqual(again.memberId, round.memberId)
    assert.equal(String(again.assignment), String(round.assignment))
    assert.deepEqual(
      back.rounds.map(({ assignmentStands, members }) => [
        assignmentStands,
        members.map(({ groupInstanceId }) => groupInstanceId)
      ]),
      [[true, ['place-1']]]
    )
  })

  it('I2: is out, and stays out, when another one takes its group.instance.id', async (t) => {
    const group = uniqueName('group')
    const place = { ...consumer, groupInstanceId: 'place-1' }
    const first = startMember(t, group, place)
    await first.join(['range'])
    const second = startMember(t, group, place)
    const { memberId } = await second.join(['range'])
    await until(() => first.reasons.length > 0, 'the first one hears that it is out')
    assert.deepEqual(first.reasons, ['member-unknown'])
    await assert.rejects(first.join(['range']), {
      code: 'KAFKA_ERROR',
      facts: { groupId: group, kafkaError: 'FENCED_INSTANCE_ID' }
    })
    assert.equal((await second.join(['range'])).memberId, memberId)
    assert.deepEqual(second.reasons, [])
  })
})

/** Removes a member as an operator would, behind its back. */
async function removeMember(groupId: string, memberId: string): Promise<void> {
  const { NetworkClient } = await import('../../../src/kafka/client/network-client.ts')
  const { clientSettings } = await import('../../../src/kafka/client/client-settings.ts')
  const { leaveGroupApi } = await import('../../../src/kafka/group/group-requests.ts')
  const network = new NetworkClient(clientSettings(clientProperties(), systemClock), 'operator')
  const coordinator = await network.coordinator('group', groupId)
  await network.call(coordinator, leaveGroupApi, groupId, [
    { memberId, groupInstanceId: null, reason: 'removed' }
  ])
  await network.close()
}

describe('a member whose event loop is blocked', () => {
  /** As a long regular expression or a synchronous query would, but without work for the processor. */
  const block = (ms: number): void =>
    void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

  async function membersOf(t: TestContext, groupId: string): Promise<string[]> {
    const admin = kafkaJs().admin()
    t.after(() => admin.disconnect())
    await admin.connect()
    const { groups } = await admin.describeGroups([groupId])
    return groups[0]?.members.map(({ memberId }) => memberId) ?? []
  }

  it('I9: stays a member beyond its session timeout: heartbeats have a thread of their own', async (t) => {
    const groupId = uniqueName('group')
    const { join, reasons } = startMember(t, groupId, { sessionTimeoutMs: SHORTEST_SESSION_MS })
    const round = await join()
    block(9000)
    assert.deepEqual(await membersOf(t, groupId), [round.memberId])
    assert.deepEqual(reasons, [])
  })

  it('loses its place once it is blocked for longer than a rebalance may take, and is told', async (t) => {
    const groupId = uniqueName('group')
    const { join, reasons } = startMember(t, groupId, {
      sessionTimeoutMs: SHORTEST_SESSION_MS,
      rebalanceTimeoutMs: 2000
    })
    const round = await join()
    block(11_000)
    await until(() => reasons.length > 0, 'it is told')
    assert.deepEqual(reasons, ['member-unknown'])
    await until(async () => (await membersOf(t, groupId)).length === 0, 'the group drops it')
    assert.notEqual((await join()).memberId, round.memberId)
  })
})
