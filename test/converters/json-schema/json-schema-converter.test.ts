import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { jsonSchemaConverterPlugin } from '../../../src/converters/json-schema/json-schema-converter.ts'
import { Decimal, decimalSchema } from '../../../src/data/logical-types.ts'
import { Schema } from '../../../src/data/schema.ts'
import { sameSchema } from '../../../src/data/schema-equality.ts'
import { Struct } from '../../../src/data/struct.ts'
import { DataError } from '../../../src/errors.ts'
import type { Converter, ConverterUse } from '../../../src/plugin/converter.ts'
import { schemaRegistryUrl, uniqueName } from '../../support/environment.ts'
import { python, pythonPackages } from '../../support/python-packages.ts'
import {
  everything,
  everyType,
  foreign as foreignRecord,
  longs,
  registered as registerSchema,
  registry,
  registryConverter,
  texts,
  unscaled,
  write,
  writtenSchema
} from '../../support/registry-converter.ts'

const converter = (config: Record<string, string> = {}, use?: ConverterUse): Converter =>
  registryConverter(jsonSchemaConverterPlugin, config, use)

const json = (bytes: Buffer): unknown => JSON.parse(bytes.toString('utf8', 5))

const registered = (subject: string, schema: unknown): Promise<number> =>
  registerSchema(subject, { schemaType: 'JSON', schema: JSON.stringify(schema) })

const foreign = (id: number, value: unknown): Buffer =>
  foreignRecord(id, Buffer.from(JSON.stringify(value)))

describe('a record in JSON Schema through the registry', () => {
  for (const format of ['BASE64', 'NUMERIC']) {
    it(`I5: comes back as it was: types, names, digits, characters; decimals in ${format}`, async () => {
      const topic = uniqueName('json')
      const of = converter({ 'decimal.format': format })
      for (let i = 0; i < longs.length; i++) {
        const record = everything(
          longs[i] as number,
          texts[i % texts.length] as string,
          unscaled[i % unscaled.length] as bigint
        )
        const read = await of.toConnectData(topic, await write(of, topic, everyType, record))
        assert.ok(sameSchema(read.schema as Schema, everyType.copy({ version: 1 })))
        assert.deepEqual((read.value as Struct).values.slice(0, 16), record.values.slice(0, 16))
        const address = (read.value as Struct).get('address') as Struct
        assert.deepEqual(address.values, [texts[i % texts.length]])
      }
    })
  }

  it('is magic byte, id and JSON, members in the order of the fields', async () => {
    const of = converter({ 'json.decimal.format': 'numeric' })
    const bytes = await write(of, uniqueName('json'), everyType, everything(1, 'a', 5n))
    assert.equal(bytes[0], 0)
    const text = bytes.toString('utf8', 5)
    assert.match(text, /^\{"i8":-128,"i16":null,"i32":-2147483648,"i64":1,"f32":0.5,/)
    assert.match(text, /"amount":0.05,"day":-1,"time":86399999,"at":1700000000123,/)
    assert.match(text, /"counts":\[\{"key":-5,"value":"x"\},\{"key":6,"value":null\}\]/)
    const schema = JSON.parse(await writtenSchema(bytes)) as { title: string }
    assert.equal(schema.title, 'shop.Everything')
    const { schemaType } = await registry(`/schemas/ids/${bytes.readInt32BE(1)}`)
    assert.equal(schemaType, 'JSON')
  })

  it("is what Confluent's client for Python reads, which checks it against the schema", async (t) => {
    const folder = await pythonPackages(t, 'json')
    if (folder === null) return
    const topic = uniqueName('json')
    const of = converter({ 'decimal.format': 'NUMERIC' })
    const bytes = await write(of, topic, everyType, everything(2n ** 62n, '😀', -(2n ** 70n)))
    const program = `
import json
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.json_schema import JSONDeserializer
from confluent_kafka.serialization import SerializationContext, MessageField
client = SchemaRegistryClient({'url': sys.argv[1]})
read = JSONDeserializer(None, schema_registry_client=client)
print(json.dumps(read(bytes.fromhex(sys.argv[3]), SerializationContext(sys.argv[2], MessageField.VALUE))))
`
    const printed = await python(folder, program, schemaRegistryUrl(), topic, bytes.toString('hex'))
    assert.match(printed, /"i64": 4611686018427387904\b/)
    const value = JSON.parse(printed) as Record<string, unknown>
    assert.equal(value['text'], '😀')
    assert.deepEqual(value['counts'], [
      { key: -5, value: 'x' },
      { key: 6, value: null }
    ])
  })

  it('null is a tombstone without a schema, and JSON null or the default with one', async () => {
    const of = converter()
    const topic = uniqueName('json')
    assert.equal(of.fromConnectData(topic, null, null), null)
    assert.equal(json(await write(of, topic, Schema.OPTIONAL_STRING, null)), null)
    const withDefault = new Schema('string', { optional: true, defaultValue: 'x' })
    assert.equal(json(await write(of, uniqueName('json'), withDefault, null)), 'x')
    const kept = converter({ 'ignore.default.for.nullables': 'true' })
    assert.equal(json(await write(kept, uniqueName('json'), withDefault, null)), null)
    await assert.rejects(
      async () => of.fromConnectData(uniqueName('json'), Schema.STRING, null),
      /required/
    )
    assert.deepEqual(await of.toConnectData(topic, null), { schema: null, value: null })
  })

  it('without a schema it is JSON of a schema that allows anything', async () => {
    const of = converter()
    const topic = uniqueName('json')
    const value = new Map<string, unknown>([['a', [1, 2.5, null, true, 2n ** 60n]]])
    const read = await of.toConnectData(topic, await write(of, topic, null, value))
    assert.deepEqual(read, { schema: null, value })
  })

  it('unions: the first branch that fits', async () => {
    const of = converter()
    const topic = uniqueName('json')
    const object = (...names: string[]) => ({
      type: 'object',
      properties: Object.fromEntries(names.map((name) => [name, { type: 'integer' }]))
    })
    const id = await registered(`${topic}-value`, {
      $schema: 'http://json-schema.org/draft-07/schema#',
      oneOf: [
        { type: 'integer', 'connect.type': 'int8' },
        object('a'),
        object('b', 'c'),
        { type: 'string' }
      ]
    })
    const branch = async (value: unknown): Promise<number> => {
      const read = await of.toConnectData(topic, foreign(id, value))
      const again = await write(of, uniqueName('json'), read.schema, read.value)
      assert.deepEqual(json(again), value)
      return (read.value as Struct).values.findIndex((part) => part !== null)
    }
    assert.deepEqual(
      await Promise.all([branch(5), branch({ a: 1 }), branch({ b: 1, c: 2 }), branch('x')]),
      [0, 1, 2, 3]
    )
    await assert.rejects(async () => of.toConnectData(topic, foreign(id, 500)), /Expected int8/)
    await assert.rejects(async () => of.toConnectData(topic, foreign(id, true)), /matching oneof/)
  })

  it('I5: a value that does not fit, and bytes that are no such record, are errors that say where', async () => {
    const of = converter()
    const topic = uniqueName('json')
    const schema = Schema.struct([{ name: 'n', schema: Schema.INT8 }])
    await assert.rejects(
      async () => of.fromConnectData(topic, schema, new Struct(schema, [200])),
      (error: Error) =>
        error instanceof DataError && /topic .*Field n does not fit/.test(error.message)
    )
    const bytes = await write(of, topic, schema, new Struct(schema, [1]))
    const bad: [Uint8Array, RegExp][] = [
      [Buffer.from('{"n":1}'), /Unknown magic byte!/],
      [bytes.subarray(0, -1), /JSON ends too early/],
      [Buffer.concat([bytes.subarray(0, 5), Buffer.from([0xff])]), /not UTF-8/],
      [Buffer.concat([bytes.subarray(0, 5), Buffer.from('{"n":1.5}')]), /Expected int8.*at n/]
    ]
    for (const [record, text] of bad) {
      await assert.rejects(async () => of.toConnectData(topic, record), text)
    }
  })
})

describe('records checked against their JSON Schema', () => {
  const strict = { 'json.fail.invalid.schema': 'true' }

  it('json.fail.invalid.schema: what others wrote, in each dialect', async () => {
    const dialects = [
      'http://json-schema.org/draft-04/schema#',
      'http://json-schema.org/draft-06/schema#',
      'http://json-schema.org/draft-07/schema#',
      'https://json-schema.org/draft/2019-09/schema',
      'https://json-schema.org/draft/2020-12/schema',
      undefined
    ]
    for (const $schema of dialects) {
      const topic = uniqueName('json')
      const id = await registered(`${topic}-value`, {
        ...($schema === undefined ? {} : { $schema }),
        type: 'object',
        properties: { age: { type: 'integer', minimum: 18, 'connect.type': 'int32' } }
      })
      const of = converter(strict)
      const read = await of.toConnectData(topic, foreign(id, { age: 18 }))
      assert.deepEqual((read.value as Struct).values, [18])
      await assert.rejects(
        async () => of.toConnectData(topic, foreign(id, { age: 17 })),
        /not what its JSON Schema says: \/age must be >= 18/
      )
      assert.ok(await converter().toConnectData(topic, foreign(id, { age: 17 })))
    }
    const unknown = { ...strict, 'json.schema.spec.version': 'draft_5' }
    assert.throws(() => converter(unknown), /json.schema.spec.version/)
  })

  it('json.fail.invalid.schema: decimals are right in both notations', async () => {
    const schema = Schema.struct([{ name: 'd', schema: decimalSchema(2) }])
    for (const format of ['BASE64', 'NUMERIC']) {
      const of = converter({ ...strict, 'decimal.format': format })
      const topic = uniqueName('json')
      const record = new Struct(schema, [new Decimal(1250n, 2)])
      const read = await of.toConnectData(topic, await write(of, topic, schema, record))
      assert.deepEqual((read.value as Struct).values, record.values)
    }
  })

  it('use.latest.version: records are what the latest schema says, or are not written', async () => {
    const topic = uniqueName('json')
    const latest = { 'auto.register.schemas': 'false', 'use.latest.version': 'true' }
    const schema = Schema.struct([
      { name: 'a', schema: Schema.INT32 },
      { name: 'b', schema: Schema.OPTIONAL_STRING }
    ])
    const document = (b: unknown) => ({
      type: 'object',
      additionalProperties: false,
      properties: { a: { type: 'integer' }, ...(b === undefined ? {} : { b }) }
    })
    const id = await registered(`${topic}-value`, document({ type: ['string', 'null'] }))
    const record = new Struct(schema, [1, 'x'])
    assert.deepEqual(
      await write(converter(latest), topic, schema, record),
      foreign(id, { a: 1, b: 'x' })
    )
    const other = uniqueName('json')
    await registered(`${other}-value`, document(undefined))
    await assert.rejects(
      async () => converter(latest).fromConnectData(other, schema, record),
      /must NOT have additional properties/
    )
    const byId = converter({ 'auto.register.schemas': 'false', 'use.schema.id': String(id) })
    assert.equal((await write(byId, other, schema, record)).readInt32BE(1), id)
  })

  it('references to other subjects are followed, and checked', async () => {
    const name = uniqueName('address.json')
    await registered(name, {
      type: 'object',
      properties: { zip: { type: 'string', minLength: 5 } }
    })
    const topic = uniqueName('json')
    const body = {
      schemaType: 'JSON',
      schema: JSON.stringify({ type: 'object', properties: { home: { $ref: name } } }),
      references: [{ name, subject: name, version: 1 }]
    }
    const { id } = await registry(`/subjects/${topic}-value/versions`, body)
    const of = converter(strict)
    const read = await of.toConnectData(topic, foreign(id as number, { home: { zip: '12345' } }))
    assert.equal(((read.value as Struct).get('home') as Struct).get('zip'), '12345')
    await assert.rejects(
      async () => of.toConnectData(topic, foreign(id as number, { home: { zip: '1' } })),
      /\/home\/zip must NOT have fewer than 5/
    )
  })
})

describe('subjects of JSON Schemas', () => {
  it('are named by the title with the strategies that want a name', async () => {
    const strategy = 'io.confluent.kafka.serializers.subject.TopicRecordNameStrategy'
    const topic = uniqueName('json')
    const of = converter({ 'key.subject.name.strategy': strategy }, 'key')
    const schema = Schema.struct([{ name: 'x', schema: Schema.INT32 }], { name: 'shop.Order' })
    const bytes = await write(of, topic, schema, new Struct(schema, [1]))
    const { id } = await registry(`/subjects/${topic}-shop.Order/versions/latest`)
    assert.equal(bytes.readInt32BE(1), id)
    await assert.rejects(
      async () => of.fromConnectData(topic, Schema.STRING, 'x'),
      /needs a record/
    )
  })

  it('a schema of another format is refused', async () => {
    const topic = uniqueName('json')
    const { id } = await registry(`/subjects/${topic}-value/versions`, { schema: '"string"' })
    await assert.rejects(
      async () => converter().toConnectData(topic, foreign(id as number, 'x')),
      /is of type AVRO, not JSON/
    )
  })
})
