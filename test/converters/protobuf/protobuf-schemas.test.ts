import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Decimal, decimalSchema, timestampSchema } from '../../../src/data/logical-types.ts'
import { Schema } from '../../../src/data/schema.ts'
import { Struct } from '../../../src/data/struct.ts'
import { uniqueName } from '../../support/environment.ts'
import { registry, write, writtenSchema } from '../../support/registry-converter.ts'
import { converter, plain, registered, there } from '../../support/protobuf-records.ts'

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
    const optionalLine = line.copy({ optional: true })
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
