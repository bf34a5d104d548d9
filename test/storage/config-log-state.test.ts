import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ConfigEvent } from '../../src/storage/config-log-state.ts'
import { ConfigLogState } from '../../src/storage/config-log-state.ts'
import { recordingLog } from '../support/recording-log.ts'

type Line = readonly [key: string | null, value: unknown]

const connector = (name: string): Line => [`connector-${name}`, { properties: { name } }]
const task = (name: string, id: number, version = 'a'): Line => [
  `task-${name}-${id}`,
  { properties: { version } }
]
const commit = (name: string, tasks: number): Line => [`commit-${name}`, { tasks }]
const target = (name: string, state: string): Line => [
  `target-state-${name}`,
  { state, 'state.v2': state }
]

/**
 * A config topic given as lines; a value that is a string is written as it stands, undefined keeps null out
 * of JSON.
 */
function topic(...lines: Line[]) {
  const { log, lines: logged } = recordingLog()
  const state = new ConfigLogState(log)
  let offset = 0n
  const apply = ([key, value]: Line): ConfigEvent | null =>
    state.apply({
      offset: offset++,
      key: key === null ? null : Buffer.from(key),
      value:
        value === null
          ? null
          : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
    })
  const events = lines.map(apply)
  return { state, apply, events, logged, cluster: () => state.snapshot() }
}

const versions = (cluster: ReturnType<ReturnType<typeof topic>['cluster']>, name: string) =>
  cluster.taskConfigs(name).map((config) => config.get('version'))

void describe('The state of the config topic', () => {
  void it('is empty at offset -1 before the first record', () => {
    const cluster = topic().cluster()
    assert.equal(cluster.offset, -1n)
    assert.deepEqual(cluster.connectors(), [])
    assert.equal(cluster.targetState('x'), null)
    assert.equal(cluster.taskConfigGeneration('x'), null)
  })

  void it('has a connector STARTED as soon as its configuration is there', () => {
    const { cluster, events } = topic(connector('a'))
    assert.deepEqual(events, [{ type: 'connector-updated', connector: 'a' }])
    assert.equal(cluster().targetState('a'), 'STARTED')
    assert.equal(cluster().connectorConfig('a')?.get('name'), 'a')
    assert.equal(cluster().offset, 1n)
  })

  void it('I3: task configurations take effect together, on the commit record', () => {
    const { apply, cluster } = topic(connector('a'), task('a', 0), task('a', 1))
    assert.deepEqual(versions(cluster(), 'a'), [])
    assert.equal(cluster().taskConfig('a', 0), null)
    assert.deepEqual(apply(commit('a', 2)), { type: 'tasks-updated', connector: 'a' })
    assert.deepEqual(versions(cluster(), 'a'), ['a', 'a'])
    apply(task('a', 1, 'b'))
    apply(task('a', 0, 'b'))
    assert.deepEqual(versions(cluster(), 'a'), ['a', 'a'])
    apply(commit('a', 2))
    assert.deepEqual(versions(cluster(), 'a'), ['b', 'b'])
  })

  void it('answers snapshots that later records do not change', () => {
    const { apply, cluster } = topic(connector('a'), task('a', 0), commit('a', 1))
    const before = cluster()
    apply(task('a', 0, 'b'))
    apply(commit('a', 1))
    apply(['connector-a', null])
    assert.deepEqual(versions(before, 'a'), ['a'])
    assert.equal(before.contains('a'), true)
    assert.equal(cluster().contains('a'), false)
  })

  void it('remembers the connector configuration the task configurations were made from', () => {
    const { apply, cluster } = topic(connector('a'), task('a', 0), commit('a', 1))
    apply(['connector-a', { properties: { name: 'a', changed: 'yes' } }])
    assert.equal(cluster().connectorConfig('a')?.get('changed'), 'yes')
    assert.equal(cluster().appliedConnectorConfig('a')?.has('changed'), false)
    apply(task('a', 0))
    apply(commit('a', 1))
    assert.equal(cluster().appliedConnectorConfig('a')?.get('changed'), 'yes')
  })

  void it('counts generations of task configurations, and commits since the last fencing', () => {
    const { apply, cluster } = topic(connector('a'), commit('a', 0))
    assert.equal(cluster().taskConfigGeneration('a'), null)
    assert.equal(cluster().pendingFencing('a'), true)
    apply(['tasks-fencing-a', { 'task-count': 1 }])
    assert.equal(cluster().pendingFencing('a'), false)
    assert.equal(cluster().taskCountRecord('a'), 1)
    apply(task('a', 0))
    apply(commit('a', 1))
    assert.equal(cluster().taskConfigGeneration('a'), 0)
    assert.equal(cluster().pendingFencing('a'), true)
    apply(commit('a', 0))
    assert.equal(cluster().taskConfigGeneration('a'), 1)
    assert.equal(cluster().taskCount('a'), 0)
  })

  void it('finds a set inconsistent that compaction made incomplete, until a whole one comes', () => {
    const { apply, cluster } = topic(connector('a'), task('a', 1), commit('a', 2))
    assert.deepEqual(cluster().inconsistentConnectors(), ['a'])
    assert.deepEqual(versions(cluster(), 'a'), [])
    assert.equal(cluster().taskCount('a'), 2)
    assert.equal(cluster().pendingFencing('a'), true)
    assert.equal(cluster().appliedConnectorConfig('a'), null)
    // The leftover task 1 does not count towards the next set.
    apply(task('a', 0, 'b'))
    apply(commit('a', 2))
    assert.deepEqual(cluster().inconsistentConnectors(), ['a'])
    apply(task('a', 0, 'c'))
    apply(task('a', 1, 'c'))
    apply(commit('a', 2))
    assert.deepEqual(cluster().inconsistentConnectors(), [])
    assert.deepEqual(versions(cluster(), 'a'), ['c', 'c'])
  })

  void it('accepts a smaller set after a larger one, also when compaction mixed their records', () => {
    const { cluster } = topic(connector('a'), task('a', 1), task('a', 0, 'b'), commit('a', 1))
    assert.deepEqual(versions(cluster(), 'a'), ['b'])
    assert.equal(cluster().taskConfig('a', 1), null)
  })

  void it('KAFKA-16838: ignores task records left behind by a connector deleted before compaction', () => {
    const { events, apply, cluster } = topic(task('a', 0, 'old'), commit('a', 1))
    assert.deepEqual(events, [null, null])
    apply(connector('a'))
    assert.deepEqual(versions(cluster(), 'a'), [])
    apply(commit('a', 1))
    assert.deepEqual(cluster().inconsistentConnectors(), ['a'])
  })

  void it('KAFKA-17719: finds tasks missing whose connector was written behind them', () => {
    const { events, apply, cluster } = topic(task('a', 0), commit('a', 1), connector('a'))
    assert.deepEqual(events.at(-1), { type: 'connector-updated', connector: 'a' })
    assert.deepEqual(cluster().connectorsWithUnknownTasks(), ['a'])
    assert.equal(cluster().hasOutdatedTasks('a'), true)
    apply(task('a', 0))
    assert.deepEqual(apply(commit('a', 1)), { type: 'tasks-updated', connector: 'a' })
    assert.equal(cluster().hasOutdatedTasks('a'), false)
    // Before compaction the same can be seen coming.
    apply(connector('a'))
    assert.equal(cluster().hasOutdatedTasks('a'), true)
    assert.deepEqual(versions(cluster(), 'a'), ['a'])
    apply(task('a', 0))
    assert.deepEqual(apply(commit('a', 1)), { type: 'tasks-confirmed', connector: 'a' })
    assert.equal(cluster().hasOutdatedTasks('a'), false)
  })

  void it('has no tasks missing of a connector that had none, or was deleted', () => {
    const { cluster } = topic(
      commit('a', 0),
      connector('a'),
      task('b', 0),
      commit('b', 1),
      ['connector-b', null],
      connector('b')
    )
    assert.deepEqual(cluster().connectorsWithUnknownTasks(), [])
  })

  void it('forgets a deleted connector with its tasks, but not its fencing record', () => {
    const { events, apply, cluster } = topic(
      connector('a'),
      task('a', 0),
      commit('a', 1),
      ['tasks-fencing-a', { 'task-count': 1 }],
      target('a', 'PAUSED'),
      ['connector-a', null],
      ['target-state-a', null]
    )
    assert.deepEqual(events.at(-2), { type: 'connector-removed', connector: 'a' })
    assert.equal(events.at(-1), null)
    assert.deepEqual(cluster().connectors(), [])
    assert.equal(cluster().targetState('a'), null)
    assert.equal(cluster().taskCount('a'), 0)
    assert.equal(cluster().taskCountRecord('a'), 1)
    apply(connector('a'))
    assert.equal(cluster().targetState('a'), 'STARTED')
    assert.deepEqual(versions(cluster(), 'a'), [])
  })

  void it('tells of a target state only when it changes for a connector that exists', () => {
    const { events, cluster } = topic(
      target('a', 'STOPPED'),
      connector('a'),
      target('a', 'STOPPED'),
      target('a', 'STARTED'),
      target('a', 'PAUSED'),
      ['target-state-a', null],
      target('a', 'STARTED')
    )
    assert.deepEqual(
      events.map((event) => event?.type ?? null),
      [null, 'connector-updated', null, 'target-state', 'target-state', null, null]
    )
    assert.equal(cluster().targetState('a'), 'STARTED')
  })

  void it('ignores a target state it does not know', () => {
    const { cluster, apply } = topic(connector('a'), target('a', 'PAUSED'))
    assert.equal(apply(['target-state-a', { state: 'STARTED', 'state.v2': 'FROZEN' }]), null)
    assert.equal(cluster().targetState('a'), 'PAUSED')
    assert.equal(cluster().offset, 3n)
  })

  void it('does not move the offset for a value that is no JSON, but for any other nonsense', () => {
    const { cluster, logged } = topic(
      connector('a'),
      ['connector-b', '{"properties":{"database.password":"topsecret"'],
      ['connector-c', '']
    )
    assert.equal(cluster().offset, 1n)
    assert.deepEqual(cluster().connectors(), ['a'])
    assert.equal(logged.length, 2)
    assert.equal(logged.join().includes('topsecret'), false)
  })

  const malformed: Line[] = [
    [null, { properties: {} }],
    ['unknown', {}],
    ['connector-a', 'null'],
    ['connector-a', []],
    ['connector-a', { properties: 'x' }],
    ['connector-a', '12345678901234567890'],
    ['task-a', { properties: {} }],
    ['task-a-0', null],
    ['task-a-0', { properties: null }],
    ['commit-a', { tasks: '1' }],
    ['commit-a', { tasks: -1 }],
    ['commit-a', { tasks: 1.5 }],
    ['commit-a', null],
    ['tasks-fencing-a', null],
    ['tasks-fencing-a', { 'task-count': 'x' }],
    ['session-key', null],
    ['session-key', { key: 'AAAA', algorithm: 'HmacSHA256', 'creation-timestamp': 'x' }],
    ['restart-connector-a', null],
    ['logger-cluster-a', { level: 5 }]
  ]
  for (const [key, value] of malformed) {
    void it(`survives ${key} = ${typeof value === 'string' ? value : JSON.stringify(value)}`, () => {
      const { state, apply, cluster } = topic(connector('a'), task('a', 0), commit('a', 1))
      const tombstone = key === 'connector-a' && value === 'null'
      const event = apply([key, value])
      assert.deepEqual(event, tombstone ? { type: 'connector-removed', connector: 'a' } : null)
      assert.equal(state.snapshot().offset, 4n)
      if (!tombstone) assert.deepEqual(versions(cluster(), 'a'), ['a'])
    })
  }

  void it('does not count to an absurd number of tasks', () => {
    const { cluster } = topic(connector('a'), commit('a', 2_000_000_000))
    assert.deepEqual(cluster().inconsistentConnectors(), ['a'])
    assert.deepEqual(cluster().taskConfigs('a'), [])
  })

  void it('leaves out settings whose value is null, and says which', () => {
    const { cluster, logged } = topic(['connector-a', { properties: { name: 'a', key: null } }])
    assert.deepEqual([...(cluster().connectorConfig('a') ?? [])], [['name', 'a']])
    assert.match(logged.join(), /"settings":\["key"\]/)
  })

  void it('treats __proto__ and its like as plain names', () => {
    const { cluster } = topic(
      ['connector-__proto__', '{"properties":{"__proto__":"x","constructor":"y"}}'],
      task('__proto__', 0),
      commit('__proto__', 1)
    )
    assert.deepEqual(cluster().connectors(), ['__proto__'])
    assert.equal(cluster().connectorConfig('__proto__')?.get('__proto__'), 'x')
    assert.equal(cluster().connectorConfig('toString'), null)
    assert.deepEqual(versions(cluster(), '__proto__'), ['a'])
  })

  void it('survives a configuration of 20 MB and a key of 1 MB', () => {
    const { cluster, logged } = topic(
      ['connector-big', { properties: { name: 'x'.repeat(20_000_000) } }],
      ['k'.repeat(1_000_000), {}]
    )
    assert.equal(cluster().connectorConfig('big')?.get('name')?.length, 20_000_000)
    assert.equal(logged.join().length < 2_000, true)
  })

  void it('passes restarts, log levels and session keys on', () => {
    const { events, cluster } = topic(
      ['restart-connector-a', { 'include-tasks': true }],
      ['logger-cluster-org.x', { level: 'debug' }],
      ['session-key', { key: 'AAE=', algorithm: 'HmacSHA256', 'creation-timestamp': 5 }]
    )
    const key = { key: Buffer.from([0, 1]), algorithm: 'HmacSHA256', createdAt: 5 }
    assert.deepEqual(events, [
      { type: 'restart', request: { connector: 'a', onlyFailed: false, includeTasks: true } },
      { type: 'logger', namespace: 'org.x', level: 'debug' },
      { type: 'session-key', key }
    ])
    assert.deepEqual(cluster().sessionKey, key)
  })
})
