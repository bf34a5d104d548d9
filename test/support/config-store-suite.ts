import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { ConfigListener, ConfigStore } from '../../src/storage/config-store.ts'
import { until } from './until.ts'

/** A listener that keeps what it hears, one line each. */
export function recordingListener(): ConfigListener & { readonly heard: string[] } {
  const heard: string[] = []
  return {
    heard,
    onConnectorConfigUpdate: (connector) => void heard.push(`updated ${connector}`),
    onConnectorConfigRemove: (connector) => void heard.push(`removed ${connector}`),
    onTaskConfigUpdate: (connector) => void heard.push(`tasks ${connector}`),
    onTaskConfigsConfirmed: (connector) => void heard.push(`same tasks ${connector}`),
    onTargetStateChange: (connector) => void heard.push(`target ${connector}`),
    onStartFromUpdate: (connector) => void heard.push(`start-from ${connector}`),
    onSessionKeyUpdate: (key) => void heard.push(`key ${Buffer.from(key.key).toString('hex')}`),
    onRestartRequest: (request) =>
      void heard.push(`restart ${request.connector} ${request.onlyFailed} ${request.includeTasks}`),
    onLoggerLevel: (namespace, level) => void heard.push(`logger ${namespace} ${level}`)
  }
}

/**
 * What every config store must do. `open` answers a new, empty store that is not started; it closes itself.
 */
export function configStoreSuite(name: string, open: (t: TestContext) => ConfigStore): void {
  void describe(`${name}, as a config store`, () => {
    void it('holds a connector as soon as the write resolves, and tells of it', async (t) => {
      const store = open(t)
      const listener = recordingListener()
      await store.start(listener)
      await store.claimLeadership()
      assert.deepEqual(store.snapshot().connectors(), [])
      await store.putConnectorConfig('a', new Map([['name', 'a']]), null)
      assert.equal(store.snapshot().targetState('a'), 'STARTED')
      await store.putConnectorConfig('b', new Map([['name', 'b']]), 'STOPPED')
      assert.equal(store.snapshot().targetState('b'), 'STOPPED')
      await store.removeConnectorConfig('a')
      assert.deepEqual(store.snapshot().connectors(), ['b'])
      assert.deepEqual(listener.heard, ['updated a', 'updated b', 'removed a'])
    })

    void it('I3: seals task configurations, larger and smaller sets and none', async (t) => {
      const store = open(t)
      const listener = recordingListener()
      await store.start(listener)
      await store.claimLeadership()
      await store.putConnectorConfig('a', new Map(), null)
      const config = (id: number) => new Map([['id', String(id)]])
      for (const count of [3, 1, 0, 2]) {
        await store.putTaskConfigs(
          'a',
          Array.from({ length: count }, (_, id) => config(id))
        )
        const ids = store
          .snapshot()
          .taskConfigs('a')
          .map((task) => task.get('id'))
        assert.deepEqual(ids, ['0', '1', '2'].slice(0, count))
      }
      assert.equal(store.snapshot().taskConfigGeneration('a'), 3)
      assert.deepEqual(
        listener.heard.slice(1),
        Array.from({ length: 4 }, () => 'tasks a')
      )
    })

    void it('does not mix task configurations written at the same time', async (t) => {
      const store = open(t)
      await store.start(recordingListener())
      await store.claimLeadership()
      await store.putConnectorConfig('a', new Map(), null)
      const set = (version: string) => [0, 1, 2].map(() => new Map([['version', version]]))
      await Promise.all(['x', 'y', 'z'].map((version) => store.putTaskConfigs('a', set(version))))
      const versions = store
        .snapshot()
        .taskConfigs('a')
        .map((task) => task.get('version'))
      assert.deepEqual(versions, ['z', 'z', 'z'])
    })

    void it('carries session keys, fencing records, restarts, levels and target states', async (t) => {
      const store = open(t)
      const listener = recordingListener()
      await store.start(listener)
      await store.claimLeadership()
      await store.putConnectorConfig('a', new Map(), null)
      await store.putTaskConfigs('a', [new Map()])
      assert.equal(store.snapshot().pendingFencing('a'), true)
      await store.putTaskCountRecord('a', 1)
      assert.equal(store.snapshot().pendingFencing('a'), false)
      await store.putSessionKey({ key: Buffer.from([1, 2]), algorithm: 'HmacSHA256', createdAt: 7 })
      assert.equal(store.snapshot().sessionKey?.createdAt, 7)
      await store.putRestartRequest({ connector: 'a', onlyFailed: true, includeTasks: false })
      await store.putTargetState('a', 'PAUSED')
      await store.putLoggerLevel('org.x', 'debug')
      await until(() => listener.heard.includes('logger org.x debug'), 'the level is heard')
      assert.equal(store.snapshot().targetState('a'), 'PAUSED')
      assert.deepEqual(listener.heard.slice(2), [
        'key 0102',
        'restart a true false',
        'target a',
        'logger org.x debug'
      ])
    })
  })
}
