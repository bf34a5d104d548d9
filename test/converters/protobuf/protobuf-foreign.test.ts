import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Schema } from '../../../src/data/schema.ts'
import { Struct } from '../../../src/data/struct.ts'
import { DataError } from '../../../src/errors.ts'
import { uniqueName } from '../../support/environment.ts'
import { write } from '../../support/registry-converter.ts'
import { NULLABLE, converter, foreign, plain, registered } from '../../support/protobuf-records.ts'

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
