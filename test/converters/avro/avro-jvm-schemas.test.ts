import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ANYTHING_TEXT } from '../../../src/converters/avro/avro-anything.ts'
import { avroSchemaText } from '../../../src/converters/avro/avro-from-connect.ts'
import {
  dateSchema,
  Decimal,
  decimalSchema,
  timeSchema,
  timestampSchema
} from '../../../src/data/logical-types.ts'
import { Schema } from '../../../src/data/schema.ts'

/**
 * Texts a JVM wrote for the same schemas: AvroData of io.apicurio:apicurio-registry-utils-converter
 * 2.6.13.Final, which is Confluent's class in another package, on Avro's Java library; the names of the
 * package are Confluent's again.
 */
const f = (name: string, schema: Schema) => ({ name, schema })
const one = (name: string): Schema => Schema.struct([f('x', Schema.INT32)], { name })
const inner = Schema.struct([f('x', Schema.INT32)])
const ENUM = 'io.confluent.connect.avro.Enum'

const cases: [string, Schema | null, string][] = [
  [
    'logical types',
    Schema.struct(
      [
        f('id', Schema.INT64),
        f('amount', decimalSchema(2, { optional: true })),
        f('at', timestampSchema()),
        f('day', dateSchema({ optional: true })),
        f('time', timeSchema())
      ],
      { name: 'orders' }
    ),
    '{"type":"record","name":"orders","fields":[{"name":"id","type":"long"},{"name":"amount","type":["null",{"type":"bytes","scale":2,"precision":64,"connect.version":1,"connect.parameters":{"scale":"2"},"connect.name":"org.apache.kafka.connect.data.Decimal","logicalType":"decimal"}],"default":null},{"name":"at","type":{"type":"long","connect.version":1,"connect.name":"org.apache.kafka.connect.data.Timestamp","logicalType":"timestamp-millis"}},{"name":"day","type":["null",{"type":"int","connect.version":1,"connect.name":"org.apache.kafka.connect.data.Date","logicalType":"date"}],"default":null},{"name":"time","type":{"type":"int","connect.version":1,"connect.name":"org.apache.kafka.connect.data.Time","logicalType":"time-millis"}}],"connect.name":"orders"}'
  ],
  [
    'structs without names',
    Schema.struct([
      f('a', inner),
      f('b', inner.copy({ optional: true })),
      f('c', Schema.array(Schema.struct([f('y', Schema.INT8)])))
    ]),
    '{"type":"record","name":"ConnectDefault","namespace":"io.confluent.connect.avro","fields":[{"name":"a","type":{"type":"record","name":"ConnectDefault2","fields":[{"name":"x","type":"int"}]}},{"name":"b","type":["null","ConnectDefault2"],"default":null},{"name":"c","type":{"type":"array","items":{"type":"record","name":"ConnectDefault3","fields":[{"name":"y","type":{"type":"int","connect.type":"int8"}}]}}}]}'
  ],
  [
    'versions, documentation and defaults',
    Schema.struct(
      [
        f('s', new Schema('string', { doc: 't', defaultValue: 'é"' })),
        f('i', new Schema('int32', { optional: true, defaultValue: 7 })),
        f('b', new Schema('bytes', { defaultValue: Buffer.from([0, 255]) })),
        f('d', decimalSchema(2, { defaultValue: new Decimal(-1234n, 2) })),
        f('f', new Schema('float32', { defaultValue: 0.1 })),
        f('g', new Schema('float64', { defaultValue: 1e300 })),
        f('l', new Schema('int64', { defaultValue: 2n ** 63n - 1n })),
        f('arr', Schema.array(Schema.INT8, { defaultValue: [1, -2] }))
      ],
      {
        name: 'shop.row',
        version: 3,
        doc: 'rows',
        parameters: new Map([
          ['io.confluent.connect.avro.record.doc', 'a record'],
          ['io.confluent.connect.avro.field.doc.s', 'a field'],
          ['p', 'q']
        ])
      }
    ),
    '{"type":"record","name":"row","namespace":"shop","doc":"a record","fields":[{"name":"s","type":{"type":"string","connect.doc":"t","connect.default":"é\\""},"doc":"a field","default":"é\\""},{"name":"i","type":[{"type":"int","connect.default":7},"null"],"default":7},{"name":"b","type":{"type":"bytes","connect.default":"\\u0000ÿ"},"default":"\\u0000ÿ"},{"name":"d","type":{"type":"bytes","scale":2,"precision":64,"connect.version":1,"connect.parameters":{"scale":"2"},"connect.default":"û.","connect.name":"org.apache.kafka.connect.data.Decimal","logicalType":"decimal"},"default":"û."},{"name":"f","type":{"type":"float","connect.default":0.1},"default":0.1},{"name":"g","type":{"type":"double","connect.default":1.0E300},"default":1.0E300},{"name":"l","type":{"type":"long","connect.default":9223372036854775807},"default":9223372036854775807},{"name":"arr","type":{"type":"array","items":{"type":"int","connect.type":"int8"},"connect.default":[1,-2]},"default":[1,-2]}],"connect.doc":"rows","connect.version":3,"connect.parameters":{"io.confluent.connect.avro.record.doc":"a record","io.confluent.connect.avro.field.doc.s":"a field","p":"q"},"connect.name":"shop.row"}'
  ],
  [
    'maps, precision, negative scale',
    Schema.struct(
      [
        f('m', Schema.map(Schema.STRING, Schema.OPTIONAL_INT64)),
        f('n', Schema.map(Schema.INT32, Schema.STRING)),
        f(
          'o',
          Schema.map(Schema.OPTIONAL_STRING, Schema.STRING, { name: 'shop.Labels', optional: true })
        ),
        f('p', decimalSchema(0, { parameters: new Map([['connect.decimal.precision', '38']]) })),
        f('q', decimalSchema(-3)),
        f('i16', Schema.OPTIONAL_INT16)
      ],
      { name: 'shop.row' }
    ),
    '{"type":"record","name":"row","namespace":"shop","fields":[{"name":"m","type":{"type":"map","values":["null","long"]}},{"name":"n","type":{"type":"array","items":{"type":"record","name":"MapEntry","namespace":"io.confluent.connect.avro","fields":[{"name":"key","type":"int"},{"name":"value","type":"string"}]}}},{"name":"o","type":["null",{"type":"array","items":{"type":"record","name":"Labels","fields":[{"name":"key","type":["null","string"],"default":null},{"name":"value","type":"string"}],"connect.internal.type":"MapEntry"},"connect.name":"shop.Labels"}],"default":null},{"name":"p","type":{"type":"bytes","scale":0,"precision":38,"connect.version":1,"connect.parameters":{"scale":"0","connect.decimal.precision":"38"},"connect.name":"org.apache.kafka.connect.data.Decimal","logicalType":"decimal"}},{"name":"q","type":{"type":"bytes","scale":-3,"precision":64,"connect.version":1,"connect.parameters":{"scale":"-3"},"connect.name":"org.apache.kafka.connect.data.Decimal","logicalType":"decimal"}},{"name":"i16","type":["null",{"type":"int","connect.type":"int16"}],"default":null}],"connect.name":"shop.row"}'
  ],
  ['a string', Schema.STRING, '"string"'],
  ['an optional string', Schema.OPTIONAL_STRING, '["null","string"]'],
  [
    'a named optional array',
    Schema.array(Schema.OPTIONAL_STRING, { optional: true, name: 'L' }),
    '["null",{"type":"array","items":["null","string"],"connect.name":"L"}]'
  ],
  [
    'a timestamp',
    timestampSchema(),
    '{"type":"long","connect.version":1,"connect.name":"org.apache.kafka.connect.data.Timestamp","logicalType":"timestamp-millis"}'
  ],
  [
    'no schema',
    null,
    '{"type":"record","name":"Anything","namespace":"io.confluent.connect.avro","fields":[{"name":"boolean","type":["null","boolean"],"default":null},{"name":"bytes","type":["null","bytes"],"default":null},{"name":"double","type":["null","double"],"default":null},{"name":"float","type":["null","float"],"default":null},{"name":"int","type":["null","int"],"default":null},{"name":"long","type":["null","long"],"default":null},{"name":"string","type":["null","string"],"default":null},{"name":"array","type":["null",{"type":"array","items":"Anything"}],"default":null},{"name":"map","type":["null",{"type":"array","items":{"type":"record","name":"MapEntry","fields":[{"name":"key","type":"Anything"},{"name":"value","type":"Anything"}]}}],"default":null}]}'
  ],
  [
    'an enum',
    Schema.struct(
      [
        f(
          'c',
          new Schema('string', {
            optional: true,
            name: 'shop.Color',
            parameters: new Map([
              [ENUM, 'shop.Color'],
              [`${ENUM}.RED`, 'RED'],
              [`${ENUM}.BLUE`, 'BLUE']
            ])
          })
        )
      ],
      { name: 'r' }
    ),
    '{"type":"record","name":"r","fields":[{"name":"c","type":["null",{"type":"enum","name":"Color","namespace":"shop","symbols":["RED","BLUE"],"connect.parameters":{"io.confluent.connect.avro.Enum":"shop.Color","io.confluent.connect.avro.Enum.RED":"RED","io.confluent.connect.avro.Enum.BLUE":"BLUE"},"connect.name":"shop.Color"}],"default":null}],"connect.name":"r"}'
  ],
  [
    'namespaces',
    Schema.struct(
      [
        f('s1', one('shop.in').copy({ optional: true })),
        f('s2', one('other.in')),
        f('s3', one('bare'))
      ],
      { name: 'shop.r' }
    ),
    '{"type":"record","name":"r","namespace":"shop","fields":[{"name":"s1","type":["null",{"type":"record","name":"in","fields":[{"name":"x","type":"int"}],"connect.name":"shop.in"}],"default":null},{"name":"s2","type":{"type":"record","name":"in","namespace":"other","fields":[{"name":"x","type":"int"}],"connect.name":"other.in"}},{"name":"s3","type":{"type":"record","name":"bare","namespace":"","fields":[{"name":"x","type":"int"}],"connect.name":"bare"}}],"connect.name":"shop.r"}'
  ]
]

describe('the Avro schema the JVM makes of the same Connect schema', () => {
  for (const [name, schema, text] of cases) {
    it(`${name}: the same text`, () => {
      const enhanced = name === 'an enum'
      const options = { enhanced, scrubNames: false, metaData: true, optionalMapKeys: false }
      assert.equal(schema === null ? ANYTHING_TEXT : avroSchemaText(schema, options), text)
    })
  }
})
