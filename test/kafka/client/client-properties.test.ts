import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { clientSettings, platformaticOptions } from '../../../src/kafka/client/client-properties.ts'
import { kafkaJsConfig } from '../../../src/kafka/admin/kafkajs-config.ts'
import { producerSettings } from '../../../src/kafka/producing/producer-settings.ts'

const settingsOf = (properties: Record<string, string>) =>
  clientSettings(
    new Map(Object.entries({ 'bootstrap.servers': 'a:1', ...properties })),
    systemClock
  )

describe('clientSettings', () => {
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
      message: /compression\.type: supported are none, gzip, snappy, lz4, zstd/
    })
  })
})
