import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import type { GroupMembershipOptions, KafkaClients } from '../../../src/kafka/contracts.ts'
import { createKafkaClients } from '../../../src/kafka/kafka-clients.ts'
import { connectorConfig, HerderCluster } from '../../support/herder-cluster.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { until } from '../../support/until.ts'

const put = { initialState: null, allowReplace: true } as const

/** Kafka's clients, with a hand on what the group tells its member. */
function clientsThatTell(events: string[]) {
  let onRebalance: GroupMembershipOptions['onRebalance'] = () => undefined
  const clients = Object.create(createKafkaClients(systemClock, recordingLog().log)) as KafkaClients
  const { groupMembership } = clients
  clients.groupMembership = (options) => {
    onRebalance = options.onRebalance
    const group = groupMembership(options)
    const join = group.join.bind(group)
    group.join = (...given) => {
      events.push('join')
      return join(...given)
    }
    return group
  }
  return { clients, tell: (...told: Parameters<typeof onRebalance>) => onRebalance(...told) }
}

describe('a leader', () => {
  for (const reason of ['member-unknown', 'rebalance-in-progress'] as const) {
    it(`I3: writes nothing more before it has joined again (${reason})`, async (t) => {
      const events: string[] = []
      const { clients, tell } = clientsThatTell(events)
      const cluster = new HerderCluster(t)
      const { herder, config } = await cluster.join({ clients }, (configStore) => {
        const write = configStore.putConnectorConfig.bind(configStore)
        configStore.putConnectorConfig = async (name, ...given) => {
          events.push(name)
          await write(name, ...given)
          if (name === 'a') tell(reason)
        }
      })
      await cluster.leader()
      await until(() => herder.ready(), 'it is in the group')
      events.length = 0
      await Promise.allSettled(
        ['a', 'b', 'c'].map((name) =>
          herder.changes.putConnectorConfig(name, connectorConfig(name), put)
        )
      )
      assert.deepEqual(events.slice(0, 2), ['a', 'join'])
      for (const name of ['b', 'c'])
        await herder.changes.putConnectorConfig(name, connectorConfig(name), put)
      await cluster.runs('a', 'a-0', 'b', 'b-0', 'c', 'c-0')
      assert.deepEqual(config().connectors().sort(), ['a', 'b', 'c'])
      assert.deepEqual(cluster.fatal, [])
    })
  }

  it('lets others join while it is asked for more and more', async (t) => {
    const cluster = new HerderCluster(t)
    const { herder } = await cluster.join()
    await cluster.leader()
    const stop = new AbortController()
    let written = 0
    const ask = async (lane: number): Promise<void> => {
      while (!stop.signal.aborted) {
        const name = `c${lane}`
        await herder.changes.putConnectorConfig(name, connectorConfig(name), put).then(
          () => written++,
          () => undefined
        )
      }
    }
    const asking = Array.from({ length: 20 }, (_, lane) => ask(lane))
    t.after(() => stop.abort())
    await until(() => written > 40, 'it is being asked')
    const second = await cluster.join()
    await until(() => second.herder.ready(), 'the second is in the group', 10_000)
    await until(() => second.worker.runningConnectors().length > 0, 'the second has work', 10_000)
    stop.abort()
    await Promise.all(asking)
    assert.deepEqual(cluster.fatal, [])
  })
})
