import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConnectSchemas } from '../../../src/converters/avro/connect-from-avro.ts'
import { scrubName } from '../../../src/converters/avro/avro-names.ts'
import { parseAvro } from '../../../src/converters/avro/avro-node.ts'
import {
  type AvroSchemaOptions,
  avroSchemaText
} from '../../../src/converters/avro/avro-from-connect.ts'
import { parseJson } from '../../../src/data/json-node.ts'
import {
  dateSchema,
  Decimal,
  decimalSchema,
  timeSchema,
  timestampSchema
} from '../../../src/data/logical-types.ts'
import { Schema } from '../../../src/data/schema.ts'
import { sameSchema } from '../../../src/data/schema-equality.ts'
import { Struct } from '../../../src/data/struct.ts'

const plain: AvroSchemaOptions = {
  enhanced: false,
  scrubNames: false,
  metaData: true,
  optionalMapKeys: false
}
const struct = (name: string, schema: Schema, of = 'shop.row'): Schema =>
  Schema.struct([{ name, schema }], { name: of })

/** Type and default of the one field of a record. */
function fieldOf(schema: Schema, options = plain): unknown {
  const { fields } = JSON.parse(avroSchemaText(struct('f', schema), options)) as {
    fields: { type: unknown; default?: unknown }[]
  }
  const { type, ...rest } = fields[0] as { type: unknown; default?: unknown }
  return 'default' in rest ? [type, rest.default] : type
}

function readBack(text: string, enhanced = false): Schema {
  return new ConnectSchemas({ enhanced, metaData: true }).of(parseAvro(parseJson(text), new Map()))
}

describe('the Avro schema of a table row', () => {
  it('is the text that Confluent registers, attribute by attribute', () => {
    const schema = Schema.struct(
      [
        { name: 'id', schema: Schema.INT64 },
        { name: 'amount', schema: decimalSchema(2, { optional: true }) },
        { name: 'at', schema: timestampSchema() }
      ],
      { name: 'orders' }
    )
    assert.equal(
      avroSchemaText(schema, plain),
      '{"type":"record","name":"orders","fields":[{"name":"id","type":"long"},' +
        '{"name":"amount","type":["null",{"type":"bytes","scale":2,"precision":64,"connect.version":1,' +
        '"connect.parameters":{"scale":"2"},"connect.name":"org.apache.kafka.connect.data.Decimal","logicalType":"decimal"}],"default":null},' +
        '{"name":"at","type":{"type":"long","connect.version":1,"connect.name":"org.apache.kafka.connect.data.Timestamp",' +
        '"logicalType":"timestamp-millis"}}],"connect.name":"orders"}'
    )
  })

  it('has a plain form without connect.meta.data', () => {
    const text = avroSchemaText(struct('at', timestampSchema()), { ...plain, metaData: false })
    assert.equal(
      text,
      '{"type":"record","name":"row","namespace":"shop","fields":[{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}}]}'
    )
  })
})

describe('types', () => {
  const cases: [string, Schema, unknown][] = [
    ['int8', Schema.INT8, { type: 'int', 'connect.type': 'int8' }],
    ['int16', Schema.INT16, { type: 'int', 'connect.type': 'int16' }],
    ['int32', Schema.INT32, 'int'],
    ['float32', Schema.FLOAT32, 'float'],
    ['float64', Schema.FLOAT64, 'double'],
    ['bytes', Schema.BYTES, 'bytes'],
    ['optional', Schema.OPTIONAL_BOOLEAN, [['null', 'boolean'], null]],
    [
      'optional with a default',
      new Schema('int32', { optional: true, defaultValue: 7 }),
      [[{ type: 'int', 'connect.default': 7 }, 'null'], 7]
    ],
    [
      'a default of bytes',
      new Schema('bytes', { defaultValue: Buffer.from([0, 255]) }),
      [{ type: 'bytes', 'connect.default': '\u0000\u00ff' }, '\u0000\u00ff']
    ],
    [
      'date',
      dateSchema(),
      {
        type: 'int',
        'connect.version': 1,
        'connect.name': 'org.apache.kafka.connect.data.Date',
        logicalType: 'date'
      }
    ],
    [
      'time',
      timeSchema(),
      {
        type: 'int',
        'connect.version': 1,
        'connect.name': 'org.apache.kafka.connect.data.Time',
        logicalType: 'time-millis'
      }
    ],
    [
      'decimal with a precision',
      decimalSchema(0, { parameters: new Map([['connect.decimal.precision', '38']]) }),
      {
        type: 'bytes',
        scale: 0,
        precision: 38,
        'connect.version': 1,
        'connect.parameters': { scale: '0', 'connect.decimal.precision': '38' },
        'connect.name': 'org.apache.kafka.connect.data.Decimal',
        logicalType: 'decimal'
      }
    ],
    [
      'map with string keys',
      Schema.map(Schema.STRING, Schema.OPTIONAL_INT64),
      { type: 'map', values: ['null', 'long'] }
    ],
    [
      'map with other keys',
      Schema.map(Schema.INT32, Schema.STRING),
      {
        type: 'array',
        items: {
          type: 'record',
          name: 'MapEntry',
          namespace: 'io.confluent.connect.avro',
          fields: [
            { name: 'key', type: 'int' },
            { name: 'value', type: 'string' }
          ]
        }
      }
    ],
    [
      'named map with optional keys',
      Schema.map(Schema.OPTIONAL_STRING, Schema.STRING, { name: 'shop.Labels' }),
      {
        type: 'array',
        items: {
          type: 'record',
          name: 'Labels',
          fields: [
            { name: 'key', type: ['null', 'string'], default: null },
            { name: 'value', type: 'string' }
          ],
          'connect.internal.type': 'MapEntry'
        },
        'connect.name': 'shop.Labels'
      }
    ]
  ]
  for (const [name, schema, expected] of cases) {
    it(`${name}: to Avro and back`, () => {
      assert.deepEqual(fieldOf(schema), expected)
      const whole = struct('f', schema)
      assert.ok(sameSchema(readBack(avroSchemaText(whole, plain)), whole))
    })
  }

  it('I5: a default beyond 2^53 keeps its digits in both directions', () => {
    const whole = struct('f', new Schema('int64', { defaultValue: 2n ** 63n - 1n }))
    const text = avroSchemaText(whole, plain)
    assert.match(text, /"default":9223372036854775807/)
    assert.equal(readBack(text).field('f')?.schema.defaultValue, 2n ** 63n - 1n)
  })

  it('docs, versions, parameters and defaults of every kind survive', () => {
    const inner = Schema.struct([{ name: 'x', schema: Schema.FLOAT64 }], { name: 'shop.Inner' })
    const whole = Schema.struct(
      [
        { name: 'a', schema: new Schema('string', { doc: 'a text', defaultValue: 'é"' }) },
        { name: 'b', schema: decimalSchema(2, { defaultValue: new Decimal(-1234n, 2) }) },
        { name: 'c', schema: Schema.array(Schema.INT8, { defaultValue: [1, -2] }) },
        { name: 'd', schema: inner.copy({ defaultValue: new Struct(inner, [0.5]) }) },
        { name: 'e', schema: new Schema('float32', { defaultValue: Number.NaN }) }
      ],
      {
        name: 'shop.Row',
        version: 3,
        doc: 'rows',
        parameters: new Map([
          ['io.confluent.connect.avro.record.doc', 'a record'],
          ['io.confluent.connect.avro.field.doc.a', 'a field']
        ])
      }
    )
    const text = avroSchemaText(whole, plain)
    assert.match(text, /"doc":"a record"/)
    assert.match(text, /"doc":"a field"/)
    assert.ok(sameSchema(readBack(text), whole), text)
  })

  it('enums stay enums with enhanced.avro.schema.support', () => {
    const prefix = 'io.confluent.connect.avro.Enum'
    const color = new Schema('string', {
      name: 'shop.Color',
      parameters: new Map([
        [prefix, 'shop.Color'],
        [`${prefix}.RED`, 'RED'],
        [`${prefix}.BLUE`, 'BLUE']
      ])
    })
    const text = avroSchemaText(struct('f', color), { ...plain, enhanced: true })
    assert.match(text, /"type":"enum","name":"Color","symbols":\["RED","BLUE"\]/)
    assert.ok(sameSchema(readBack(text, true), struct('f', color)))
    assert.match(avroSchemaText(struct('f', color), plain), /"type":"string"/)
  })

  it('a fixed size and a union of several types', () => {
    const fixed = new Schema('bytes', {
      name: 'shop.Hash',
      parameters: new Map([['connect.fixed.size', '4']])
    })
    assert.match(avroSchemaText(struct('f', fixed), plain), /"type":"fixed","name":"Hash","size":4/)
    const text =
      '{"type":"record","name":"r","fields":[{"name":"u","type":["null","int","string"]}]}'
    const union = readBack(text).field('u')?.schema as Schema
    assert.equal(union.name, 'io.confluent.connect.avro.Union')
    assert.deepEqual(
      union.fields.map(({ name, schema }) => [name, schema.optional]),
      [
        ['int', true],
        ['string', true]
      ]
    )
    assert.deepEqual(
      (JSON.parse(avroSchemaText(readBack(text), plain)) as { fields: { type: unknown }[] })
        .fields[0]?.type,
      ['null', 'int', 'string']
    )
  })
})

describe('names', () => {
  it('unnamed structs are ConnectDefault, ConnectDefault2 … and have no name again when read', () => {
    const inner = Schema.struct([{ name: 'x', schema: Schema.INT32 }])
    const other = Schema.struct([{ name: 'y', schema: Schema.INT32 }])
    const whole = Schema.struct([
      { name: 'a', schema: inner },
      { name: 'b', schema: inner.copy({ optional: true }) },
      { name: 'c', schema: Schema.array(other) }
    ])
    const text = avroSchemaText(whole, plain)
    const names = [...text.matchAll(/"name":"(Connect\w+)"/g)].map((match) => match[1])
    assert.deepEqual(names, ['ConnectDefault', 'ConnectDefault2', 'ConnectDefault3'])
    assert.match(text, /\{"name":"b","type":\["null","ConnectDefault2"\],"default":null\}/)
    assert.ok(sameSchema(readBack(text), whole))
  })

  it('a name Avro does not allow is an error that names the way out, or is scrubbed', () => {
    const schema = struct('unit price', Schema.INT32, 'shop.2-orders')
    assert.throws(() => avroSchemaText(schema, plain), /scrub\.invalid\.names=true/)
    const text = avroSchemaText(schema, { ...plain, scrubNames: true })
    assert.match(text, /"name":"x2_orders","namespace":"shop"/)
    assert.match(text, /"name":"unit_price"/)
    assert.match(text, /"connect\.name":"shop\.2-orders"/)
    assert.deepEqual(['a.b', 'é', 'a$', '_a'].map(scrubName), ['a_b', '_C3_A9', 'a_24', '_a'])
  })

  it('two fields that become one, and two types of one name, are errors', () => {
    const twice = Schema.struct([
      { name: 'a b', schema: Schema.INT32 },
      { name: 'a_b', schema: Schema.INT32 }
    ])
    assert.throws(() => avroSchemaText(twice, { ...plain, scrubNames: true }), /become one/)
    const first = Schema.struct([{ name: 'x', schema: Schema.INT32 }], { name: 'T' })
    const second = Schema.struct([{ name: 'y', schema: Schema.INT32 }], { name: 'T' })
    const both = Schema.struct([
      { name: 'a', schema: first },
      { name: 'b', schema: second }
    ])
    assert.throws(() => avroSchemaText(both, plain), /Can't redefine: T/)
  })

  it('a schema that contains itself is refused when read', () => {
    const text = '{"type":"record","name":"n","fields":[{"name":"next","type":["null","n"]}]}'
    assert.throws(() => readBack(text), /contains itself/)
  })
})
