import assert from 'node:assert/strict'
import { type TestContext, describe, it } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { clientSettings } from '../../../src/kafka/client/client-settings.ts'
import { NetworkClient } from '../../../src/kafka/client/network-client.ts'
import type { RebalanceReason } from '../../../src/kafka/contracts.ts'
import { Heartbeat, SharedInstant, sharedTimeMs } from '../../../src/kafka/group/heartbeat.ts'
import { uniqueName } from '../../support/environment.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { clientProperties } from '../support.ts'

const SESSION_MS = 30_000
const INTERVAL_MS = 3000

/** A heartbeat on a clock of its own, announced, and the reason it will tell to join again. */
function startHeartbeat(t: TestContext, settings: Record<string, string>, isAlive = true) {
  const clock = new ManualClock()
  const client = clientSettings(clientProperties(settings), systemClock)
  const network = new NetworkClient(client, uniqueName('member'))
  const { promise: reason, resolve } = Promise.withResolvers<RebalanceReason>()
  const heartbeat = new Heartbeat(
    clock,
    network,
    {
      groupId: uniqueName('group'),
      memberId: 'nobody',
      groupInstanceId: null,
      generation: 1,
      sessionTimeoutMs: SESSION_MS,
      heartbeatIntervalMs: INTERVAL_MS,
      retryBackoffMs: 100,
      coordinator: null,
      lastAnswer: new SharedInstant().set(sharedTimeMs())
    },
    { onReason: resolve, isAlive: () => isAlive }
  )
  heartbeat.announce()
  t.after(async () => {
    heartbeat.stop()
    await network.close()
  })
  return { clock, reason }
}

describe('Heartbeat', () => {
  it('I2: the coordinator is lost when it has not answered for the session timeout, and not before', async (t) => {
    const { clock, reason } = startHeartbeat(t, { 'bootstrap.servers': '127.0.0.1:1' })
    assert.equal(await clock.during(reason), 'coordinator-lost')
    const lostAtMs = clock.monotonicMs()
    assert.ok(lostAtMs > SESSION_MS - 1000 && lostAtMs < SESSION_MS + 1000, `${lostAtMs}`)
  })

  it('I2: a member that does nothing any more loses its place at the next heartbeat', async (t) => {
    const { clock, reason } = startHeartbeat(t, { 'bootstrap.servers': '127.0.0.1:1' }, false)
    assert.equal(await clock.during(reason), 'member-unknown')
    assert.equal(clock.monotonicMs(), INTERVAL_MS)
  })

  it('I2: a member the coordinator does not know hears it at the first heartbeat', async (t) => {
    const { clock, reason } = startHeartbeat(t, {})
    await clock.pass(INTERVAL_MS)
    assert.equal(await reason, 'member-unknown')
    assert.equal(clock.monotonicMs(), INTERVAL_MS)
  })
})
