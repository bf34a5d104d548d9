import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { platformaticOptions, readerSettings } from '../../../src/kafka/client/client-settings.ts'
import { kafkaJsConfig } from '../../../src/kafka/admin/kafkajs-config.ts'
import { createKafkaClients } from '../../../src/kafka/kafka-clients.ts'
import { producerProperties } from '../../../src/settings/worker/layered-properties.ts'
import { producerSettings } from '../../../src/kafka/producing/producer-settings.ts'

const settingsOf = (properties: Record<string, string>) =>
  readerSettings(
    new Map(Object.entries({ 'bootstrap.servers': 'a:1', ...properties })),
    systemClock
  )

describe('settings of Kafka clients', () => {
  it('reads addresses, also with listener names and IPv6', () => {
    const { bootstrapServers } = settingsOf({
      'bootstrap.servers': ' a:9092, PLAINTEXT://b.example:9093 ,[::1]:9094'
    })
    assert.deepEqual(bootstrapServers, [
      { host: 'a', port: 9092 },
      { host: 'b.example', port: 9093 },
      { host: '::1', port: 9094 }
    ])
  })

  for (const wrong of ['', 'a', 'a:0', 'a:99999', 'a:9092,b', ':9092']) {
    it(`refuses bootstrap.servers=${JSON.stringify(wrong)}`, () => {
      assert.throws(() => settingsOf({ 'bootstrap.servers': wrong }), {
        code: 'CONFIG_INVALID',
        message: /bootstrap\.servers/
      })
    })
  }

  it('has the times of a Java client', () => {
    const { requestTimeoutMs, apiTimeoutMs, metadataMaxAgeMs, backoff } = settingsOf({})
    assert.deepEqual(
      [requestTimeoutMs, apiTimeoutMs, metadataMaxAgeMs, backoff.firstMs, backoff.lastMs],
      [30_000, 60_000, 300_000, 100, 1000]
    )
  })

  for (const [name, wrong] of [
    ['request.timeout.ms', 'soon'],
    ['retry.backoff.ms', '-1'],
    ['isolation.level', 'serializable'],
    ['security.protocol', 'TLS']
  ] as const) {
    it(`names ${name} when its value is wrong`, () => {
      assert.throws(() => settingsOf({ [name]: wrong }), {
        code: 'CONFIG_INVALID',
        message: new RegExp(`^Invalid value ${wrong} for configuration ${name}: `)
      })
    })
  }
})

describe('ssl properties', () => {
  const ssl = (properties: Record<string, string>) =>
    settingsOf({ 'security.protocol': 'SSL', ...properties }).tls

  it('trusts Node’s own roots and checks the host name unless told otherwise', () => {
    assert.deepEqual(ssl({}), {})
  })

  it('sends host names, but no IP addresses, as server name', () => {
    const named = settingsOf({ 'security.protocol': 'SSL' })
    const numbered = settingsOf({ 'security.protocol': 'SSL', 'bootstrap.servers': '10.0.0.1:1' })
    assert.equal(platformaticOptions(named).tlsServerName, true)
    assert.equal(platformaticOptions(numbered).tlsServerName, false)
  })
})

describe('sasl properties', () => {
  const login = (mechanism: string, jaas: string) =>
    settingsOf({
      'security.protocol': 'SASL_PLAINTEXT',
      'sasl.mechanism': mechanism,
      'sasl.jaas.config': jaas
    })
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required'

  for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']) {
    it(`gives both clients the credentials for ${mechanism}`, () => {
      const settings = login(mechanism, `${scram} username="joe" password="s3cret";`)
      assert.deepEqual(platformaticOptions(settings).sasl, {
        mechanism,
        username: 'joe',
        password: 's3cret'
      })
      assert.deepEqual(kafkaJsConfig(settings, 'c', 0).sasl, {
        mechanism: mechanism.toLowerCase(),
        username: 'joe',
        password: 's3cret'
      })
    })
  }

  it('names what is missing', () => {
    assert.throws(() => settingsOf({ 'security.protocol': 'SASL_SSL' }), {
      message: /sasl\.mechanism is not set, which means GSSAPI/
    })
    assert.throws(() => login('GSSAPI', `${scram};`), { message: /sasl\.mechanism: supported are/ })
    assert.throws(() => login('PLAIN', `${scram} username="joe";`), {
      message: /sasl\.jaas\.config has no password/
    })
    assert.throws(() => login('OAUTHBEARER', `${scram};`), {
      message: /sasl\.oauthbearer\.token\.endpoint\.url/
    })
  })

  it('I7: no complaint shows a part of sasl.jaas.config', () => {
    for (const wrong of ['s3cret', `${scram} password="s3cret`, `${scram} s3cret`, `x s3cret;`]) {
      assert.throws(
        () => login('PLAIN', wrong),
        (error: Error) =>
          !error.message.includes('s3cret') && !String(error.stack).includes('s3cret')
      )
    }
  })
})

describe('producerSettings', () => {
  const producer = (properties: Record<string, string>) =>
    producerSettings(
      new Map(Object.entries({ 'bootstrap.servers': 'a:1', ...properties })),
      systemClock
    )

  it('is idempotent with five requests in flight unless told otherwise', () => {
    assert.deepEqual([producer({}).idempotent, producer({}).maxInFlight], [true, 5])
    assert.equal(producer({ 'max.in.flight.requests.per.connection': '9' }).maxInFlight, 5)
    assert.equal(producer({ 'enable.idempotence': 'false' }).maxInFlight, 1)
  })

  it('keeps a batch within max.request.size', () => {
    assert.equal(producer({ 'max.request.size': '1000' }).batchBytes, 1000)
    assert.equal(
      producer({ 'batch.size': '2000000', 'max.request.size': '9000000' }).batchBytes,
      2_000_000
    )
  })

  it('refuses an unknown compression type', () => {
    assert.throws(() => producer({ 'compression.type': 'brotli' }), {
      message: /compression\.type: String must be one of: none, gzip, snappy, lz4, zstd/
    })
  })

  for (const [name, wrong, problem] of [
    ['acks', '7', 'String must be one of: all, -1, 0, 1'],
    ['linger.ms', '-1', 'Value must be at least 0'],
    ['compression.gzip.level', '0', 'Value must be between 1 and 9 or equal to -1'],
    ['compression.lz4.level', '18', 'Value must be no more than 17'],
    ['metadata.max.idle.ms', '1000', 'Value must be at least 5000'],
    ['batch.size', '3000000000', 'Not a number of type INT'],
    ['enable.idempotence', 'yes', 'Expected value to be either true or false'],
    ['transaction.timeout.ms', '0', 'Value must be at least 1']
  ] as const) {
    it(`refuses ${name}=${wrong} as Kafka's producer does, whether the setting has an effect here or not`, () => {
      const message = `Invalid value ${wrong} for configuration ${name}: ${problem}`
      assert.throws(() => producer({ [name]: wrong }), { code: 'CONFIG_INVALID', message })
    })
  }

  it('names everything that is wrong at once, and no key of other clients', () => {
    assert.throws(
      () => producer({ acks: '2', retries: '-1', 'fetch.min.bytes': 'x' }),
      (error: Error) => {
        assert.deepEqual(error.message.split('\n'), [
          'Invalid value 2 for configuration acks: String must be one of: all, -1, 0, 1',
          'Invalid value -1 for configuration retries: Value must be at least 0'
        ])
        return true
      }
    )
  })

  for (const [settings, message] of [
    [{ acks: '1' }, /^Must set acks to all in order to use the idempotent producer\./],
    [{ retries: '0' }, /^Must set retries to non-zero when using the idempotent producer\.$/],
    [
      { 'max.in.flight.requests.per.connection': '6' },
      /^Must set max\.in\.flight\.requests\.per\.connection to at most 5 when using the idempotent producer\.$/
    ]
  ] as const) {
    it(`refuses ${JSON.stringify(settings)} beside enable.idempotence=true, and takes it without`, () => {
      assert.throws(() => producer({ ...settings, 'enable.idempotence': 'true' }), { message })
      assert.equal(producer(settings).idempotent, true)
    })
  }

  it('keeps a connector from getting a producer with an override that means nothing', () => {
    const worker = new Map([['bootstrap.servers', 'a:1']])
    const connector = new Map([
      ['name', 'orders'],
      ['producer.override.acks', '7']
    ])
    const clients = createKafkaClients(systemClock)
    assert.throws(() => clients.producer(producerProperties(worker, connector), 'id'), {
      code: 'CONFIG_INVALID',
      message: 'Invalid value 7 for configuration acks: String must be one of: all, -1, 0, 1'
    })
  })
})
