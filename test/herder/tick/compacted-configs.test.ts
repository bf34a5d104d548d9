import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { Kafka, logLevel } from 'kafkajs'
import { systemClock } from '../../../src/clock.ts'
import { decodeAssignment, encodeMetadata } from '../../../src/herder/group/connect-protocol.ts'
import { Leadership } from '../../../src/herder/group/leadership.ts'
import { AutoRestarts } from '../../../src/herder/work/auto-restarts.ts'
import { LocalWork } from '../../../src/herder/work/local-work.ts'
import type { StatusReporter } from '../../../src/herder/work/status-reporter.ts'
import { noWork, workSet } from '../../../src/herder/work/work-set.ts'
import { ConfigLogState } from '../../../src/storage/config-log-state.ts'
import type { ConfigStore } from '../../../src/storage/config-store.ts'
import { kafkaBootstrap } from '../../support/environment.ts'
import { connectorConfig, HerderCluster } from '../../support/herder-cluster.ts'
import { rawTopic } from '../../support/kafka-stores.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { Placement, ScriptedWorker } from '../../support/scripted-worker.ts'
import { until } from '../../support/until.ts'

const put = { initialState: null, allowReplace: true } as const

/** Kafka's number for the kind of thing whose configuration is altered. */
const TOPIC = 2

/** What anybody else may write to the config topic, and what compaction leaves of it. */
async function configTopic(t: TestContext, cluster: HerderCluster) {
  const topic = `${cluster.groupId}-configs`
  const raw = await rawTopic(t, topic)
  const kafka = new Kafka({ brokers: [kafkaBootstrap()], logLevel: logLevel.NOTHING })
  return {
    write: raw.write,
    /** Takes the records before the last one of `key` away. */
    async cut(key: string) {
      const records = await raw.read()
      const before = records.findLastIndex((record) => record.key === key)
      const admin = kafka.admin()
      t.after(() => admin.disconnect())
      await admin.connect()
      // It knows the topic's leader only once it was asked for something.
      await admin.fetchTopicOffsets(topic)
      const policy = (value: string) =>
        admin.alterConfigs({
          validateOnly: false,
          resources: [
            {
              type: TOPIC,
              name: topic,
              configEntries: [{ name: 'cleanup.policy', value }]
            }
          ]
        })
      await policy('compact,delete')
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: `${before}` }] })
      await policy('compact')
    }
  }
}

const CONNECTOR = {
  key: 'connector-a',
  value: JSON.stringify({ properties: Object.fromEntries(connectorConfig('a')) })
}
const NOTHING = {
  version: 2 as const,
  error: 0,
  leader: 'w',
  leaderUrl: '',
  offset: 3n,
  assigned: noWork,
  revoked: noWork,
  delayMs: 0
}
const TASK = {
  key: 'task-a-0',
  value: JSON.stringify({ properties: { 'task.class': 'test.ScriptedSourceTask', number: '0' } })
}

describe('task configurations that compaction took', () => {
  it('are written again behind the configuration of their connector when that is put as it was', async (t) => {
    const cluster = new HerderCluster(t)
    const { herder, worker, config } = await cluster.join()
    await cluster.create('a')
    await cluster.runs('a', 'a-0')
    const starts = () => worker.calls.filter((call) => call === 'start a-0').length
    const before = starts()
    const topic = await configTopic(t, cluster)
    await herder.changes.putConnectorConfig('a', connectorConfig('a'), put)
    await until(() => !config().hasOutdatedTasks('a'), 'they are written again')
    await topic.cut('connector-a')
    await herder.healthCheck()
    await cluster.runs('a', 'a-0')
    assert.equal(starts(), before, 'the task ran on')
    await cluster.join()
    await cluster.runs('a', 'a-0')
    assert.equal(config().taskConfigs('a').length, 1)
  })

  it('are written again when the connector is paused, whatever is put', async (t) => {
    const cluster = new HerderCluster(t)
    const { herder, worker, config } = await cluster.join()
    await cluster.create('a')
    await cluster.runs('a', 'a-0')
    await herder.changes.pauseConnector('a')
    await until(() => config().targetState('a') === 'PAUSED', 'paused')
    await herder.changes.patchConnectorConfig('a', new Map([['payload', 'other']]))
    await until(() => !config().hasOutdatedTasks('a'), 'they are written again')
    await cluster.runs('a', 'a-0')
    await herder.changes.resumeConnector('a')
    await until(
      () => worker.taskConfigsSeen.get('a-0')?.get('payload') === 'other',
      'the task has what was put'
    )
  })

  it('are told again by whoever starts the connector', async (t) => {
    const cluster = new HerderCluster(t)
    const topic = await configTopic(t, cluster)
    await topic.write(TASK, { key: 'commit-a', value: '{"tasks":1}' }, CONNECTOR)
    const { config } = await cluster.join()
    await cluster.runs('a', 'a-0')
    assert.equal(config().hasOutdatedTasks('a'), false)
  })

  it('are written again for a worker that comes later and cannot find them', async (t) => {
    const cluster = new HerderCluster(t)
    const first = await cluster.join()
    await cluster.create('a')
    await cluster.runs('a', 'a-0')
    await first.herder.changes.pauseConnector('a')
    await until(() => first.config().targetState('a') === 'PAUSED', 'paused')
    // A JVM worker that leads would write this.
    const topic = await configTopic(t, cluster)
    await topic.write(CONNECTOR)
    await topic.cut('task-a-0')
    await until(() => first.config().hasOutdatedTasks('a'), 'the first has read it')
    const second = await cluster.join()
    await until(() => second.config().taskConfigs('a').length === 1, 'the second has them')
    await cluster.runs('a', 'a-0')
    assert.deepEqual(cluster.placement.conflicts, [])
  })

  it('are told missing by a task that cannot start without', async (t) => {
    const placement = new Placement()
    const told: (string | null)[] = []
    const statuses = {
      task: (_: unknown, state: string, trace: string | null) => told.push(`${state} ${trace}`)
    } as unknown as StatusReporter
    const [clock, { log }] = [systemClock, recordingLog()]
    const work = new LocalWork({
      worker: new ScriptedWorker('w', placement),
      statuses,
      clock,
      log,
      guards: null,
      autoRestarts: new AutoRestarts({
        policyOf: () => null,
        isToRun: () => true,
        onRestart: () => undefined,
        clock,
        log
      })
    })
    t.after(() => work.stop(work.all))
    const empty = new ConfigLogState(recordingLog().log).snapshot()
    assert.equal(await work.startTask({ connector: 'a', task: 0 }, empty), false)
    assert.match(told.join(), /^FAILED .*Task a-0 has no configuration/)
  })

  it('do not end what members run of the connector meanwhile', () => {
    const state = new ConfigLogState(recordingLog().log)
    const records = [TASK, { key: 'commit-a', value: '{"tasks":1}' }, CONNECTOR]
    for (const [at, { key, value }] of records.entries()) {
      state.apply({ offset: BigInt(at), key: Buffer.from(key), value: Buffer.from(value) })
    }
    const leadership = new Leadership({
      configStore: { snapshot: () => state.snapshot() } as unknown as ConfigStore,
      scheduledRebalanceMaxDelayMs: 0,
      clock: systemClock,
      log: recordingLog().log
    })
    const metadata = encodeMetadata(2, {
      url: 'http://w:8083/',
      offset: 3n,
      allocation: { ...NOTHING, assigned: workSet(['a'], ['a-0']) }
    })
    const hands = leadership.assign({
      protocol: 'sessioned',
      leaderId: 'w',
      generation: 2,
      members: [{ memberId: 'w', groupInstanceId: null, metadata }]
    })
    const { assigned, revoked } = decodeAssignment(hands.get('w') ?? new Uint8Array())
    assert.deepEqual([...revoked.tasks, ...assigned.tasks], [])
  })
})
