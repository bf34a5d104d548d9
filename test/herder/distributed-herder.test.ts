import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConnectError } from '../../src/errors.ts'
import { RequestTargetError } from '../../src/herder/herder.ts'
import { connectorConfig, HerderCluster } from '../support/herder-cluster.ts'
import { until } from '../support/until.ts'

describe('one herder', () => {
  it('runs a connector and its tasks once it is created', async (t) => {
    const cluster = new HerderCluster(t)
    const { herder } = await cluster.join()
    await cluster.create('a', { 'tasks.max': '2' })
    await cluster.runs('a', 'a-0', 'a-1')
    await until(() => herder.connectorStatus('a').tasks.length === 2, 'both tasks have a status')
  })
})
