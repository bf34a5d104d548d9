import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { avroConverterPlugin } from '../../../src/converters/avro/avro-converter.ts'
import { Schema } from '../../../src/data/schema.ts'
import { Struct } from '../../../src/data/struct.ts'
import type { Converter } from '../../../src/plugin/converter.ts'
import { type StubRegistry, stubRegistry } from '../../support/stub-registry.ts'
import { until } from '../../support/until.ts'

const schema = Schema.struct([{ name: 'id', schema: Schema.INT32 }], { name: 'shop.Order' })
const row = new Struct(schema, [7])
const text = (doc: string): string =>
  `{"type":"record","name":"Order","namespace":"shop","doc":"${doc}","fields":[{"name":"id","type":"int"}]}`

function converter(stub: StubRegistry, config: Record<string, string>): Converter {
  const all = { 'schema.registry.url': stub.url, ...config }
  return avroConverterPlugin.create(new Map(Object.entries(all)), 'value')
}

const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json'
const idOf = (record: Uint8Array | null): number => Buffer.from(record ?? []).readInt32BE(1)

describe('what a converter asks of the registry', () => {
  it('normalize.schemas: to compare schemas in their normal form, registered or looked up', async (t) => {
    const stub = await stubRegistry(t, () => ({ status: 200, body: { id: 1 } }))
    for (const [config, path] of [
      [{}, '/subjects/t-value/versions'],
      [{ 'normalize.schemas': 'true' }, '/subjects/t-value/versions?normalize=true'],
      [
        { 'normalize.schemas': 'true', 'auto.register.schemas': 'false' },
        '/subjects/t-value?normalize=true'
      ]
    ] as const) {
      await converter(stub, config).fromConnectData('t', schema, row)
      assert.equal(stub.requests.at(-1)?.path, path)
      assert.equal(stub.requests.at(-1)?.headers['content-type'], MEDIA_TYPE)
    }
  })

  it('never to change the compatibility of a subject', async (t) => {
    const stub = await stubRegistry(t, () => ({ status: 200, body: { id: 1 } }))
    await converter(stub, {}).fromConnectData('t', schema, row)
    assert.deepEqual(
      stub.requests.map(({ method, path }) => `${method} ${path}`),
      ['POST /subjects/t-value/versions']
    )
  })
})

describe('what a converter remembers of the registry', () => {
  it('schemas.cache.config: the schemas read from records, the oldest forgotten first', async (t) => {
    const stub = await stubRegistry(t, () => ({
      status: 200,
      body: { schema: text('a'), version: 1 }
    }))
    const made = converter(stub, { 'schemas.cache.config': '2' })
    const asked = (): number =>
      stub.requests.filter(({ path }) => path.startsWith('/schemas/ids/')).length
    const read = async (id: number): Promise<unknown> =>
      made.toConnectData('t', Buffer.from([0, 0, 0, 0, id, 14]))
    for (const id of [1, 2, 1, 2]) await read(id)
    assert.equal(asked(), 2)
    await read(3)
    await read(2)
    assert.equal(asked(), 3)
    await read(1)
    assert.equal(asked(), 4)
  })

  it('max.schemas.per.subject: the ids of a subject', async (t) => {
    const stub = await stubRegistry(t, () => ({ status: 200, body: { id: 1 } }))
    const made = converter(stub, { 'max.schemas.per.subject': '1' })
    const other = Schema.struct([{ name: 'x', schema: Schema.INT32 }])
    const twin = Schema.struct([{ name: 'id', schema: Schema.INT32 }], { name: 'shop.Order' })
    await made.fromConnectData('t', schema, row)
    await made.fromConnectData('t', twin, new Struct(twin, [7]))
    assert.equal(stub.requests.length, 1)
    await made.fromConnectData('t', other, new Struct(other, [7]))
    const again = twin.copy({})
    await made.fromConnectData('t', again, new Struct(again, [7]))
    assert.equal(stub.requests.length, 3)
  })

  it('latest.cache.ttl.sec: which schema is the latest, for so long', async (t) => {
    let latest = 1
    const stub = await stubRegistry(t, () => ({
      status: 200,
      body: { id: latest, schema: text(`no. ${latest}`) }
    }))
    const useLatest = { 'auto.register.schemas': 'false', 'use.latest.version': 'true' }
    const forEver = converter(stub, useLatest)
    const forASecond = converter(stub, { ...useLatest, 'latest.cache.ttl.sec': '1' })
    assert.equal(idOf(await forEver.fromConnectData('t', schema, row)), 1)
    assert.equal(idOf(await forASecond.fromConnectData('t', schema, row)), 1)
    latest = 2
    await until(async () => {
      const id = idOf(await forASecond.fromConnectData('t', schema, row))
      assert.ok(id === 1 || id === 2)
      return id === 2
    }, 'the new schema is used')
    assert.equal(idOf(await forEver.fromConnectData('t', schema, row)), 1)
  })
})
