import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../../src/clock.ts'
import {
  clientDefinitions,
  type ClientKind,
  clientKinds,
  effectOf,
  propertiesWithoutEffect
} from '../../../src/settings/clients/client-definitions.ts'
import { type ConfigDef, type ConfigKey, parseConfig } from '../../../src/config/config-def.ts'
import { keyInfos } from '../../../src/config/config-infos.ts'
import { ConfigError } from '../../../src/errors.ts'
import { clientSettings, readerSettings } from '../../../src/kafka/client/client-settings.ts'
import type { ClientProperties } from '../../../src/kafka/contracts.ts'
import { producerSettings } from '../../../src/kafka/producing/producer-settings.ts'
import { distributedConfig } from '../../../src/settings/worker/worker-config.ts'
import { runJava } from '../../support/run-java.ts'

/** The sources that read client properties. */
const source = (file: string): string =>
  readFileSync(join(import.meta.dirname, '..', '..', '..', 'src', file), 'utf8')

/** Values that are within one range or another, and outside of others. */
const VALUES = [
  '-131073',
  '-2',
  '-1',
  '0',
  '0.3',
  '7',
  '10',
  '30',
  '5000',
  '99999999999',
  ' 12 ',
  '',
  ' ',
  'a,,b',
  'a,a',
  ' ALL ',
  'all',
  'True',
  'ssl',
  'read_committed',
  'READ_COMMITTED',
  'by_duration:P1DT2H',
  'by_duration:P',
  'by_duration:1h',
  'Explicit',
  'gzip'
]

/** The complaint of reading one value, empty when there is none. */
function complaintOf(name: string, key: ConfigKey, value: string): string {
  try {
    parseConfig({ [name]: key }, new Map([[name, value]]))
    return ''
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.message
  }
}

describe('properties of Kafka clients', () => {
  it('are those of the Java clients, each of them, with their types, defaults, ranges and complaints', async () => {
    const java = (await runJava('ClientConfigs.java', VALUES)).map((line) => line.split('\t'))
    const facts = java.filter(({ length }) => length === 5).map((line) => line.join(' '))
    const ours = clientKinds.flatMap((kind) =>
      keyInfos(clientDefinitions[kind]).map((key) => {
        const preset = key.required ? 'required' : (key.default_value ?? 'null')
        const shown = key.required || key.default_value === null ? preset : `=${preset}`
        return [kind, key.name, key.type, key.importance, shown].join(' ')
      })
    )
    assert.ok(facts.length > 300)
    assert.deepEqual(ours.sort(), facts.sort())

    const complaints = java.filter(({ length }) => length === 4)
    assert.ok(complaints.length > 4000)
    for (const [kind, name = '', value = '', complaint] of complaints) {
      const key = (clientDefinitions[kind as ClientKind] as ConfigDef)[name] as ConfigKey
      assert.equal(complaintOf(name, key, value), complaint, `${kind}: ${name}=${value}`)
    }
  })

  it('are read as typed values where they are said to act', () => {
    const readers = [
      'settings/clients/client',
      'settings/clients/consumer',
      'settings/clients/login',
      'settings/clients/producer'
    ]
      .map((name) => source(`${name}-settings.ts`))
      .concat(source('tls/java-ssl.ts'))
      .join('\n')
    for (const kind of clientKinds) {
      for (const name of Object.keys(clientDefinitions[kind])) {
        const isRead = readers.includes(`'${name}'`)
        assert.ok(effectOf(kind, name) !== 'acts' || isRead, `${name} is read nowhere`)
      }
    }
  })

  for (const [kind, name, value] of [
    ['producer', 'acks', '1'],
    ['producer', 'batch.size', '16384'],
    ['producer', 'linger.ms', '5'],
    ['producer', 'partitioner.class', 'com.example.Mine'],
    ['producer', 'interceptor.classes', 'com.example.Audit'],
    ['consumer', 'enable.auto.commit', 'true'],
    ['consumer', 'group.protocol', 'consumer'],
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
    ['consumer', 'group.protocol', 'Classic'],
    ['consumer', 'max.poll.records', '5'],
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
    'buffer.memory': ['1000', (client) => producerSettings(client, systemClock).bufferBytes],
    'delivery.timeout.ms': [
      '1000',
      (client) => producerSettings(client, systemClock).deliveryTimeoutMs
    ],
    'enable.idempotence': ['false', (client) => producerSettings(client, systemClock).idempotent],
    'max.block.ms': ['1000', (client) => producerSettings(client, systemClock).maxBlockMs],
    'max.in.flight.requests.per.connection': [
      '1',
      (client) => producerSettings(client, systemClock).maxInFlight
    ],
    'max.request.size': ['1000', (client) => producerSettings(client, systemClock).maxRequestBytes],
    'partitioner.ignore.keys': [
      'true',
      (client) => producerSettings(client, systemClock).ignoreKeys
    ],
    'transaction.timeout.ms': [
      '1000',
      (client) => producerSettings(client, systemClock).transactionTimeoutMs
    ],
    'metadata.max.age.ms': [
      '1000',
      (client) => clientSettings(client, systemClock).metadataMaxAgeMs
    ],
    'request.timeout.ms': [
      '1000',
      (client) => clientSettings(client, systemClock).requestTimeoutMs
    ],
    'fetch.max.wait.ms': ['10', (client) => readerSettings(client, systemClock).fetch.maxWaitMs],
    'fetch.min.bytes': ['10', (client) => readerSettings(client, systemClock).fetch.minBytes],
    'fetch.max.bytes': ['10', (client) => readerSettings(client, systemClock).fetch.maxBytes],
    'max.partition.fetch.bytes': [
      '10',
      (client) => readerSettings(client, systemClock).fetch.maxPartitionBytes
    ]
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
