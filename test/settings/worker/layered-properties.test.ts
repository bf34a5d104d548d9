import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  adminProperties,
  consumerProperties,
  groupClientProperties,
  producerProperties,
  workerClientIdBase,
  workerClientProperties
} from '../../../src/settings/worker/layered-properties.ts'
import { parseWorkerConfig } from '../../../src/settings/worker/worker-config.ts'

const worker = (extra: Record<string, string> = {}): Map<string, string> =>
  new Map(
    Object.entries({
      'bootstrap.servers': 'kafka:9092',
      'key.converter': 'JsonConverter',
      'value.converter': 'JsonConverter',
      'value.converter.schemas.enable': 'false',
      'group.id': 'cluster',
      'config.storage.topic': 'c',
      'offset.storage.topic': 'o',
      'status.storage.topic': 's',
      'request.timeout.ms': '7000',
      ...extra
    })
  )
const connector = (extra: Record<string, string> = {}): Map<string, string> =>
  new Map(Object.entries({ name: 'orders', ...extra }))
const SECURE = {
  'security.protocol': 'SASL_SSL',
  'sasl.mechanism': 'PLAIN',
  'sasl.jaas.config': 'secret',
  'ssl.truststore.location': '/ca.pem'
}

describe('client properties', () => {
  it('of membership in the group: a request may take as long as the reference says', () => {
    const timeout = (properties: Map<string, string>) =>
      groupClientProperties(parseWorkerConfig('distributed', properties)).get('request.timeout.ms')
    const silent = worker()
    silent.delete('request.timeout.ms')
    assert.deepEqual([timeout(silent), timeout(worker())], ['40000', '7000'])
  })

  it('of the worker: its own connection settings and nothing of converters, topics, REST or other clients', () => {
    const config = parseWorkerConfig(
      'distributed',
      worker({
        ...SECURE,
        'producer.acks': '1',
        'admin.listeners': 'http://:1',
        listeners: 'http://:2',
        'rest.advertised.port': '3',
        'config.providers': 'env',
        'config.storage.replication.factor': '1',
        'ssl.client.auth': 'none'
      })
    )
    assert.deepEqual(
      workerClientProperties(config),
      new Map([
        ['bootstrap.servers', 'kafka:9092'],
        ['group.id', 'cluster'],
        ['request.timeout.ms', '7000'],
        ...Object.entries(SECURE)
      ])
    )
    assert.equal(workerClientIdBase(config), 'cluster-')
    const named = parseWorkerConfig('distributed', worker({ 'client.id': 'w1' }))
    assert.equal(workerClientIdBase(named), 'cluster-w1-')
  })

  it('of producers: base, then producer., then producer.override., and only bootstrap.servers of the rest', () => {
    const properties = producerProperties(
      worker({ 'producer.linger.ms': '5', 'producer.batch.size': '1' }),
      connector({ 'producer.override.batch.size': '2', 'consumer.override.x': '3' })
    )
    assert.equal(properties.get('bootstrap.servers'), 'kafka:9092')
    assert.equal(properties.get('acks'), 'all')
    assert.equal(properties.get('linger.ms'), '5')
    assert.equal(properties.get('batch.size'), '2')
    assert.equal(properties.has('request.timeout.ms'), false)
    assert.equal(properties.has('x'), false)
  })

  it('of producers and consumers inherit the security settings nobody repeated', () => {
    for (const properties of [
      producerProperties(worker(SECURE), connector()),
      consumerProperties(worker(SECURE), connector())
    ]) {
      for (const [key, value] of Object.entries(SECURE)) assert.equal(properties.get(key), value)
    }
  })

  it('of producers leave the security settings alone once somebody chose a protocol', () => {
    const prefixed = producerProperties(
      worker({ ...SECURE, 'producer.security.protocol': 'PLAINTEXT' }),
      connector()
    )
    assert.equal(prefixed.get('security.protocol'), 'PLAINTEXT')
    assert.equal(prefixed.has('sasl.jaas.config'), false)
    const overridden = producerProperties(
      worker(SECURE),
      connector({ 'producer.override.security.protocol': 'SSL' })
    )
    assert.equal(overridden.get('security.protocol'), 'SSL')
    assert.equal(overridden.has('sasl.jaas.config'), false)
  })

  it('I7: credentials of the worker do not go to the cluster a connector names', () => {
    const other = { 'bootstrap.servers': 'attacker.example:9092' }
    for (const [prefix, of] of [
      ['producer', producerProperties],
      ['consumer', consumerProperties],
      ['admin', adminProperties]
    ] as const) {
      const properties = of(
        worker(SECURE),
        connector({ [`${prefix}.override.bootstrap.servers`]: other['bootstrap.servers'] })
      )
      assert.equal(properties.get('bootstrap.servers'), other['bootstrap.servers'])
      for (const key of Object.keys(SECURE)) assert.equal(properties.has(key), false, key)
    }
  })

  it('of consumers: a group named after the connector unless worker or connector say otherwise', () => {
    const group = (w: Record<string, string>, c: Record<string, string>) =>
      consumerProperties(worker(w), connector(c)).get('group.id')
    assert.equal(group({}, {}), 'connect-orders')
    assert.equal(group({ 'consumer.group.id': 'a' }, {}), 'a')
    assert.equal(group({ 'consumer.group.id': 'a' }, { 'consumer.override.group.id': 'b' }), 'b')
  })

  it('of admins: the worker settings, then admin., then admin.override.', () => {
    const properties = adminProperties(
      worker({
        ...SECURE,
        'admin.retries': '1',
        'admin.listeners': 'http://:1',
        'producer.x': '1'
      }),
      connector({ 'admin.override.retries': '2' })
    )
    assert.equal(properties.get('retries'), '2')
    assert.equal(properties.get('request.timeout.ms'), '7000')
    assert.equal(properties.get('sasl.jaas.config'), 'secret')
    assert.equal(properties.has('listeners'), false)
    assert.equal(properties.has('x'), false)
  })
})
