import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { protobufConverterPlugin } from '../../src/converters/protobuf-converter.ts'
import { KNOWN_FILES } from '../../src/converters/protobuf-known-files.ts'
import { Decimal, decimalSchema, timestampSchema } from '../../src/data/logical-types.ts'
import { Schema } from '../../src/data/schema.ts'
import { Struct } from '../../src/data/struct.ts'
import { DataError } from '../../src/errors.ts'
import type { Converter, SchemaAndValue } from '../../src/plugin/converter.ts'
import { uniqueName } from '../support/environment.ts'
import { python, pythonPackages } from '../support/python-packages.ts'
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
} from '../support/registry-converter.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const converter = (config: Record<string, string> = {}, isKey = false): Converter =>
  registryConverter(protobufConverterPlugin, config, isKey)
const NULLABLE = { 'optional.for.nullables': 'true' }

/** Arrays of Protobuf have no nulls. */
function record(i64: number | bigint, text: string, number: bigint): Struct {
  const made = everything(i64, text, number)
  return made.put('tags', ['a', text]).put(
    'counts',
    new Map([
      [-5, 'x'],
      [6, text]
    ])
  )
}

async function registered(
  subject: string,
  schema: string,
  references: unknown[] = []
): Promise<number> {
  const body = { schemaType: 'PROTOBUF', schema, references }
  return (await registry(`/subjects/${subject}/versions`, body))['id'] as number
}

/** A record as somebody else writes it: indexes and message in hexadecimal. */
function foreign(id: number, hex: string): Buffer {
  const head = Buffer.alloc(5)
  head.writeInt32BE(id, 1)
  return Buffer.concat([head, Buffer.from(hex.replaceAll(' ', ''), 'hex')])
}

const plain = (value: unknown): unknown => {
  if (value instanceof Struct) {
    return Object.fromEntries(
      value.schema.fields.map(({ name, index }) => [name, plain(value.values[index])])
    )
  }
  return Array.isArray(value) ? value.map(plain) : value
}

async function there(
  schema: Schema,
  value: unknown,
  config: Record<string, string> = {}
): Promise<SchemaAndValue> {
  const topic = uniqueName('protobuf')
  const of = converter(config)
  return await of.toConnectData(topic, await write(of, topic, schema, value))
}

describe('a record in Protobuf through the registry', () => {
  for (const config of [{}, NULLABLE, { 'wrapper.for.nullables': 'true' }]) {
    it(`I5: comes back as it was: digits, characters, maps (${JSON.stringify(config)})`, async () => {
      const topic = uniqueName('protobuf')
      const of = converter(config)
      for (let i = 0; i < longs.length; i++) {
        const text = texts[i % texts.length] as string
        const made = record(longs[i] as number, text, unscaled[i % unscaled.length] as bigint)
        const read = await of.toConnectData(topic, await write(of, topic, everyType, made))
        const expected = plain(made) as Record<string, unknown>
        // Without one of the settings Protobuf cannot tell null from 0.
        if (!('optional.for.nullables' in config) && !('wrapper.for.nullables' in config)) {
          expected['i16'] = 0
        }
        assert.deepEqual(plain(read.value), expected)
        assert.equal(read.schema?.version, 1)
        assert.equal(read.schema?.name, 'Everything')
      }
    })
  }

  it('is magic byte, id, a 0 for the first message, and the fields', async () => {
    const schema = Schema.struct(
      [
        { name: 'id', schema: Schema.INT32 },
        { name: 'name', schema: Schema.OPTIONAL_STRING },
        { name: 'none', schema: Schema.INT64 },
        { name: 'numbers', schema: Schema.array(Schema.INT32) }
      ],
      { name: 'shop.Order' }
    )
    const made = new Struct(schema, [150, 'ab', 0, [1, -1]])
    const bytes = await write(converter(), uniqueName('protobuf'), schema, made)
    assert.equal(
      bytes.subarray(5).toString('hex'),
      `00${'089601'}${'12026162'}${'220b01'}ffffffffffffffffff01`
    )
    assert.equal(
      await writtenSchema(bytes),
      'syntax = "proto3";\npackage shop;\n\nmessage Order {\n  int32 id = 1;\n  string name = 2;\n  int64 none = 3;\n  repeated int32 numbers = 4;\n}\n'
    )
  })

  it('keeps the marks of Connect in the options of the fields', async () => {
    const schema = Schema.struct([
      { name: 'b', schema: Schema.INT8 },
      {
        name: 'd',
        schema: decimalSchema(2, { parameters: new Map([['connect.decimal.precision', '9']]) })
      }
    ])
    const topic = uniqueName('protobuf')
    const of = converter()
    const bytes = await write(of, topic, schema, new Struct(schema, [5, new Decimal(-150n, 2)]))
    const text = await writtenSchema(bytes)
    assert.match(
      text,
      /^import "confluent\/meta.proto";\nimport "confluent\/type\/decimal.proto";$/m
    )
    assert.match(
      text,
      /int32 b = 1 \[\(confluent.field_meta\) = \{\n\s+params: \[\n\s+\{\n\s+key: "connect.type",\n\s+value: "int8"/
    )
    const read = await of.toConnectData(topic, bytes)
    assert.equal(read.schema?.name, 'ConnectDefault1')
    assert.deepEqual(
      read.schema?.fields.map((field) => [field.schema.type, [...(field.schema.parameters ?? [])]]),
      [
        ['int8', [['io.confluent.connect.protobuf.Tag', '1']]],
        [
          'bytes',
          [
            ['scale', '2'],
            ['connect.decimal.precision', '9'],
            ['io.confluent.connect.protobuf.Tag', '2']
          ]
        ]
      ]
    )
    assert.deepEqual((read.value as Struct).values, [5, new Decimal(-150n, 2)])
  })

  it('is what the reference implementation of Protobuf reads with the registered schema', async (t) => {
    const folder = await pythonPackages(t, 'protobuf')
    if (folder === null) return
    const topic = uniqueName('protobuf')
    const bytes = await write(
      converter(NULLABLE),
      topic,
      everyType,
      record(2n ** 63n - 1n, '😀', -12_345n)
    )
    const dir = temporaryFolder(t)
    for (const [name, { text }] of KNOWN_FILES) {
      if (!name.startsWith('confluent/')) continue
      mkdirSync(dirname(join(dir, name)), { recursive: true })
      writeFileSync(join(dir, name), text)
    }
    writeFileSync(join(dir, 'record.proto'), await writtenSchema(bytes))
    const program = `
import os
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, json_format
from grpc_tools import protoc
import grpc_tools
folder, dir, record = sys.path[0], *sys.argv[1:]
includes = [dir, folder, os.path.join(os.path.dirname(grpc_tools.__file__), '_proto')]
out = os.path.join(dir, 'set')
assert protoc.main(['protoc', *['-I' + i for i in includes], '--include_imports', '--descriptor_set_out=' + out, 'record.proto']) == 0
files = descriptor_pb2.FileDescriptorSet.FromString(open(out, 'rb').read())
pool = descriptor_pool.DescriptorPool()
for file in files.file: pool.Add(file)
Message = message_factory.GetMessageClass(pool.FindMessageTypeByName('shop.Everything'))
data = bytes.fromhex(record)
message = Message.FromString(data[6:])
assert not message.HasField('i16')
print(json_format.MessageToJson(message, preserving_proto_field_name=True, descriptor_pool=pool))
assert message.SerializeToString(deterministic=True) == data[6:], 'other bytes'
`
    const value = JSON.parse(await python(folder, program, dir, bytes.toString('hex'))) as Record<
      string,
      unknown
    >
    assert.equal(value['i64'], '9223372036854775807')
    assert.equal(value['text'], '😀')
    assert.deepEqual(value['day'], { year: 1969, month: 12, day: 31 })
    assert.deepEqual(value['time'], { hours: 23, minutes: 59, seconds: 59, nanos: 999_000_000 })
    assert.equal(value['at'], '2023-11-14T22:13:20.123Z')
    assert.deepEqual(value['amount'], { value: 'z8c=', precision: 5, scale: 2 })
    assert.deepEqual(value['counts'], [
      { key: -5, value: 'x' },
      { key: 6, value: '😀' }
    ])
  })

  it('a primitive is a wrapper message of the file that has them', async () => {
    const topic = uniqueName('protobuf')
    const of = converter()
    const cases: [Schema, unknown, string][] = [
      [Schema.STRING, 'x', '02 0e 0a 01 78'],
      [Schema.INT64, 2n ** 60n, '02 04 08 808080808080808010'],
      [Schema.BOOLEAN, false, '02 0c'],
      [Schema.BYTES, Buffer.from([1]), '02 10 0a 01 01'],
      [Schema.FLOAT32, 0.5, '02 02 0d 0000003f']
    ]
    for (const [schema, value, hex] of cases) {
      const bytes = await write(of, topic, schema, value)
      assert.equal(bytes.subarray(5).toString('hex'), hex.replaceAll(' ', ''))
      const read = await of.toConnectData(topic, bytes)
      assert.deepEqual([read.schema?.type, read.value], [schema.type, value])
    }
    const raw = converter({ 'wrapper.for.raw.primitives': 'false' })
    const read = await raw.toConnectData(topic, await write(of, topic, Schema.STRING, 'x'))
    assert.deepEqual([read.schema?.name, plain(read.value)], ['StringValue', { value: 'x' }])
  })

  it('null is a tombstone; a value without a schema is an error', async () => {
    const of = converter()
    assert.equal(of.fromConnectData('t', null, null), null)
    assert.equal(of.fromConnectData('t', Schema.STRING, null), null)
    assert.deepEqual(await of.toConnectData('t', null), { schema: null, value: null })
    await assert.rejects(async () => of.fromConnectData('t', null, 'x'), /Protobuf needs a schema/)
  })
})

describe('Protobuf schemas others wrote', () => {
  const file = `syntax = "proto3";
package shop;
import "google/protobuf/wrappers.proto";
import "google/protobuf/timestamp.proto";
message Other { string x = 1; }
message Order {
  enum Color { NONE = 0; RED = 5; }
  message Line { sint32 n = 1; }
  fixed64 id = 1;
  map<string, Line> lines = 2;
  oneof payment { string card = 3; int32 cash = 4; }
  Color color = 5;
  optional string note = 6;
  google.protobuf.StringValue tag = 7;
  repeated sint64 numbers = 8;
  google.protobuf.Timestamp at = 9;
}
`
  const INDEX_OF_ORDER = '02 02'
  const message =
    '09 0500000000000000 12 09 0a 03 61 62 63 12 02 08 09 20 07 28 05 3a 03 0a 01 74 42 02 01 04 4a 06 08 01 10 80 89 7a'

  async function read(
    config: Record<string, string>,
    hex: string
  ): Promise<{ schema: Schema; value: Record<string, unknown> }> {
    const topic = uniqueName('protobuf')
    const id = await registered(`${topic}-value`, file)
    const { schema, value } = await converter(config).toConnectData(topic, foreign(id, hex))
    assert.ok(schema !== null)
    return { schema, value: plain(value) as Record<string, unknown> }
  }

  it('the message is found by its index, its fields by their numbers', async () => {
    const { schema, value } = await read({}, `${INDEX_OF_ORDER} ${message}`)
    const { lines, ...rest } = value
    assert.deepEqual(rest, {
      payment_0: { card: null, cash: 7 },
      id: 5,
      color: 'RED',
      note: null,
      tag: { value: 't' },
      numbers: [-1, 2],
      at: 1002
    })
    const map = lines as Map<string, Struct>
    assert.deepEqual(
      [...map].map(([key, line]) => [key, plain(line)]),
      [['abc', { n: -5 }]]
    )
    assert.deepEqual(
      schema.fields.map(({ name, schema: { type, optional, name: of } }) => [
        name,
        type,
        optional,
        of
      ]),
      [
        ['payment_0', 'struct', true, 'io.confluent.connect.protobuf.Union.payment'],
        ['id', 'int64', true, undefined],
        ['lines', 'map', true, 'lines'],
        ['color', 'string', true, 'Color'],
        ['note', 'string', true, undefined],
        ['tag', 'struct', true, 'StringValue'],
        ['numbers', 'array', true, undefined],
        ['at', 'int64', true, 'org.apache.kafka.connect.data.Timestamp']
      ]
    )
    assert.equal(
      schema.field('id')?.schema.parameters?.get('io.confluent.connect.protobuf.Type'),
      'fixed64'
    )
    const color = 'io.confluent.connect.protobuf.Enum'
    assert.equal(schema.field('color')?.schema.parameters?.get(`${color}.RED`), '5')
    const other = await read({}, '00 0a 01 79')
    assert.deepEqual(other.value, { x: 'y' })
  })

  it('what is absent is 0, empty or null', async () => {
    const { value } = await read(NULLABLE, INDEX_OF_ORDER)
    assert.deepEqual(value, {
      payment_0: null,
      id: 0,
      lines: new Map(),
      color: 'NONE',
      note: null,
      tag: null,
      numbers: [],
      at: null
    })
  })

  it('settings: names with their package, wrappers as primitives, enums as numbers, flat unions', async () => {
    const config = {
      'enhanced.protobuf.schema.support': 'true',
      'wrapper.for.nullables': 'true',
      'int.for.enums': 'true',
      'generate.index.for.unions': 'false',
      'generalized.sum.type.support': 'true'
    }
    const { schema, value } = await read(config, `${INDEX_OF_ORDER} ${message}`)
    assert.equal(schema.name, 'shop.Order')
    assert.equal(schema.field('id')?.schema.optional, false)
    assert.deepEqual([value['tag'], value['color']], ['t', 5])
    assert.deepEqual(value['payment'], { card: null, cash: 7 })
    const parameters = schema.field('payment')?.schema.parameters
    assert.equal(parameters?.get('org.apache.kafka.connect.data.Union'), 'payment')
    const flat = await read({ 'flatten.unions': 'true' }, `${INDEX_OF_ORDER} ${message}`)
    assert.deepEqual([flat.value['card'], flat.value['cash']], [null, 7])
  })

  it('come back as the same bytes when they are written again', async () => {
    const topic = uniqueName('protobuf')
    const id = await registered(`${topic}-value`, file)
    const bytes = foreign(id, `${INDEX_OF_ORDER} ${message}`)
    const config = { ...NULLABLE, 'enhanced.protobuf.schema.support': 'true' }
    const { schema, value } = await converter(config).toConnectData(topic, bytes)
    const latest = { ...config, 'auto.register.schemas': 'false', 'use.latest.version': 'true' }
    const again = await write(converter(latest), topic, schema, value)
    assert.equal(again.toString('hex'), bytes.toString('hex'))
  })

  it('proto2: defaults, required fields, and optional.for.proto2', async () => {
    const proto2 =
      'syntax = "proto2";\nmessage M { required int32 r = 1; optional int32 o = 2 [default = 7]; optional string s = 3; }\n'
    const topic = uniqueName('protobuf')
    const id = await registered(`${topic}-value`, proto2)
    const bytes = foreign(id, '00 08 01')
    const values = async (config: Record<string, string>): Promise<unknown> =>
      plain((await converter(config).toConnectData(topic, bytes)).value)
    assert.deepEqual(await values({}), { r: 1, o: null, s: null })
    assert.deepEqual(await values({ 'optional.for.proto2': 'false' }), { r: 1, o: 7, s: '' })
  })

  it('imports are found in the subjects the schema refers to', async () => {
    const name = uniqueName('address.proto')
    await registered(
      name,
      'syntax = "proto3";\npackage shop;\nmessage Address { string zip = 1; }\n'
    )
    const topic = uniqueName('protobuf')
    const id = await registered(
      `${topic}-value`,
      `syntax = "proto3";\npackage shop;\nimport "${name}";\nmessage Home { Address a = 1; }\n`,
      [{ name, subject: name, version: 1 }]
    )
    const { value } = await converter().toConnectData(topic, foreign(id, '00 0a 03 0a 01 37'))
    assert.deepEqual(plain(value), { a: { zip: '7' } })
  })

  it('I5: what Connect cannot hold, and bytes that are no such record, are errors', async () => {
    const bad: [string, RegExp][] = [
      ['02 04 00', /no message at \[2\]/],
      ['02', /ends within a value/],
      [`${INDEX_OF_ORDER} 09 05`, /ends within a value/],
      [`${INDEX_OF_ORDER} 08 05`, /Field 1 is of another type/],
      [`${INDEX_OF_ORDER} 09 ffffffffffffffff`, /unsigned number beyond int64/],
      [`${INDEX_OF_ORDER} 28 06`, /number the enum Color does not have: 6/],
      [`${INDEX_OF_ORDER} 32 01 ff`, /not UTF-8/],
      [`${INDEX_OF_ORDER} 4a 02 10 01`, /finer than milliseconds/]
    ]
    for (const [hex, text] of bad) {
      await assert.rejects(read({}, hex), (error: Error) => {
        assert.ok(error instanceof DataError, error.message)
        assert.match(error.message, text)
        return /^Failed to deserialize data for topic \S+ to Protobuf: /.test(error.message)
      })
    }
    const topic = uniqueName('protobuf')
    const id = await registered(`${topic}-value`, 'syntax = "proto3";\nmessage M { M me = 1; }\n')
    await assert.rejects(
      async () => converter().toConnectData(topic, foreign(id, '00')),
      /contains itself/
    )
  })
})

describe('Protobuf schemas of Connect schemas', () => {
  const f = (name: string, schema: Schema) => ({ name, schema })

  it('nested messages, enums, unions and numbers of their own', async () => {
    const ENUM = 'io.confluent.connect.protobuf.Enum'
    const color = new Schema('string', {
      optional: true,
      name: 'shop.Color',
      parameters: new Map([
        [ENUM, 'Color'],
        [`${ENUM}.RED`, '1'],
        [`${ENUM}.NONE`, '0']
      ])
    })
    const line = Schema.struct([f('line', Schema.STRING)], { name: 'shop.line' })
    const optionalLine = line.asOptional()
    const union = Schema.struct([f('a', Schema.OPTIONAL_INT32), f('b', optionalLine)], {
      name: 'io.confluent.connect.protobuf.Union.what',
      optional: true
    })
    const tagged = new Schema('int64', {
      parameters: new Map([
        ['io.confluent.connect.protobuf.Tag', '20'],
        ['io.confluent.connect.protobuf.Type', 'sint64']
      ])
    })
    const schema = Schema.struct(
      [
        f('line', line),
        f('lines', Schema.array(line)),
        f('what_0', union),
        f('color', color),
        f('t', tagged)
      ],
      { name: 'Order' }
    )
    const row = (text: string): Struct => new Struct(line, [text])
    const value = new Struct(schema, [
      row('a'),
      [row('b'), row('')],
      new Struct(union, [null, new Struct(optionalLine, ['c'])]),
      'RED',
      -3
    ])
    const topic = uniqueName('protobuf')
    const of = converter()
    const bytes = await write(of, topic, schema, value)
    assert.equal(
      await writtenSchema(bytes),
      `syntax = "proto3";

message Order {
  lineMessage line = 1;
  repeated lineMessage lines = 2;
  oneof what {
    int32 a = 3;
    lineMessage b = 4;
  }
  Color color = 5;
  sint64 t = 20;

  message lineMessage {
    string line = 1;
  }

  enum Color {
    NONE = 0;
    RED = 1;
  }
}
`
    )
    const read = await of.toConnectData(topic, bytes)
    assert.deepEqual(plain(read.value), {
      what_0: { a: null, b: { line: 'c' } },
      line: { line: 'a' },
      lines: [{ line: 'b' }, { line: '' }],
      color: 'RED',
      t: -3
    })
    await assert.rejects(
      async () =>
        of.fromConnectData(
          topic,
          schema,
          new Struct(schema, [...value.values.slice(0, 3), 'BLUE', 1])
        ),
      /Expected a symbol of Color/
    )
  })

  it('scrub.invalid.names: names Protobuf does not allow are replaced, or are errors', async () => {
    const schema = Schema.struct([f('unit price', Schema.INT32), f('_x', Schema.INT32)], {
      name: 'shop.2-orders'
    })
    const row = new Struct(schema, [5, 6])
    await assert.rejects(
      async () => converter().fromConnectData('t', schema, row),
      /"2-orders" is not a name Protobuf allows.*scrub\.invalid\.names=true/
    )
    const topic = uniqueName('protobuf')
    const bytes = await write(converter({ 'scrub.invalid.names': 'true' }), topic, schema, row)
    assert.match(
      await writtenSchema(bytes),
      /message x2_orders \{\n {2}int32 unit_price = 1;\n {2}int32 x_x = 2;/
    )
    assert.equal(bytes.subarray(6).toString('hex'), '08051006')
  })

  it('I5: what Protobuf cannot hold is an error that says where', async () => {
    const bad: [Schema, unknown[], RegExp][] = [
      [Schema.struct([f('n', Schema.INT8)]), [200], /Field n does not fit/],
      [Schema.struct([f('n', Schema.INT32)]), [null], /Field n is null/],
      [
        Schema.struct([f('n', Schema.array(Schema.OPTIONAL_INT32))]),
        [[1, null]],
        /null in an array/
      ],
      [
        Schema.struct([f('n', Schema.array(Schema.array(Schema.INT32)))]),
        [[]],
        /no arrays of arrays/
      ],
      [Schema.struct([f('n', timestampSchema())]), [2n ** 60n], /beyond 2\^53/],
      [Schema.struct([f('a b', Schema.INT32), f('a_b', Schema.INT32)]), [1, 2], /become one/]
    ]
    for (const [schema, values, text] of bad) {
      const of = converter({ 'scrub.invalid.names': 'true' })
      await assert.rejects(
        async () => of.fromConnectData(uniqueName('protobuf'), schema, new Struct(schema, values)),
        text
      )
    }
    await assert.rejects(
      async () => there(Schema.array(Schema.INT32), [1]),
      /Unsupported root schema of type ARRAY/
    )
  })

  it('use.latest.version: with the numbers and types of the latest schema, or not at all', async () => {
    const latest = { 'auto.register.schemas': 'false', 'use.latest.version': 'true' }
    const schema = Schema.struct([f('x', Schema.INT32), f('y', Schema.STRING)], { name: 'Order' })
    const row = new Struct(schema, [7, 'a'])
    const topic = uniqueName('protobuf')
    const text = (fields: string): string =>
      `syntax = "proto3";\nmessage First {}\nmessage Order { ${fields} }\n`
    await registered(`${topic}-value`, text('string y = 1; sint64 x = 2; string more = 3;'))
    const bytes = await write(converter(latest), topic, schema, row)
    assert.equal(bytes.subarray(5).toString('hex'), '02020a0161100e')
    for (const [fields, reason] of [
      ['int32 x = 1;', /has no field y/],
      ['string x = 1; string y = 2;', /int32 cannot be written as string, which field x is/]
    ] as const) {
      const other = uniqueName('protobuf')
      await registered(`${other}-value`, text(fields))
      await assert.rejects(
        async () => converter(latest).fromConnectData(other, schema, row),
        reason
      )
    }
  })

  it('skip.known.types=false: imported files are registered under their names and referred to', async () => {
    const schema = Schema.struct([f('d', decimalSchema(2))], { name: 'Priced' })
    const row = new Struct(schema, [new Decimal(5n, 2)])
    const topic = uniqueName('protobuf')
    const of = converter({ 'skip.known.types': 'false' })
    const bytes = await write(of, topic, schema, row)
    const { references } = await registry(`/schemas/ids/${bytes.readInt32BE(1)}`)
    assert.deepEqual(
      (references as { name: string; subject: string }[]).map(({ name, subject }) => [
        name,
        subject
      ]),
      ['confluent/meta.proto', 'confluent/type/decimal.proto'].map((name) => [name, name])
    )
    assert.deepEqual(plain((await of.toConnectData(topic, bytes)).value), { d: new Decimal(5n, 2) })
  })

  it('subjects are named by the full name of the message with the strategies that want one', async () => {
    const strategy = 'io.confluent.kafka.serializers.subject.RecordNameStrategy'
    const name = `shop.M${uniqueName('x').replaceAll('-', '_')}`
    const schema = Schema.struct([f('x', Schema.INT32)], { name })
    const of = converter({ 'value.subject.name.strategy': strategy })
    const bytes = await write(of, 't', schema, new Struct(schema, [1]))
    const { id } = await registry(`/subjects/${name}/versions/latest`)
    assert.equal(bytes.readInt32BE(1), id)
  })
})
