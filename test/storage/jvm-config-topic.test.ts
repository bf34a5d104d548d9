import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ClusterConfig, StoredConfig } from '../../src/storage/cluster-config.ts'
import { KafkaConfigStore } from '../../src/storage/kafka-config-store.ts'
import { recordingListener } from '../support/config-store-suite.ts'
import { kafkaBootstrap, uniqueName } from '../support/environment.ts'
import { closing, type RawRecord, rawTopic, storeOptions } from '../support/kafka-stores.ts'
import { runJava } from '../support/run-java.ts'

const NAMES = ['a', 'b-1', '资产', 'never']

/** A small generator of random numbers, so that a failing run can be had again. */
function dice(seed: number): (sides: number) => number {
  let state = seed
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * sides)
  }
}

/** What a topic may look like after compaction and strange hands: any record, whole or not, in any order. */
function records(seed: number, count: number): RawRecord[] {
  const roll = dice(seed)
  const pick = <T>(choices: readonly T[]): T => choices[roll(choices.length)] as T
  const json = (value: unknown): string => JSON.stringify(value)
  return Array.from({ length: count }, (_, i) => {
    const name = pick(NAMES.slice(0, 3))
    const properties = json({ properties: { name, i: String(i) } })
    const strange = pick(['[]', '1', '"x"', '{"properties":7}', '{}', 'null', '{"properties":{'])
    const state = pick(['STARTED', 'PAUSED', 'STOPPED', 'FROZEN', 7, null])
    return pick<() => RawRecord>([
      () => ({ key: `connector-${name}`, value: properties }),
      () => ({ key: `connector-${name}`, value: pick([properties, properties, null, strange]) }),
      () => ({ key: `task-${name}-${roll(3)}`, value: properties }),
      () => ({ key: `task-${name}-${roll(3)}`, value: properties }),
      () => ({ key: `task-${name}-${roll(3)}`, value: pick([properties, null, strange]) }),
      () => ({ key: `commit-${name}`, value: json({ tasks: roll(4) }) }),
      () => ({ key: `commit-${name}`, value: json({ tasks: roll(3) }) }),
      () => ({ key: `tasks-fencing-${name}`, value: json({ 'task-count': roll(3) }) }),
      () => ({ key: `target-state-${name}`, value: json({ state: 'PAUSED', 'state.v2': state }) }),
      () => ({ key: `target-state-${name}`, value: pick([null, json({ state }), strange]) }),
      () => ({ key: pick(['task-x', 'who', 'logger-cluster-x', 'session-key']), value: '{}' })
    ])()
  })
}

function plain(config: StoredConfig | null): Record<string, string> | null {
  return config === null ? null : Object.fromEntries(config)
}

function picture(cluster: ClusterConfig): Record<string, unknown> {
  const all: Record<string, unknown> = { offset: Number(cluster.offset) }
  for (const name of NAMES) {
    all[name] = {
      config: plain(cluster.connectorConfig(name)),
      target: cluster.targetState(name),
      taskCount: cluster.taskCount(name),
      tasks: cluster.taskConfigs(name).map(plain),
      applied: plain(cluster.appliedConnectorConfig(name)),
      inconsistent: cluster.inconsistentConnectors().includes(name),
      generation: cluster.taskConfigGeneration(name),
      taskCountRecord: cluster.taskCountRecord(name),
      pendingFencing: cluster.pendingFencing(name)
    }
  }
  return all
}

void describe('The config topic, read by us and by a JVM worker', () => {
  for (const [seed, count] of [
    [2, 60],
    [3, 3000]
  ] as const) {
    void it(`means the same to both (seed ${seed}, ${count} records)`, async (t) => {
      const name = uniqueName('store')
      const topic = await rawTopic(t, name)
      await topic.write(...records(seed, count))
      const store = closing(t, new KafkaConfigStore(storeOptions(name)))
      await store.start(recordingListener())
      // Kafka's classes log to the same stream; the answer is the line that is JSON.
      const lines = await runJava('ConfigTopic.java', [kafkaBootstrap(), name, ...NAMES])
      const theirs: unknown = JSON.parse(lines.find((line) => line.startsWith('{')) ?? 'null')
      assert.deepEqual(picture(store.snapshot()), theirs)
    })
  }
})
