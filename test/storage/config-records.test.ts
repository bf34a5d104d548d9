import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type ConfigRecord,
  commitRecord,
  connectorRecord,
  loggerRecord,
  parseConfigKey,
  parseProperties,
  parseSessionKey,
  parseTargetState,
  restartRecord,
  sessionKeyRecord,
  targetStateRecord,
  taskCountRecord,
  taskRecord
} from '../../src/storage/config-records.ts'

void describe('Records of the config topic', () => {
  void it('are the bytes a JVM worker writes', () => {
    const config = new Map([
      ['name', 'orders'],
      ['tasks.max', '1']
    ])
    const key = {
      key: Buffer.from([0, 1, 2, 3]),
      algorithm: 'HmacSHA256',
      createdAt: 1700000000123
    }
    const restart = { connector: 'orders', onlyFailed: false, includeTasks: true }
    const expected: [ConfigRecord, string, string | null][] = [
      [
        connectorRecord('orders', config),
        'connector-orders',
        '{"properties":{"name":"orders","tasks.max":"1"}}'
      ],
      [connectorRecord('orders', null), 'connector-orders', null],
      [taskRecord('orders', 3, new Map()), 'task-orders-3', '{"properties":{}}'],
      [commitRecord('orders', 2), 'commit-orders', '{"tasks":2}'],
      [taskCountRecord('orders', 2), 'tasks-fencing-orders', '{"task-count":2}'],
      [
        targetStateRecord('orders', 'PAUSED'),
        'target-state-orders',
        '{"state":"PAUSED","state.v2":"PAUSED"}'
      ],
      [
        targetStateRecord('orders', 'STOPPED'),
        'target-state-orders',
        '{"state":"PAUSED","state.v2":"STOPPED"}'
      ],
      [targetStateRecord('orders', null), 'target-state-orders', null],
      [
        sessionKeyRecord(key),
        'session-key',
        '{"key":"AAECAw==","algorithm":"HmacSHA256","creation-timestamp":1700000000123}'
      ],
      [
        restartRecord(restart),
        'restart-connector-orders',
        '{"include-tasks":true,"only-failed":false}'
      ],
      [loggerRecord('org.apache', 'debug'), 'logger-cluster-org.apache', '{"level":"debug"}']
    ]
    for (const [record, keyText, value] of expected) {
      assert.equal(record.key.toString(), keyText)
      assert.equal(record.value?.toString() ?? null, value)
    }
  })

  void it('are told apart by the beginning of their key', () => {
    const cases: [string, unknown][] = [
      ['connector-a-b', { kind: 'connector', connector: 'a-b' }],
      ['task-a-b-12', { kind: 'task', connector: 'a-b', task: 12 }],
      ['task-0', null],
      ['task-a-x', null],
      ['task-a-99999999999', null],
      ['tasks-fencing-a', { kind: 'fencing', connector: 'a' }],
      ['target-state-a', { kind: 'target-state', connector: 'a' }],
      ['restart-connector-a', { kind: 'restart', connector: 'a' }],
      ['logger-cluster-root', { kind: 'logger', namespace: 'root' }],
      ['session-key', { kind: 'session-key' }],
      ['session-key2', null],
      ['', null]
    ]
    for (const [key, expected] of cases) assert.deepEqual(parseConfigKey(key), expected, key)
  })

  void it('prefer state.v2 as text, and know no fallback from an unknown one', () => {
    assert.equal(parseTargetState({ state: 'PAUSED', 'state.v2': 'STOPPED' }), 'STOPPED')
    assert.equal(parseTargetState({ state: 'PAUSED' }), 'PAUSED')
    assert.equal(parseTargetState({ state: 'PAUSED', 'state.v2': 7 }), 'PAUSED')
    assert.throws(() => parseTargetState({ state: 'PAUSED', 'state.v2': 'FROZEN' }))
    assert.throws(() => parseTargetState({ state: 1 }))
    assert.throws(() => parseTargetState('PAUSED'))
  })

  void it('keep settings that are text or can be, and name those left out', () => {
    const value: unknown = JSON.parse(
      '{"properties":{"name":"a","tasks.max":2,"flag":true,"gone":null,"nested":{"x":1},"__proto__":"p"}}'
    )
    const { config, skipped } = parseProperties(value)
    assert.deepEqual(
      [...config],
      [
        ['name', 'a'],
        ['tasks.max', '2'],
        ['flag', 'true'],
        ['__proto__', 'p']
      ]
    )
    assert.deepEqual(skipped, ['gone', 'nested'])
  })

  void it('need a session key that is whole', () => {
    const good = { key: 'AAECAw==', algorithm: 'HmacSHA256', 'creation-timestamp': 5 }
    assert.deepEqual(parseSessionKey(good).key, Buffer.from([0, 1, 2, 3]))
    for (const bad of [
      { ...good, key: '***' },
      { ...good, key: 5 },
      { ...good, algorithm: null },
      { ...good, 'creation-timestamp': '5' },
      null,
      []
    ]) {
      assert.throws(() => parseSessionKey(bad), { code: 'DATA_INVALID' })
    }
  })
})
