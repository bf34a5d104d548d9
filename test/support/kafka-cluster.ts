import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Broker, startBroker } from '../../scripts/kafka-broker.ts'
import { temporaryFolder } from './temporary-folder.ts'

/**
 * Brokers of one cluster; the first is its controller, so it is the one that must live. Topics are replicated
 * to all of them unless they are made otherwise.
 */
export async function startCluster(
  t: Pick<TestContext, 'after'>,
  brokers: number,
  properties: Readonly<Record<string, string>> = {}
): Promise<readonly [Broker, ...Broker[]]> {
  const folder = temporaryFolder(t)
  const replicas = String(brokers)
  const all = new Map(
    Object.entries({
      'default.replication.factor': replicas,
      'offsets.topic.replication.factor': replicas,
      'transaction.state.log.replication.factor': replicas,
      // Leaders stay where a test puts them.
      'auto.leader.rebalance.enable': 'false',
      ...properties
    })
  )
  const options = (nodeId: number) => ({
    dir: join(folder, `broker-${nodeId}`),
    logTo: join(folder, `broker-${nodeId}.log`),
    heapMb: 256,
    properties: all
  })
  const first = await startBroker(options(1))
  t.after(() => first.kill())
  const others: Broker[] = []
  for (let nodeId = 2; nodeId <= brokers; nodeId++) {
    const { clusterId, controllerPort } = first
    const joins = { nodeId, clusterId, controllerPort }
    const broker = await startBroker({ ...options(nodeId), joins })
    t.after(() => broker.kill())
    others.push(broker)
  }
  return [first, ...others]
}
