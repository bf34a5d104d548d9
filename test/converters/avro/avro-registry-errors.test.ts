import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { run } from '../../../scripts/commands.ts'
import { avroConverterPlugin } from '../../../src/converters/avro/avro-converter.ts'
import { Schema } from '../../../src/data/schema.ts'
import { Struct } from '../../../src/data/struct.ts'
import {
  ConfigError,
  DataError,
  isRetriable,
  RetriableError,
  traceOf
} from '../../../src/errors.ts'
import type { Converter, ConverterUse } from '../../../src/plugin/converter.ts'
import { stubRegistry } from '../../support/stub-registry.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { until } from '../../support/until.ts'

const schema = Schema.struct([{ name: 'id', schema: Schema.INT32 }], { name: 'shop.Order' })
const row = new Struct(schema, [7])

function converter(config: Record<string, string>, use: ConverterUse = 'value'): Converter {
  const all = { 'http.read.timeout.ms': '300', 'max.retries': '0', ...config }
  return avroConverterPlugin.create(new Map(Object.entries(all)), use)
}

/** The error the conversion of a record ends with. */
async function failure(of: Converter): Promise<Error> {
  try {
    await of.fromConnectData('orders', schema, row)
  } catch (error) {
    assert.ok(error instanceof Error)
    return error
  }
  throw new Error('the record was converted')
}

const denied = (status: number, error_code: number, message: string) => () => ({
  status,
  body: { error_code, message }
})

describe('a schema registry that refuses', () => {
  const cases: [number, number, RegExp, typeof DataError | typeof ConfigError][] = [
    [401, 401, /does not accept the credentials/, ConfigError],
    [403, 40301, /does not allow this/, ConfigError],
    [404, 40401, /does not know the subject/, DataError],
    [409, 409, /incompatible with an earlier one/, DataError],
    [422, 42201, /the schema is invalid/, DataError],
    [301, 0, /refused/, DataError]
  ]
  for (const [status, code, text, kind] of cases) {
    it(`with ${status}: an error that says what, naming subject and host, and not to be repeated`, async (t) => {
      const stub = await stubRegistry(t, denied(status, code, 'because'))
      const error = await failure(converter({ 'schema.registry.url': stub.url }))
      assert.ok(error instanceof kind, error.name)
      assert.match(error.message, text)
      assert.match(error.message, /^Failed to serialize Avro data from topic orders : /)
      assert.ok(error.message.includes(`${status} (because, error code ${code})`), error.message)
      assert.ok(error.message.includes(stub.host) && error.message.includes('orders-value'))
      assert.equal(isRetriable(error), false)
    })
  }

  it('I5: with an answer without a proper id: no record is written with a wrong one', async (t) => {
    for (const body of [
      {},
      { id: '5' },
      { id: -1 },
      { id: 2 ** 31 },
      { id: 1.5 },
      'gateway',
      'null'
    ]) {
      const stub = await stubRegistry(t, () => ({ status: 200, body }))
      const error = await failure(converter({ 'schema.registry.url': stub.url }))
      assert.ok(error instanceof DataError)
      assert.match(error.message, /without a schema id for subject orders-value/)
    }
  })
})

describe('a schema registry that is not well', () => {
  it('I8: an answer that does not come is waited for so long and not longer, and is retriable', async (t) => {
    const stub = await stubRegistry(t, () => 'silent')
    const start = performance.now()
    const error = await failure(converter({ 'schema.registry.url': stub.url }))
    assert.ok(performance.now() - start < 2000)
    assert.ok(error instanceof RetriableError)
    assert.match(
      error.message,
      new RegExp(`subject orders-value: ${stub.host}: no answer in 300 ms`)
    )
  })

  for (const [name, reply] of [
    ['500', { status: 500, body: { error_code: 50001, message: 'store' } }],
    ['503 in HTML', { status: 503, body: '<html>' }],
    ['429', { status: 429, body: {} }],
    ['a closed connection', 'cut']
  ] as const) {
    it(`${name}: retriable, and the same record goes out when it is well again`, async (t) => {
      const stub = await stubRegistry(t, () => reply)
      const made = converter({ 'schema.registry.url': stub.url })
      assert.ok((await failure(made)) instanceof RetriableError)
      stub.reply = () => ({ status: 200, body: { id: 300 } })
      const bytes = await made.fromConnectData('orders', schema, row)
      assert.deepEqual([...(bytes ?? [])], [0, 0, 0, 1, 44, 14])
    })
  }

  it('all addresses are asked again max.retries times, with pauses; a record goes out when one is well in time', async (t) => {
    const replies: ('cut' | number)[] = [500, 'cut']
    const stub = await stubRegistry(t, () => {
      const reply = replies.shift()
      if (reply === 'cut') return reply
      return { status: reply ?? 200, body: { id: 1 } }
    })
    const patient = { 'schema.registry.url': stub.url, 'retries.wait.ms': '1' }
    const made = converter({ ...patient, 'max.retries': '2' })
    assert.ok(await made.fromConnectData('orders', schema, row))
    assert.equal(stub.requests.length, 3)
    stub.reply = () => ({ status: 503, body: {} })
    const error = await failure(converter({ ...patient, 'max.retries': '1' }))
    assert.ok(error instanceof RetriableError)
    assert.match(error.message, /rounds: 2/)
    assert.equal(stub.requests.length, 5)
  })

  it('closing ends the pauses', async (t) => {
    const stub = await stubRegistry(t, () => ({ status: 503, body: {} }))
    const made = converter({
      'schema.registry.url': stub.url,
      'max.retries': '5',
      'retries.wait.ms': '100000'
    })
    const failing = failure(made)
    await until(() => stub.requests.length > 0, 'the registry was asked')
    await made.close?.()
    assert.ok((await failing) instanceof RetriableError)
  })

  it('I9: a refusal with a body that is no object is an error like another', async (t) => {
    for (const body of ['null', '[]', '5', '']) {
      const stub = await stubRegistry(t, () => ({ status: 404, body }))
      assert.match((await failure(converter({ 'schema.registry.url': stub.url }))).message, /404$/)
    }
  })

  it('the next address is asked, with its path, and stays the first while it answers', async (t) => {
    const ill = await stubRegistry(t, () => ({ status: 500, body: {} }))
    const well = await stubRegistry(t, () => ({ status: 200, body: { id: 1 } }))
    const gone = 'http://127.0.0.1:9'
    const urls = `${gone},${ill.url},${well.url}/apis/ccompat/v7/`
    const made = converter({ 'schema.registry.url': urls })
    await made.fromConnectData('orders', schema, row)
    await made.fromConnectData('others', schema, row)
    assert.deepEqual(
      well.requests.map(({ method, path }) => `${method} ${path}`),
      ['orders', 'others'].map((topic) => `POST /apis/ccompat/v7/subjects/${topic}-value/versions`)
    )
    assert.equal(ill.requests.length, 1)
  })

  it('is asked once for records that come at the same time, and not again', async (t) => {
    const stub = await stubRegistry(t, () => ({ status: 200, body: { id: 1 } }))
    const made = converter({ 'schema.registry.url': stub.url })
    const twin = Schema.struct([{ name: 'id', schema: Schema.INT32 }], { name: 'shop.Order' })
    const converting = [schema, schema, twin].map(async (of) =>
      made.fromConnectData('orders', of, new Struct(of, [7]))
    )
    const all = await Promise.all(converting)
    assert.equal(stub.requests.length, 1)
    assert.deepEqual(all[0], all[2])
    assert.ok(made.fromConnectData('orders', schema, row) instanceof Uint8Array, 'at once')
  })
})

describe('credentials', () => {
  const answer = () => ({ status: 200, body: { id: 1 } })
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`

  it('come from the address, from basic.auth.user.info or are a bearer token', async (t) => {
    const stub = await stubRegistry(t, answer)
    const withUser = stub.url.replace('//', '//me:p%40ss@')
    const configs: [Record<string, string>, string | undefined][] = [
      [{ 'schema.registry.url': stub.url }, undefined],
      [{ 'schema.registry.url': withUser }, basic('me:p@ss')],
      [
        {
          'schema.registry.url': stub.url,
          'basic.auth.credentials.source': 'USER_INFO',
          'basic.auth.user.info': 'you:secret'
        },
        basic('you:secret')
      ],
      [{ 'schema.registry.url': stub.url, 'bearer.auth.token': 'tok' }, 'Bearer tok']
    ]
    for (const [config, expected] of configs) {
      await converter(config).fromConnectData('orders', schema, row)
      assert.equal(stub.requests.at(-1)?.headers.authorization, expected)
    }
  })

  it('I7: are in no error', async (t) => {
    const stub = await stubRegistry(t, denied(401, 401, 'Unauthorized'))
    const configs = [
      { 'schema.registry.url': stub.url.replace('//', '//me:hunter2@') },
      { 'schema.registry.url': 'http://me:hunter2@127.0.0.1:9' },
      { 'schema.registry.url': stub.url, 'bearer.auth.token': 'hunter2' }
    ]
    for (const config of configs) {
      const error = await failure(converter(config))
      assert.doesNotMatch(traceOf(error) + JSON.stringify(error), /hunter2|aHVudGVyMg/)
    }
    assert.throws(
      () => converter({ 'schema.registry.url': 'me:hunter2@::' }),
      (error: Error) => error instanceof ConfigError && !error.message.includes('hunter2')
    )
  })

  it('SASL_INHERIT, stores that only Java reads and unknown words are refused with the reason', () => {
    const url = { 'schema.registry.url': 'http://127.0.0.1:9' }
    const bad: [Record<string, string>, RegExp][] = [
      [{}, /schema\.registry\.url/],
      [
        { ...url, 'basic.auth.credentials.source': 'SASL_INHERIT' },
        /SASL_INHERIT is not supported/
      ],
      [{ ...url, 'basic.auth.credentials.source': 'USER_INFO' }, /basic\.auth\.user\.info/],
      [{ ...url, 'bearer.auth.credentials.source': 'OAUTHBEARER' }, /STATIC_TOKEN/],
      [
        { ...url, 'schema.registry.ssl.truststore.type': 'BCFKS' },
        /supported are JKS, PKCS12, PEM/
      ],
      [{ ...url, 'schema.registry.ssl.truststore.location': '/no/such.pem' }, /cannot be read/],
      [{ ...url, 'value.subject.name.strategy': 'Mine' }, /must be one of/],
      [{ ...url, 'generalized.sum.type.support': 'true' }, /not supported/],
      [{ ...url, 'auto.register.schemas': 'maybe' }, /auto\.register\.schemas/],
      [{ 'schema.registry.url': 'ftp://x' }, /http and https/]
    ]
    for (const [config, text] of bad) assert.throws(() => converter(config), text)
  })
})

describe('a registry over https', () => {
  it('is trusted by a PEM certificate and shown one of the client, with or without its name compared', async (t) => {
    const dir = temporaryFolder(t)
    const pem = (name: string): string => readFileSync(join(dir, `${name}.pem`), 'utf8')
    for (const [name, altName] of [
      ['server', 'IP:127.0.0.1'],
      ['other', 'DNS:registry.test']
    ] as const) {
      const words = `req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=${name} -addext subjectAltName=${altName}`
      const files = ['-keyout', join(dir, `${name}-key.pem`), '-out', join(dir, `${name}.pem`)]
      await run('openssl', [...words.split(' '), ...files], 20_000)
    }
    const answer = () => ({ status: 200, body: { id: 1 } })
    const ssl = 'schema.registry.ssl'
    const client = {
      [`${ssl}.keystore.key`]: pem('other-key'),
      [`${ssl}.keystore.certificate.chain`]: pem('other')
    }
    const needsClient = { requestCert: true, rejectUnauthorized: true, ca: pem('other') }
    const good = await stubRegistry(t, answer, {
      key: pem('server-key'),
      cert: pem('server'),
      ...needsClient
    })
    const trusted = { [`${ssl}.truststore.location`]: join(dir, 'server.pem') }
    const url = { 'schema.registry.url': good.url }
    assert.ok(
      await converter({ ...url, ...trusted, ...client }).fromConnectData('orders', schema, row)
    )
    assert.match(
      (await failure(converter({ ...url, ...client }))).message,
      /self-signed certificate/
    )
    assert.ok((await failure(converter({ ...url, ...trusted }))) instanceof RetriableError)

    const elsewhere = await stubRegistry(t, answer, { key: pem('other-key'), cert: pem('other') })
    const misnamed = {
      'schema.registry.url': elsewhere.url,
      [`${ssl}.truststore.certificates`]: pem('other').replaceAll('\n', '\\n')
    }
    assert.match((await failure(converter(misnamed))).message, /does not match certificate/)
    const unchecked = { ...misnamed, [`${ssl}.endpoint.identification.algorithm`]: '' }
    assert.ok(await converter(unchecked).fromConnectData('orders', schema, row))
  })
})
