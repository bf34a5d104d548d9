import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { StatusLogState } from '../../src/storage/status-log-state.ts'
import {
  connectorStatusKey,
  parseStatus,
  parseStatusKey,
  parseTopicStatus,
  statusValue,
  taskStatusKey,
  topicStatusKey,
  topicStatusValue
} from '../../src/storage/status-records.ts'
import type { State, Status } from '../../src/storage/status-store.ts'
import { recordingLog } from '../support/recording-log.ts'

const status = (state: State, generation = 1, workerId = 'a:8083'): Status => ({
  state,
  trace: null,
  workerId,
  generation,
  version: null
})

void describe('Status records', () => {
  void it('are the bytes a JVM worker writes', () => {
    const failed = { ...status('FAILED', 3), trace: 'X: "y"\n\tat z' }
    assert.equal(
      statusValue(failed)?.toString(),
      '{"state":"FAILED","trace":"X: \\"y\\"\\n\\tat z","worker_id":"a:8083","generation":3,"version":null}'
    )
    assert.equal(statusValue(status('DESTROYED')), null)
    const topic = { topic: 't', connector: 'c', task: 0, discoveredAt: 1700000000123 }
    assert.equal(
      topicStatusValue(topic).toString(),
      '{"topic":{"name":"t","connector":"c","task":0,"discoverTimestamp":1700000000123}}'
    )
    assert.deepEqual(parseTopicStatus(topicStatusValue(topic)), topic)
    assert.deepEqual(parseStatus(statusValue(failed)), failed)
  })

  void it('are read in any order of fields, with or without those of later versions', () => {
    const older = Buffer.from('{"generation":2,"worker_id":"w","state":"RUNNING","more":1}')
    assert.deepEqual(parseStatus(older), status('RUNNING', 2, 'w'))
  })

  void it('are told apart by their key', () => {
    const cases: [string, unknown][] = [
      [connectorStatusKey('a-b'), { kind: 'connector', connector: 'a-b' }],
      [taskStatusKey('a-b', 3), { kind: 'task', connector: 'a-b', task: 3 }],
      [topicStatusKey('t', 'a:b'), { kind: 'topic', topic: 't', connector: 'a:b' }],
      ['status-connector-', null],
      ['status-task-3', null],
      ['status-task-a-x', null],
      ['status-topic-:connector-c', null],
      ['status-topic-t:connector-', null],
      ['status-topic-t', null],
      ['status-topic-t:c', null],
      ['other', null]
    ]
    for (const [key, expected] of cases) assert.deepEqual(parseStatusKey(key), expected, key)
  })
})

void describe('Known statuses', () => {
  function topic() {
    const { log, lines } = recordingLog()
    const state = new StatusLogState(log)
    const task = (value: Status | null): void =>
      state.apply({
        key: Buffer.from(taskStatusKey('c', 0)),
        value: value === null ? null : statusValue(value)
      })
    const raw = (key: string, value: string | null): void =>
      state.apply({ key: Buffer.from(key), value: value === null ? null : Buffer.from(value) })
    return { state, task, raw, lines }
  }

  void it('KAFKA-12525: a late UNASSIGNED does not cover the RUNNING of the new owner', () => {
    const { state, task } = topic()
    task(status('RUNNING', 5, 'new'))
    task(status('UNASSIGNED', 4, 'old'))
    assert.equal(state.task('c', 0)?.state, 'RUNNING')
    task(status('UNASSIGNED', 5, 'old'))
    assert.equal(state.task('c', 0)?.state, 'RUNNING')
    task(status('UNASSIGNED', 6, 'new'))
    assert.equal(state.task('c', 0)?.state, 'UNASSIGNED')
    task(status('FAILED', 5, 'old'))
    assert.equal(state.task('c', 0)?.state, 'FAILED')
  })

  void it('are gone after a tombstone; that of a connector takes its tasks along', () => {
    const { state, task, raw } = topic()
    task(status('RUNNING'))
    task(null)
    assert.equal(state.task('c', 0), null)
    task(status('RUNNING'))
    raw('status-connector-c', statusValue(status('RUNNING'))?.toString() ?? '')
    assert.deepEqual(state.connectors(), ['c'])
    raw('status-connector-c', null)
    assert.deepEqual(state.connectors(), [])
    assert.equal(state.tasks('c').size, 0)
  })

  void it('list tasks by number', () => {
    const { state } = topic()
    for (const task of [10, 2, 0]) state.setTask('c', task, status('RUNNING'))
    assert.deepEqual([...state.tasks('c').keys()], [0, 2, 10])
  })

  void it('F15: outlive records no worker would write', () => {
    const { state, raw, lines } = topic()
    raw('status-task-c-0', '{"state":"RUNNING","worker_id":"w","generation":1}')
    const garbage = [
      '',
      'x',
      '[]',
      '{}',
      '{"state":"FLYING","worker_id":"w","generation":9}',
      '{"state":"FAILED","worker_id":7,"generation":9}',
      '{"state":"FAILED","worker_id":"w","generation":"9"}'
    ]
    for (const value of garbage) raw('status-task-c-0', value)
    raw('status-topic-t:connector-c', '{"topic":{"name":"t"}}')
    raw('what is this', '{}')
    state.apply({ key: null, value: null })
    assert.equal(state.task('c', 0)?.state, 'RUNNING')
    assert.deepEqual(state.topics('c'), [])
    assert.equal(lines.length, garbage.length + 3)
  })
})
