import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import {
  commitRecord,
  connectorRecord,
  loggerRecord,
  restartRecord,
  sessionKeyRecord,
  targetStateRecord,
  taskCountRecord,
  taskRecord
} from '../../src/storage/config-records.ts'
import { offsetKey, offsetValue } from '../../src/storage/offset-records.ts'
import { statusValue, topicStatusValue } from '../../src/storage/status-records.ts'
import { runJava } from '../support/run-java.ts'

/** The same records as in test/support/java/StorageVectors.java. */
function ours(): Record<string, Buffer | null> {
  const properties = new Map([
    ['name', 'orders'],
    ['__proto__', 'plain key'],
    ['empty', ''],
    ['quotes', 'say "hi" \\ and / back'],
    ['controls', '\u0000\u0001\b\t\n\u000b\f\r\u001b\u001f\u007f\u0080\u2028\u2029'],
    ['中文', '资产 数据'],
    ['emoji', '😀 and 𠮷'],
    ['long', 'é😀x"'.repeat(5000)]
  ])
  const integers = [0, -1, 9007199254740991, 9007199254740993n, 2n ** 63n - 1n, -(2n ** 63n)]
  const doubles = [0.5, -2.25, 1e10 + 0.5, 1e-3, 9.99e-4, 1234567.125, 12345678.125, 1e20, 1e21]
  const small = [1.7976931348623157e308, 1e-7, 123.456e-10, 9.007199254740994e15]
  const values = [...integers, true, 'text', ...doubles, ...small, null]
  const worker = { workerId: 'host:8083' }
  const failed = { ...worker, state: 'FAILED', generation: 7, version: null } as const
  const running = { ...worker, state: 'RUNNING', generation: 0, version: '4.3.1' } as const
  return {
    connector: connectorRecord('c', properties).value,
    task: taskRecord('c', 0, new Map([['task.class', 'T']])).value,
    commit: commitRecord('c', 2).value,
    'target-state': targetStateRecord('c', 'STOPPED').value,
    fencing: taskCountRecord('c', 3).value,
    'session-key': sessionKeyRecord({
      key: Buffer.from([0, 1, 2, 3]),
      algorithm: 'HmacSHA256',
      createdAt: 1700000000123
    }).value,
    restart: restartRecord({ connector: 'c', includeTasks: true, onlyFailed: false }).value,
    logger: loggerRecord('x', 'debug').value,
    status: statusValue({ ...failed, trace: 'java.lang.X: "a"\n\tat Y' }),
    'status-versioned': statusValue({ ...running, trace: null }),
    'status-topic': topicStatusValue({
      topic: 'out',
      connector: 'orders',
      task: 1,
      discoveredAt: 1700000000123
    }),
    'offset-key': offsetKey('orders', { protocol: '1', table: '库."订单"/😀\u0007' }),
    'offset-value': offsetValue(Object.fromEntries(values.map((value, i) => [`v${i}`, value])))
  }
}

void describe("Records beside those of Kafka's own classes", () => {
  const theirs = new Map<string, string>()

  before(async () => {
    for (const line of await runJava('StorageVectors.java', [])) {
      const [name = '', base64 = ''] = line.split('\t')
      theirs.set(name, Buffer.from(base64, 'base64').toString())
    }
  })

  for (const [name, bytes] of Object.entries(ours())) {
    void it(`${name}: the same bytes`, () => {
      assert.equal(bytes?.toString(), theirs.get(name))
    })
  }

  void it('names a restart request as the failure text does', () => {
    assert.equal(
      theirs.get('restart-text'),
      "restart request for {connectorName='orders', onlyFailed=true, includeTasks=false}"
    )
  })
})
