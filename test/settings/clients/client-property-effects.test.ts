import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type ClientKind,
  clientKinds,
  clientPropertyNames,
  effectOf,
  propertiesWithoutEffect
} from '../../../src/settings/clients/client-property-effects.ts'
import type { ConfigKey } from '../../../src/config/config-def.ts'
import { clientSettings } from '../../../src/kafka/client/client-properties.ts'
import type { ClientProperties } from '../../../src/kafka/contracts.ts'
import { producerSettings } from '../../../src/kafka/producing/producer-settings.ts'
import { distributedConfig } from '../../../src/settings/worker/worker-config.ts'
import { runJava } from '../../support/run-java.ts'

/** The sources that read client properties. */
const source = (file: string): string =>
  readFileSync(join(import.meta.dirname, '..', '..', '..', 'src', file), 'utf8')

describe('properties of Kafka clients', () => {
  it('are those of the Java clients, each of them', async () => {
    const java = Map.groupBy(
      (await runJava('ClientConfigs.java', [])).map((line) => line.split('\t')),
      ([kind]) => kind
    )
    for (const kind of clientKinds) {
      const names = (java.get(kind) ?? []).map(([, name]) => name ?? '').sort()
      assert.ok(names.length > 90, kind)
      assert.deepEqual(clientPropertyNames(kind), names, kind)
    }
  })

  it('are read by name where they are said to act', () => {
    // Shared with listeners, or read through a name that is put together.
    const indirect = /^(ssl\.|sasl\.oauthbearer\.(scope|client))|^client\.id$/
    const readers = [
      'client/client-properties',
      'producing/producer-settings',
      'client/sasl-properties'
    ]
      .map((name) => source(`kafka/${name}.ts`))
      .join('\n')
    for (const kind of clientKinds) {
      for (const name of clientPropertyNames(kind)) {
        if (effectOf(kind, name) !== 'acts' || indirect.test(name)) continue
        assert.ok(readers.includes(`'${name}'`), `${name} is read nowhere`)
      }
    }
  })

  for (const [kind, name, value] of [
    ['producer', 'acks', '1'],
    ['producer', 'batch.size', '16384'],
    ['producer', 'linger.ms', '5'],
    ['producer', 'partitioner.class', 'com.example.Mine'],
    ['producer', 'interceptor.classes', 'com.example.Audit'],
    ['consumer', 'max.poll.records', '5'],
    ['admin', 'connections.max.idle.ms', '1000'],
    ['admin', 'reconnect.backoff.ms', '1000']
  ] as const) {
    it(`tells that ${name}=${value} does nothing for a ${kind}`, () => {
      const found = propertiesWithoutEffect([kind], new Map([[name, value]]))
      assert.deepEqual([...found.keys()], [name])
      assert.equal(String([...found.values()]).includes(value), false)
    })
  }

  for (const [kind, name, value] of [
    ['producer', 'acks', 'ALL'],
    ['producer', 'batch.size', '1000000'],
    ['producer', 'partitioner.class', 'org.apache.kafka.clients.producer.RoundRobinPartitioner'],
    ['producer', 'buffer.memory', '1000'],
    ['consumer', 'fetch.max.bytes', '1000'],
    ['admin', 'metadata.recovery.strategy', 'rebootstrap'],
    ['admin', 'no.such.property', 'x']
  ] as const) {
    it(`says nothing of ${name}=${value} for a ${kind}`, () => {
      assert.equal(propertiesWithoutEffect([kind], new Map([[name, value]])).size, 0)
    })
  }

  it("says nothing of the worker's own client settings that act in one of its clients", () => {
    const client = new Map([
      ['default.api.timeout.ms', '1000'],
      ['linger.ms', '5']
    ])
    assert.deepEqual([...propertiesWithoutEffect(clientKinds, client).keys()], ['linger.ms'])
  })

  /** A value that is not the default, and what is different then. */
  const observed: Readonly<
    Record<string, readonly [string, (client: ClientProperties) => unknown]>
  > = {
    'buffer.memory': ['1000', (client) => producerSettings(client).bufferBytes],
    'delivery.timeout.ms': ['1000', (client) => producerSettings(client).deliveryTimeoutMs],
    'enable.idempotence': ['false', (client) => producerSettings(client).idempotent],
    'max.block.ms': ['1000', (client) => producerSettings(client).maxBlockMs],
    'max.in.flight.requests.per.connection': [
      '1',
      (client) => producerSettings(client).maxInFlight
    ],
    'max.request.size': ['1000', (client) => producerSettings(client).maxRequestBytes],
    'partitioner.ignore.keys': ['true', (client) => producerSettings(client).ignoreKeys],
    'transaction.timeout.ms': ['1000', (client) => producerSettings(client).transactionTimeoutMs],
    'metadata.max.age.ms': ['1000', (client) => clientSettings(client).metadataMaxAgeMs],
    'request.timeout.ms': ['1000', (client) => clientSettings(client).requestTimeoutMs],
    'fetch.max.wait.ms': ['10', (client) => clientSettings(client).fetch.maxWaitMs],
    'fetch.min.bytes': ['10', (client) => clientSettings(client).fetch.minBytes],
    'fetch.max.bytes': ['10', (client) => clientSettings(client).fetch.maxBytes],
    'max.partition.fetch.bytes': ['10', (client) => clientSettings(client).fetch.maxPartitionBytes]
  }
  for (const [name, [value, look]] of Object.entries(observed)) {
    it(`${name} changes what it should`, () => {
      const given = new Map([['bootstrap.servers', 'localhost:9092']])
      assert.notDeepEqual(look(new Map([...given, [name, value]])), look(given))
    })
  }

  it("have the same effect in the reference of the worker's own settings", () => {
    for (const [name, { noEffect = false }] of Object.entries<ConfigKey>(distributedConfig)) {
      const effects = clientKinds.map((kind: ClientKind) => effectOf(kind, name))
      // Of the group and of security the worker has its own reading.
      if (
        /^(group\.|config\.providers|session\.|heartbeat\.|ssl\.|sasl\.|client\.id|metric)/.test(
          name
        )
      )
        continue
      if (effects.every((effect) => effect === null)) continue
      assert.equal(noEffect, !effects.includes('acts'), name)
    }
  })
})
