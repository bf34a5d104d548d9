import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loggers } from '../../src/log.ts'
import type { SourceConnectorPlugin } from '../../src/plugin/source.ts'
import { taskLimit } from '../../src/settings/connector/connector-settings.ts'
import { checkTaskCount, storedTaskConfig } from '../../src/worker/task-configs.ts'

const plugin: SourceConnectorPlugin = {
  type: 'source',
  className: 'example.Source',
  taskClassName: 'example.SourceTask',
  version: '1',
  config: {},
  create: () => ({ taskConfigs: () => [], stop() {} }),
  createTask: () => ({ poll: () => Promise.resolve(null), stop() {} })
}

describe('task configurations', () => {
  it('carry the class of the task', () => {
    const stored = storedTaskConfig(new Map([['a', '1']]), plugin, new Map(), new Map())
    assert.deepEqual(
      [...stored],
      [
        ['a', '1'],
        ['task.class', 'example.SourceTask']
      ]
    )
  })

  it('I7: put references back where the connector copied their resolved value', () => {
    const raw = new Map([
      ['connection.password', '${file:/run/secrets:db}'],
      ['mode', 'bulk']
    ])
    const resolved = new Map([
      ['connection.password', 's3cret'],
      ['mode', 'bulk']
    ])
    const stored = storedTaskConfig(resolved, plugin, raw, resolved)
    assert.equal(stored.get('connection.password'), '${file:/run/secrets:db}')
    assert.equal(stored.get('mode'), 'bulk')
  })

  it("keep a value of the connector's own behind a key that held a reference", () => {
    const raw = new Map([['table', '${env:TABLE}']])
    const resolved = new Map([['table', 'orders']])
    const stored = storedTaskConfig(new Map([['table', 'orders_2']]), plugin, raw, resolved)
    assert.equal(stored.get('table'), 'orders_2')
  })

  it('are refused when there are more than tasks.max, unless that is not enforced', () => {
    const log = loggers.get('test')
    assert.equal(taskLimit(new Map()).max, 1)
    assert.throws(
      () => checkTaskCount('c', taskLimit(new Map([['tasks.max', '2']])), 3, log),
      /3 tasks, more than the 2/
    )
    checkTaskCount('c', taskLimit(new Map([['tasks.max', '3']])), 3, log)
  })
})
