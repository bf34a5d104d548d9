import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { KNOWN_FILES } from '../../../src/converters/protobuf/protobuf-known-files.ts'
import { Decimal, decimalSchema } from '../../../src/data/logical-types.ts'
import { Schema } from '../../../src/data/schema.ts'
import { Struct } from '../../../src/data/struct.ts'
import { uniqueName } from '../../support/environment.ts'
import { python, pythonPackages } from '../../support/python-packages.ts'
import {
  everything,
  everyType,
  longs,
  texts,
  unscaled,
  write,
  writtenSchema
} from '../../support/registry-converter.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { NULLABLE, converter, plain } from '../../support/protobuf-records.ts'

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
