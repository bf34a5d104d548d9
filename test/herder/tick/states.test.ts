import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { createKafkaClients } from '../../../src/kafka/kafka-clients.ts'
import { KafkaStatusStore } from '../../../src/storage/kafka-status-store.ts'
import type { Status } from '../../../src/storage/status-store.ts'
import { kafkaBootstrap } from '../../support/environment.ts'
import { HerderCluster } from '../../support/herder-cluster.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { ScriptedWorker } from '../../support/scripted-worker.ts'
import { until } from '../../support/until.ts'

/** The status topic, with a list of what was put there. */
class RecordingStatuses extends KafkaStatusStore {
  readonly put: string[] = []

  constructor(groupId: string) {
    super({
      clients: createKafkaClients(systemClock, recordingLog().log),
      client: new Map([['bootstrap.servers', kafkaBootstrap()]]),
      clientId: groupId,
      topic: `${groupId}-statuses`,
      create: { partitions: 2, replicationFactor: 1, settings: new Map() },
      clock: systemClock
    })
  }

  override putConnector(connector: string, status: Status): void {
    this.put.push(`${connector} ${status.state}`)
    super.putConnector(connector, status)
  }

  override putTask(connector: string, task: number, status: Status): void {
    this.put.push(`${connector}-${task} ${status.state}`)
    super.putTask(connector, task, status)
  }
}

describe('states as they are shown', () => {
  it('never say UNASSIGNED of what is started again at once', async (t) => {
    const cluster = new HerderCluster(t)
    const statusStore = new RecordingStatuses(cluster.groupId)
    const { herder, worker } = await cluster.join({ statusStore })
    await cluster.create('a', { 'tasks.max': '2' })
    await cluster.runs('a', 'a-0', 'a-1')
    await until(
      () => herder.cluster.connectorStatus('a').tasks.length === 2,
      'the tasks have statuses'
    )
    const settled = () =>
      until(() => {
        const { connector, tasks } = herder.cluster.connectorStatus('a')
        return [connector, ...tasks].every(({ state }) => state === 'RUNNING')
      }, 'everything runs')
    const restarts = [
      () => herder.changes.restartConnectorAndTasks('a', { onlyFailed: false, includeTasks: true }),
      () => herder.changes.restartConnector('a'),
      () => herder.changes.restartTask('a', 1),
      // Not a change for the tasks: the connector alone starts with it.
      () => herder.changes.patchConnectorConfig('a', new Map([['unused', null]]))
    ]
    for (const restart of restarts) {
      worker.calls.length = 0
      await restart()
      await until(() => worker.calls.some((call) => call.startsWith('start')), 'it is started')
      await settled()
    }
    assert.ok(statusStore.put.includes('a-1 RESTARTING'))
    assert.deepEqual(
      statusStore.put.filter((put) => put.endsWith('UNASSIGNED')),
      []
    )
  })

  it('stay PAUSED when a connector that could not tell its tasks is paused', async (t) => {
    const { log, lines } = recordingLog()
    const cluster = new HerderCluster(t, { log })
    const statusStore = new RecordingStatuses(cluster.groupId)
    const { herder } = await cluster.join({ statusStore })
    await cluster.create('a', { 'fail.configs': '' })
    await until(
      () => herder.cluster.connectorStatus('a').connector.trace,
      'it says what it copes with'
    )
    await herder.changes.pauseConnector('a')
    await until(() => herder.cluster.connectorStatus('a').connector.state === 'PAUSED', 'PAUSED')
    const skipped = 'since its target state is PAUSED'
    await until(() => lines.some((line) => line.includes(skipped)), 'it is asked no more')
    await herder.healthCheck()
    assert.equal(statusStore.put.at(-1), 'a PAUSED')
  })

  it('become STOPPED, and RUNNING, of a connector that had failed', async (t) => {
    const cluster = new HerderCluster(t)
    const { herder } = await cluster.join()
    await cluster.create('a', { 'fail.start': '' })
    const state = () => herder.cluster.connectorStatus('a').connector.state
    await until(() => state() === 'FAILED', 'FAILED')
    await herder.changes.stopConnector('a')
    await until(() => state() === 'STOPPED', 'STOPPED')
    await herder.changes.resumeConnector('a')
    await until(() => state() === 'RUNNING', 'RUNNING')
  })

  it('become STOPPED, and RUNNING, of a connector that could not even be made', async (t) => {
    const cluster = new HerderCluster(t)
    let broken = true
    class Unmakeable extends ScriptedWorker {
      override async startConnector(
        ...given: Parameters<ScriptedWorker['startConnector']>
      ): Promise<void> {
        if (broken) throw new Error('its class is not installed')
        await super.startConnector(...given)
      }
    }
    const { herder } = await cluster.join({ worker: new Unmakeable('w1', cluster.placement) })
    await cluster.create('a')
    const connector = () => herder.cluster.connectorStatus('a').connector
    await until(() => connector().trace?.includes('not installed'), 'FAILED')
    await herder.changes.stopConnector('a')
    await until(() => connector().state === 'STOPPED', 'STOPPED')
    await herder.changes.resumeConnector('a')
    await until(() => connector().state === 'FAILED', 'FAILED again')
    await herder.changes.stopConnector('a')
    await until(() => connector().state === 'STOPPED', 'STOPPED again')
    broken = false
    await herder.changes.resumeConnector('a')
    await until(() => connector().state === 'RUNNING', 'RUNNING')
    await cluster.runs('a', 'a-0')
  })
})
