import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { assignmentErrors } from '../../../src/herder/group/connect-protocol.ts'
import { MismatchedRounds } from '../../../src/herder/tick/mismatched-rounds.ts'
import { TickStage } from '../../../src/herder/work/tick-stage.ts'
import { noWork } from '../../../src/herder/work/work-set.ts'
import { KafkaConfigStore } from '../../../src/storage/kafka-config-store.ts'
import { MemoryConfigStore } from '../../../src/storage/memory-config-store.ts'
import { connectorConfig, HerderCluster } from '../../support/herder-cluster.ts'
import { storeOptions } from '../../support/kafka-stores.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { until } from '../../support/until.ts'

const REASON = /need the same config\.storage\.topic/

describe('workers of one group with different config topics', () => {
  it('are told why one of them gets no work; the other works on', async (t) => {
    const cluster = new HerderCluster(t)
    const first = await cluster.join()
    await cluster.create('a')
    await cluster.runs('a', 'a-0')
    const { log, lines } = recordingLog()
    const errors = () => lines.filter((line) => REASON.test(line))
    const configStore = new KafkaConfigStore(storeOptions())
    const second = await cluster.join({ configStore, log, configTopic: 'another-topic' })
    await until(() => errors().length > 0, 'it says why')
    assert.match(errors().join(), /another-topic.*http:\/\/w1:8083\//)
    await first.herder.changes.putConnectorConfig('b', connectorConfig('b'), {
      initialState: null,
      allowReplace: false
    })
    assert.equal(errors().length, 1, 'once')
    assert.deepEqual(second.worker.runningTasks(), [])
    await second.herder.stop()
    await cluster.runs('a', 'a-0', 'b', 'b-0')
  })

  it('I8: join again after longer and longer pauses', async () => {
    const { log, lines } = recordingLog()
    const waits: number[] = []
    let joins = 0
    const rounds = new MismatchedRounds({
      configStore: new MemoryConfigStore(),
      membership: { requestRejoin: () => void joins++ },
      stage: new TickStage(systemClock),
      wakeup: { wait: async (ms) => void waits.push(ms) },
      configTopic: 'configs',
      log
    })
    const assignment = {
      version: 2,
      error: assignmentErrors.none,
      leader: 'l',
      leaderUrl: 'http://l/',
      offset: 5n,
      assigned: noWork,
      revoked: noWork,
      delayMs: 0
    } as const
    for (let n = 0; n < 12; n++) await rounds.joinAgain(assignment)
    assert.equal(joins, 12)
    assert.deepEqual(waits, [250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000])
    assert.equal(lines.filter((line) => REASON.test(line)).length, 1)
    rounds.end()
    await rounds.joinAgain(assignment)
    assert.equal(waits.length, 9)
  })
})
