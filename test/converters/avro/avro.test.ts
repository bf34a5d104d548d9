import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import avro from 'avsc'
import { avroConverterPlugin } from '../../../src/converters/avro/avro-converter.ts'
import { Decimal } from '../../../src/data/logical-types.ts'
import { Schema } from '../../../src/data/schema.ts'
import { sameSchema } from '../../../src/data/schema-equality.ts'
import { Struct } from '../../../src/data/struct.ts'
import { DataError } from '../../../src/errors.ts'
import type { Converter, ConverterUse, SchemaAndValue } from '../../../src/plugin/converter.ts'
import { uniqueName } from '../../support/environment.ts'
import { python, pythonPackages } from '../../support/python-packages.ts'
import {
  everything,
  everyType,
  longs,
  registry,
  registryConverter,
  texts,
  unscaled,
  write,
  writtenSchema
} from '../../support/registry-converter.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const converter = (config: Record<string, string> = {}, use?: ConverterUse): Converter =>
  registryConverter(avroConverterPlugin, config, use)

async function there(
  schema: Schema | null,
  value: unknown,
  config: Record<string, string> = {}
): Promise<SchemaAndValue> {
  const topic = uniqueName('avro')
  const of = converter(config)
  return await of.toConnectData(topic, await write(of, topic, schema, value))
}

describe('a record through the registry', () => {
  it('I5: comes back as it was: types, names, digits, characters', async () => {
    const topic = uniqueName('avro')
    const of = converter()
    for (let i = 0; i < longs.length; i++) {
      const record = everything(
        longs[i] as number,
        texts[i % texts.length] as string,
        unscaled[i % unscaled.length] as bigint
      )
      const read = await of.toConnectData(topic, await write(of, topic, everyType, record))
      // The version of the subject stands in the schema read, as in the JVM's.
      assert.ok(sameSchema(read.schema as Schema, everyType.copy({ version: 1 })))
      assert.deepEqual((read.value as Struct).values.slice(0, 16), record.values.slice(0, 16))
      const address = (read.value as Struct).get('address') as Struct
      assert.deepEqual(address.values, [texts[i % texts.length]])
    }
  })

  it('the first waits for the registry, the others are answered at once', async () => {
    const topic = uniqueName('avro')
    const of = converter()
    const record = everything(1, 'a', 1n)
    const first = of.fromConnectData(topic, everyType, record)
    assert.ok(first instanceof Promise)
    await first
    const bytes = of.fromConnectData(topic, everyType, record)
    assert.ok(bytes instanceof Uint8Array)
    const reader = converter()
    assert.ok((await reader.toConnectData(topic, bytes)).schema !== null)
    assert.ok(!(reader.toConnectData(topic, bytes) instanceof Promise))
  })

  it('is what another implementation of Avro reads with the registered schema', async () => {
    const record = everything(42, 'Grüße', -12_345n)
    record.put('labels', new Map([['a', 5]])) // its maps are plain objects, which cannot hold every key
    const bytes = await write(converter(), uniqueName('avro'), everyType, record)
    const type = avro.Type.forSchema(JSON.parse(await writtenSchema(bytes)) as avro.Schema)
    const value = type.fromBuffer(bytes.subarray(5)) as Record<string, unknown>
    assert.equal(value['i64'], 42)
    assert.equal(value['text'], 'Grüße')
    assert.deepEqual(value['amount'], Buffer.from('cfc7', 'hex'))
    assert.deepEqual(value['tags'], ['a', null])
    // Its own bytes for that value are ours.
    assert.deepEqual(type.toBuffer(value), bytes.subarray(5))
  })

  it('is what fastavro reads', async (t) => {
    const folder = await pythonPackages(t, 'avro')
    if (folder === null) return
    const record = everything(2n ** 63n - 1n, '😀', -(2n ** 100n))
    const bytes = await write(converter(), uniqueName('avro'), everyType, record)
    const dir = temporaryFolder(t)
    writeFileSync(join(dir, 'schema.json'), await writtenSchema(bytes))
    writeFileSync(join(dir, 'record'), bytes.subarray(5))
    const program = `
import sys, json, io
import fastavro
schema = fastavro.parse_schema(json.load(open(sys.argv[1] + '/schema.json')))
data = io.BytesIO(open(sys.argv[1] + '/record', 'rb').read())
value = fastavro.schemaless_reader(data, schema, None)
assert data.read() == b''
print(json.dumps(value, default=lambda v: v.hex() if isinstance(v, bytes) else str(v)))
`
    const printed = await python(folder, program, dir)
    assert.match(printed, /"i64": 9223372036854775807\b/)
    const value = JSON.parse(printed) as Record<string, unknown>
    assert.equal(value['text'], '😀')
    assert.equal(value['amount'], new Decimal(-(2n ** 100n), 2).toString())
    assert.equal(value['day'], '1969-12-31')
    assert.equal(value['time'], '23:59:59.999000')
    assert.equal(value['at'], '2023-11-14 22:13:20.123000+00:00')
    assert.equal(value['raw'], '00ff')
    assert.deepEqual(value['counts'], [
      { key: -5, value: 'x' },
      { key: 6, value: null }
    ])
  })

  it('null is a tombstone where the schema allows it', async () => {
    const of = converter()
    assert.equal(of.fromConnectData('t', null, null), null)
    assert.equal(of.fromConnectData('t', Schema.OPTIONAL_STRING, null), null)
    assert.throws(() => of.fromConnectData('t', Schema.STRING, null), /null value for non-optional/)
    assert.deepEqual(await of.toConnectData('t', null), { schema: null, value: null })
  })

  it('without a schema it is Anything', async () => {
    const nested = new Map<unknown, unknown>([
      ['a', [1, 2.5, 2n ** 60n, null, true]],
      [5, Buffer.from('x')]
    ])
    assert.deepEqual(await there(null, nested), { schema: null, value: nested })
  })

  it('defaults, enums, unions and fixed sizes', async () => {
    const prefix = 'io.confluent.connect.avro.Enum'
    const color = new Schema('string', {
      name: 'C',
      parameters: new Map([
        [prefix, 'C'],
        [`${prefix}.RED`, 'RED'],
        [`${prefix}.BLUE`, 'BLUE']
      ])
    })
    const union = Schema.struct(
      [
        { name: 'int', schema: Schema.OPTIONAL_INT32 },
        { name: 'string', schema: Schema.OPTIONAL_STRING }
      ],
      { name: 'io.confluent.connect.avro.Union' }
    )
    const hash = new Schema('bytes', {
      name: 'H',
      parameters: new Map([['connect.fixed.size', '2']])
    })
    const withDefault = new Schema('int32', { optional: true, defaultValue: 9 })
    const schema = Schema.struct([
      { name: 'c', schema: color },
      { name: 'u', schema: union },
      { name: 'h', schema: hash },
      { name: 'd', schema: withDefault }
    ])
    const record = (symbol: string): Struct =>
      new Struct(schema, [symbol, new Struct(union, [null, 'x']), Buffer.from('ab'), null])
    const enhanced = { 'enhanced.avro.schema.support': 'true' }
    const { value } = await there(schema, record('BLUE'), enhanced)
    const [c, u, h, d] = (value as Struct).values
    assert.deepEqual([c, (u as Struct).values, h, d], ['BLUE', [null, 'x'], Buffer.from('ab'), 9])
    await assert.rejects(there(schema, record('GREEN'), enhanced), /Expected a symbol of C/)
    const kept = await there(schema, record('RED'), {
      ...enhanced,
      'ignore.default.for.nullables': 'true'
    })
    assert.equal((kept.value as Struct).values.at(-1), null)
  })

  it('I5: a value that does not fit is an error that says where', async () => {
    const of = converter()
    const topic = uniqueName('avro')
    const schema = Schema.struct([
      { name: 'n', schema: Schema.INT8 },
      { name: 's', schema: Schema.STRING }
    ])
    const bad: [unknown[], RegExp][] = [
      [[200, 'x'], /Field n does not fit its schema: expected int8/],
      [[1, null], /Field s is null/],
      [[1, '\ud800'], /half a surrogate pair/]
    ]
    for (const [values, text] of bad) {
      await assert.rejects(
        async () => of.fromConnectData(topic, schema, new Struct(schema, values)),
        (error: Error) => {
          assert.ok(error instanceof DataError)
          assert.match(error.message, text)
          return error.message.startsWith(`Failed to serialize Avro data from topic ${topic} : `)
        }
      )
    }
  })

  it('bytes that are no such record are an error', async () => {
    const of = converter()
    const topic = uniqueName('avro')
    const bytes = await write(of, topic, everyType, everything(1, 'a', 1n))
    const bad: [Uint8Array, RegExp][] = [
      [Buffer.from('{"a":1}'), /Unknown magic byte!/],
      [Buffer.from([0, 0]), /within the schema id/],
      [bytes.subarray(0, -1), /ends within a value/],
      [Buffer.concat([bytes, Buffer.from([0])]), /1 bytes behind its last value/],
      [Buffer.from([0, 0x7f, 0, 0, 0]), /does not know/]
    ]
    for (const [record, text] of bad) {
      await assert.rejects(
        async () => of.toConnectData(topic, record),
        (error: Error) => {
          assert.match(error.message, text)
          return error.message.startsWith(`Failed to deserialize data for topic ${topic} to Avro: `)
        }
      )
    }
  })
})

describe('subjects', () => {
  const schema = Schema.struct([{ name: 'x', schema: Schema.INT32 }], { name: 'shop.Order' })

  it('are named by the strategy of keys and values', async () => {
    const strategy = (name: string) => `io.confluent.kafka.serializers.subject.${name}`
    const topic = uniqueName('avro')
    const cases: [string, ConverterUse, string][] = [
      ['TopicNameStrategy', 'value', `${topic}-value`],
      ['TopicNameStrategy', 'key', `${topic}-key`],
      ['RecordNameStrategy', 'value', 'shop.Order'],
      ['TopicRecordNameStrategy', 'key', `${topic}-shop.Order`]
    ]
    for (const [name, use, subject] of cases) {
      const config = { [`${use}.subject.name.strategy`]: strategy(name) }
      const bytes = await write(converter(config, use), topic, schema, new Struct(schema, [1]))
      const { id } = await registry(`/subjects/${subject}/versions/latest`)
      assert.equal(bytes.readInt32BE(1), id)
    }
    const byRecord = converter({ 'value.subject.name.strategy': strategy('RecordNameStrategy') })
    await assert.rejects(
      async () => byRecord.fromConnectData(topic, Schema.STRING, 'x'),
      /needs a record/
    )
  })

  it('keys and values of one topic have subjects of their own in one registry', async () => {
    const topic = uniqueName('avro')
    const key = Schema.struct([{ name: 'id', schema: Schema.INT64 }])
    const [keys, values] = [converter({}, 'key'), converter()]
    const both = await Promise.all([
      write(keys, topic, key, new Struct(key, [5])),
      write(values, topic, schema, new Struct(schema, [1]))
    ])
    const subjects = [`${topic}-key`, `${topic}-value`]
    for (const [i, subject] of subjects.entries()) {
      const { id } = await registry(`/subjects/${subject}/versions/latest`)
      assert.equal(both[i]?.readInt32BE(1), id)
    }
    const read = await keys.toConnectData(topic, both[0] ?? null)
    assert.deepEqual((read.value as Struct).values, [5])
    assert.equal(read.schema?.version, 1)
  })

  it('connect.meta.data=false and scrub.invalid.names=true: what is registered', async () => {
    const odd = Schema.struct([{ name: 'unit price', schema: Schema.INT8 }], {
      name: 'shop.2-orders'
    })
    const of = converter({ 'connect.meta.data': 'false', 'scrub.invalid.names': 'true' })
    const bytes = await write(of, uniqueName('avro'), odd, new Struct(odd, [1]))
    assert.deepEqual(JSON.parse(await writtenSchema(bytes)), {
      type: 'record',
      name: 'x2_orders',
      namespace: 'shop',
      fields: [{ name: 'unit_price', type: 'int' }]
    })
  })

  it('auto.register.schemas=false: the schema must be there', async () => {
    const topic = uniqueName('avro')
    const strict = converter({ 'auto.register.schemas': 'false', 'normalize.schemas': 'true' })
    await assert.rejects(
      async () => strict.fromConnectData(topic, schema, new Struct(schema, [1])),
      /does not know the subject/
    )
    const written = await write(converter(), topic, schema, new Struct(schema, [1]))
    assert.deepEqual(await write(strict, topic, schema, new Struct(schema, [1])), written)
  })

  it('use.latest.version: records are written with the latest schema, or not at all', async () => {
    const latest = { 'auto.register.schemas': 'false', 'use.latest.version': 'true' }
    const fields = (list: string): string =>
      `{"type":"record","name":"Order","namespace":"shop","fields":[${list}]}`
    const long = 2n ** 62n + 1n
    const mine = Schema.struct(
      [
        { name: 'x', schema: Schema.INT32 },
        { name: 'y', schema: Schema.INT64 }
      ],
      { name: 'shop.Order' }
    )
    const good =
      '{"name":"y","type":"long"},{"name":"more","type":["null","string"],"default":null},{"name":"x","type":"long"}'
    const topic = uniqueName('avro')
    await registry(`/subjects/${topic}-value/versions`, { schema: fields(good) })
    const of = converter(latest)
    const read = await of.toConnectData(
      topic,
      await write(of, topic, mine, new Struct(mine, [7, long]))
    )
    assert.deepEqual((read.value as Struct).values, [long, null, 7])
    for (const [list, text] of [
      ['{"name":"x","type":"int"}', /has no field y/],
      [`{"name":"y","type":"long"},{"name":"x","type":"string"}`, /does not fit that of the record/]
    ] as const) {
      const other = uniqueName('avro')
      await registry(`/subjects/${other}-value/versions`, { schema: fields(list) })
      await assert.rejects(
        async () => converter(latest).fromConnectData(other, mine, new Struct(mine, [7, 1])),
        text
      )
    }
    const { id } = await registry(`/subjects/${topic}-value/versions/latest`)
    const byId = converter({ 'auto.register.schemas': 'false', 'use.schema.id': String(id) })
    assert.equal(
      (await write(byId, uniqueName('avro'), mine, new Struct(mine, [1, 1]))).readInt32BE(1),
      id
    )
  })
})
