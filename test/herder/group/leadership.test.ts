import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { decodeAssignment, encodeMetadata } from '../../../src/herder/group/connect-protocol.ts'
import { Leadership } from '../../../src/herder/group/leadership.ts'
import { MemoryConfigStore } from '../../../src/storage/memory-config-store.ts'
import { connectorConfig } from '../../support/herder-cluster.ts'
import { recordingLog } from '../../support/recording-log.ts'

const metadata = (offset: bigint) =>
  encodeMetadata(2, { url: 'http://w:8083/', offset, allocation: null })

async function lead(names: readonly string[]) {
  const configStore = new MemoryConfigStore()
  await configStore.start(NOBODY)
  for (const name of names) await configStore.putConnectorConfig(name, connectorConfig(name), null)
  const { log, lines } = recordingLog()
  const leadership = new Leadership({
    configStore,
    scheduledRebalanceMaxDelayMs: 0,
    clock: systemClock,
    log
  })
  const assign = (members: { memberId: string; metadata: Uint8Array }[]) =>
    leadership.assign({
      protocol: 'sessioned',
      leaderId: 'w',
      generation: 1,
      members: members.map((member) => ({ ...member, groupInstanceId: null }))
    })
  return { assign, lines, offset: configStore.snapshot().offset }
}

const NOBODY = {
  onConnectorConfigUpdate() {},
  onConnectorConfigRemove() {},
  onTaskConfigUpdate() {},
  onTaskConfigsConfirmed() {},
  onTargetStateChange() {},
  onStartFromUpdate() {},
  onSessionKeyUpdate() {},
  onRestartRequest() {},
  onLoggerLevel() {}
}

describe('a leader', () => {
  it('shares out what it can when a name is longer than the protocol carries, and says so', async () => {
    const { assign, lines, offset } = await lead(['a', 'x'.repeat(33_000)])
    const hands = assign([{ memberId: 'w', metadata: metadata(offset) }])
    const { assigned } = decodeAssignment(hands.get('w') ?? new Uint8Array())
    assert.deepEqual([...assigned.connectors], ['a'])
    assert.match(lines.join(), /33000 bytes is longer than the group's protocol can carry/)
    assert.ok(lines.join().length < 2000)
  })

  it('goes on when nobody understands a member', async () => {
    const { assign, lines, offset } = await lead(['a'])
    const hands = assign([
      { memberId: 'w', metadata: metadata(offset) },
      { memberId: 'strange', metadata: Buffer.from('00', 'hex') }
    ])
    assert.deepEqual([...hands.keys()], ['w'])
    assert.match(lines.join(), /Member strange of the group cannot be understood/)
  })
})
