import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { call, type RestWorker, startRestWorker } from './rest-worker.ts'

describe('bad inputs', () => {
  let worker: RestWorker
  before(async () => {
    worker = await startRestWorker({}, { bodyLimitBytes: 200_000 })
  })
  after(() => worker.stop())

  /** Bytes to the socket, everything that comes back until the worker ends the connection. */
  const raw = async (text: string): Promise<string> => {
    const socket = connect(worker.bound[0]?.port ?? 0, '127.0.0.1')
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.write(text)
    await once(socket, 'close')
    return Buffer.concat(chunks).toString('utf8')
  }
  const close = 'host: x\r\nconnection: close\r\n\r\n'
  const create = (body: string) => call(`${worker.base}/connectors`, 'POST', body)
  const message = (json: unknown) => (json as { message: string }).message

  it('names the part of a body that is wrong', async () => {
    const cases: [string, RegExp][] = [
      ['', /request body must be an object with the fields 'name' and 'config', but it is missing/],
      ['null', /but it is null/],
      ['[]', /but it is a list/],
      ['{}', /no field 'config'/],
      ['{"name":"a","config":[]}', /field 'config' must be an object .* but it is a list/],
      ['{"name":"a","config":{"k":{}}}', /value of 'k' must be a string, but it is an object/],
      ['{"name":"a","config":{},"extra":1}', /Unrecognized field 'extra'/],
      ['{"name":"a","config":{},"initial_state":"x"}', /must be RUNNING, PAUSED or STOPPED/],
      ['{"name":"a","config":{},"initial_state":"constructor"}', /must be RUNNING/]
    ]
    for (const [body, text] of cases) {
      const answer = await create(body)
      assert.equal(answer.status, 400, body)
      assert.match(message(answer.json), text)
    }
  })

  it('names the part of offsets that is wrong', async () => {
    const cases: [string, RegExp][] = [
      ['{"offsets":[]}', /Partitions \/ offsets need to be provided/],
      ['{"offsets":5}', /field 'offsets' must be a list, but it is a number/],
      ['{"offsets":[5]}', /Entry 0 of 'offsets' must be an object/],
      ['{"offsets":[{"partition":[]}]}', /partition of entry 0 must be an object/],
      ['{"offsets":[{"partition":{},"offset":"x"}]}', /offset of entry 0 must be an object/],
      ['{"offsets":[{"partition":{},"more":1}]}', /Unrecognized field 'more'/]
    ]
    for (const [body, text] of cases) {
      const answer = await call(`${worker.base}/connectors/x/offsets`, 'PATCH', body)
      assert.equal(answer.status, 400, body)
      assert.match(message(answer.json), text)
    }
  })

  it('I8: refuses a body beyond the limit with 413', async () => {
    const answer = await create(`{"name":"a","config":{"k":"${'x'.repeat(300_000)}"}}`)
    assert.equal(answer.status, 413)
    assert.match(message(answer.json), /413/)
  })

  it('survives keys that look like prototypes in the query', async () => {
    const answer = await call(`${worker.base}/connectors?__proto__=x&expand=toString&constructor=1`)
    assert.equal(answer.status, 200)
  })

  it('takes long names, and refuses headers that are too long', async () => {
    const name = 'x'.repeat(10_000)
    assert.equal((await call(`${worker.base}/connectors/${name}`)).status, 404)
    assert.match(await raw(`GET /${'x'.repeat(20_000)} HTTP/1.1\r\n${close}`), /^HTTP\/1.1 431 /)
  })

  it('answers what is no HTTP, unknown methods and absolute targets', async () => {
    assert.match(await raw('GET / nonsense\r\n\r\n'), /^HTTP\/1.1 400 /)
    assert.match(await raw(`FOO /connectors HTTP/1.1\r\n${close}`), /^HTTP\/1.1 405 /)
    assert.match(await raw(`PROPFIND /connectors HTTP/1.1\r\n${close}`), /^HTTP\/1.1 405 /)
    assert.match(await raw(`GET http://x/connectors HTTP/1.1\r\n${close}`), /^HTTP\/1.1 200 /)
    assert.match(await raw(`GET connectors HTTP/1.1\r\n${close}`), /^HTTP\/1.1 (200|400|404) /)
  })

  it('answers pipelined requests in order', async () => {
    const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`
    const text = await raw(
      `${get('/connectors/a')}${get('/connectors/b')}GET / HTTP/1.1\r\n${close}`
    )
    assert.ok(text.indexOf('Connector a not') < text.indexOf('Connector b not'))
    assert.match(text, /kafka_cluster_id/)
  })

  it('lets no header through a name or a Host', async () => {
    const body = '{"name":"a\\r\\nx-evil: 1","config":{"connector.class":"Lines"}}'
    const answer = await create(body)
    assert.equal(answer.status, 201)
    assert.equal(answer.headers.get('x-evil'), null)
    assert.match(answer.headers.get('location') ?? '', /a%0D%0Ax-evil/)
  })
})

describe('plugins and loggers over REST', () => {
  let worker: RestWorker
  before(async () => {
    worker = await startRestWorker()
  })
  after(() => worker.stop())

  it('lists connectors, or every plugin; an unknown version is left out', async () => {
    const list = async (query: string) =>
      (await call(`${worker.base}/connector-plugins${query}`)).json
    const source = { class: 'org.example.LinesSourceConnector', type: 'source', version: '1.2' }
    assert.deepEqual(await list('/?connectorsOnly='), [source])
    assert.deepEqual(await list('?%20connectorsOnly=false'), [source])
    assert.deepEqual(await list('?connectorsOnly=false'), [
      source,
      { class: 'org.example.Cast', type: 'transformation' }
    ])
  })

  it('hands class, configuration and version to the herder, which compares them', async () => {
    const plugin = `${worker.base}/connector-plugins/LinesSource`
    const included = { 'connector.class': 'LinesSource' }
    const validated = await call(`${plugin}/config/validate`, 'PUT', JSON.stringify(included))
    assert.equal(validated.status, 200)
    const sent = new Map(Object.entries(included))
    assert.deepEqual(worker.herder.calls.at(-1), ['validate', 'LinesSource', sent])
    assert.equal((await call(`${plugin}/config`)).status, 200)
    assert.deepEqual(worker.herder.calls.at(-1), ['pluginConfig', 'LinesSource', undefined])
    assert.equal((await call(`${plugin}/config?version=%5B1,2)`)).status, 200)
    assert.deepEqual(worker.herder.calls.at(-1), ['pluginConfig', 'LinesSource', '[1,2)'])
    assert.equal((await call(`${worker.base}/connector-plugins/No/config`)).status, 404)
  })

  it('changes levels here or in the whole cluster', async () => {
    const logger = `${worker.base}/admin/loggers/org.example`
    const set = (query: string, body: string) => call(logger + query, 'PUT', body)
    assert.deepEqual((await set('', '{"level":"debug"}')).json, ['org.example'])
    assert.deepEqual((await call(logger)).json, { level: 'DEBUG', last_modified: 1 })
    assert.equal((await set('?scope=Cluster', '{"level":" Warn"}')).status, 204)
    assert.deepEqual(worker.herder.calls.at(-1), ['setClusterLoggerLevel', 'org.example', ' Warn'])
    assert.equal((await set('?scope=galaxy', '{"level":"WARN"}')).status, 200)
    const loud = await set('', '{"level":"loud"}')
    assert.equal(loud.status, 404)
    assert.match(loud.text, /invalid log level 'loud'\./)
    assert.equal((await set('', '{}')).status, 400)
    assert.equal((await set('', 'null')).status, 400)
  })
})
