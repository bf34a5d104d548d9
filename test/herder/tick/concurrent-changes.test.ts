import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { connectorConfig, HerderCluster } from '../../support/herder-cluster.ts'
import { ScriptedWorker } from '../../support/scripted-worker.ts'
import { until } from '../../support/until.ts'

const offsets = [{ partition: { table: 't' }, offset: { id: 1 } }]

describe('changes of one connector at once', () => {
  it('all count: of two patches none is lost', async (t) => {
    const cluster = new HerderCluster(t)
    const { herder } = await cluster.join()
    await cluster.create('a')
    const patches = Array.from({ length: 5 }, (_, n) =>
      herder.changes.patchConnectorConfig('a', new Map([[`key${n}`, String(n)]]))
    )
    await Promise.all(patches)
    const config = await herder.cluster.connectorConfig('a')
    assert.deepEqual(
      [...config]
        .flatMap(([key, value]) => (key.startsWith('key') ? [`${key}=${value}`] : []))
        .sort(),
      Array.from({ length: 5 }, (_, n) => `key${n}=${n}`)
    )
  })

  /** Holds the writing of offsets until it is told to go on. */
  class SlowOffsets extends ScriptedWorker {
    readonly begun = Promise.withResolvers<void>()
    readonly goOn = Promise.withResolvers<void>()

    override async modifyOffsets(
      ...given: Parameters<ScriptedWorker['modifyOffsets']>
    ): Promise<boolean> {
      this.begun.resolve()
      await this.goOn.promise
      return super.modifyOffsets(...given)
    }
  }

  it('do not resume a connector whose offsets are being altered', async (t) => {
    const cluster = new HerderCluster(t)
    const worker = new SlowOffsets('w1', cluster.placement)
    const { herder } = await cluster.join({ worker })
    await cluster.create('a')
    await cluster.runs('a', 'a-0')
    await herder.changes.stopConnector('a')
    await cluster.runs('a')
    const altered = herder.changes.modifyOffsets('a', offsets)
    await worker.begun.promise
    await assert.rejects(herder.changes.resumeConnector('a'), { status: 409 })
    await assert.rejects(herder.changes.modifyOffsets('a', offsets), { status: 409 })
    worker.goOn.resolve()
    assert.match(await altered, /altered successfully/)
    await herder.changes.resumeConnector('a')
    await cluster.runs('a', 'a-0')
  })

  it('do not call offsets altered when another worker resumed the connector meanwhile', async (t) => {
    const cluster = new HerderCluster(t)
    const worker = new SlowOffsets('w1', cluster.placement)
    const leader = await cluster.join({ worker })
    await cluster.leader()
    const follower = await cluster.join()
    await cluster.create('a')
    await cluster.runs('a', 'a-0')
    await leader.herder.changes.stopConnector('a')
    await cluster.runs('a')
    const altered = leader.herder.changes.modifyOffsets('a', offsets)
    altered.catch(() => undefined)
    await worker.begun.promise
    await until(() => follower.config().targetState('a') === 'STOPPED', 'the follower knows')
    await follower.herder.changes.resumeConnector('a')
    worker.goOn.resolve()
    await assert.rejects(altered, { status: 409, message: /did not stay stopped/ })
  })

  it('of its configuration are refused while somebody creates it', async (t) => {
    const cluster = new HerderCluster(t)
    const { herder } = await cluster.join()
    const put = () =>
      herder.changes.putConnectorConfig('a', connectorConfig('a'), {
        initialState: null,
        allowReplace: false
      })
    const outcomes = await Promise.allSettled([put(), put(), put()])
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), [
      'fulfilled',
      'rejected',
      'rejected'
    ])
  })
})
