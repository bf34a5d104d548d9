import {
  dateSchema,
  Decimal,
  decimalSchema,
  timeSchema,
  timestampSchema
} from '../../../src/data/logical-types.ts'
import { Schema } from '../../../src/data/schema.ts'
import { Struct } from '../../../src/data/struct.ts'

/**
 * Values and documents on which JsonConverter must agree with the JVM's, in every configuration that matters.
 */

interface WriteCase {
  name: string
  schema: Schema | null
  value: unknown
}

const array = Schema.array
const map = Schema.map
const field = (name: string, schema: Schema): { name: string; schema: Schema } => ({ name, schema })

export const address = Schema.struct(
  [
    field('street', Schema.STRING),
    field('zip', Schema.OPTIONAL_INT32),
    field('tags', array(Schema.STRING))
  ],
  { name: 'com.example.Address', version: 3, doc: 'Where they "live"' }
)

export const customer = Schema.struct(
  [
    field('id', Schema.INT64),
    field('name', Schema.OPTIONAL_STRING),
    field('balance', decimalSchema(2, { optional: true })),
    field('born', dateSchema({ optional: true })),
    field('wakes', timeSchema({ optional: true })),
    field('seen', timestampSchema({ optional: true })),
    field('photo', Schema.OPTIONAL_BYTES),
    field('score', Schema.OPTIONAL_FLOAT64),
    field('active', Schema.OPTIONAL_BOOLEAN),
    field('home', address),
    field('others', array(address, { optional: true })),
    field('limits', map(Schema.STRING, Schema.OPTIONAL_INT32, { optional: true })),
    field('by_number', map(Schema.INT32, Schema.STRING, { optional: true }))
  ],
  { name: 'com.example.Customer' }
)

const home = (): Struct => new Struct(address, ['Hauptstraße 1', 1010, ['a', 'b']])

const fullCustomer = new Struct(customer, [
  9_007_199_254_740_993n,
  'Zoë 😀',
  new Decimal(-123456n, 2),
  -1,
  86_399_999,
  1_709_164_800_123,
  Buffer.from([0, 255, 16]),
  -0.5,
  true,
  home(),
  [home(), new Struct(address, ['', null, []])],
  new Map([
    ['10', 1],
    ['b', null],
    ['__proto__', 3]
  ]),
  new Map([
    [2, 'zwei'],
    [-1, 'minus']
  ])
])
const bareCustomer = new Struct(customer, [
  1,
  ...Array<null>(8).fill(null),
  home(),
  null,
  null,
  null
])

const withDefaults = Schema.struct([
  field('plain', new Schema('string', { defaultValue: 'none "yet"' })),
  field('optional', new Schema('int32', { optional: true, defaultValue: 7 })),
  field('amount', decimalSchema(3, { optional: true, defaultValue: new Decimal(1500n, 3) })),
  field('at', timestampSchema({ optional: true, defaultValue: 1000 })),
  field('list', array(Schema.INT32, { optional: true, defaultValue: [1, 2] })),
  field('double', new Schema('float64', { optional: true, defaultValue: 1e21 }))
])

const oddNames = Schema.struct(
  ['😀', '"quoted"', 'tab\t', '__proto__'].map((name) => field(name, Schema.STRING))
)

const logical = {
  date: dateSchema(),
  time: timeSchema(),
  timestamp: timestampSchema(),
  decimal0: decimalSchema(0),
  decimal2: decimalSchema(2),
  decimal10: decimalSchema(10),
  decimalNegative: decimalSchema(-3)
}

const integers: [Schema, (number | bigint)[]][] = [
  [Schema.INT8, [0, -128, 127]],
  [Schema.INT16, [-32768, 32767]],
  [Schema.INT32, [-2147483648, 2147483647, 1_000_000_007]],
  [
    Schema.INT64,
    [
      0,
      -1,
      999_999_999,
      1_000_000_000,
      1_000_000_001,
      1_709_164_800_000,
      -1_709_164_800_001,
      999_999_999_999_999,
      1_000_000_000_000_000,
      Number.MAX_SAFE_INTEGER,
      9_007_199_254_740_992n,
      9_223_372_036_854_775_807n,
      -9_223_372_036_854_775_808n
    ]
  ],
  [logical.date, [0, 19_782, -719_162, 2_932_896]],
  [logical.time, [0, 1, 86_399_999]],
  [logical.timestamp, [0, -1, 253_402_300_799_999, 1_709_164_800_123]]
]

const doubles = [
  0,
  -0,
  1,
  100,
  0.1,
  1e10,
  1e-5,
  0.001,
  0.00099,
  9_999_999,
  1e7,
  12_345_678.9,
  1e21,
  2e23,
  8.41e21,
  2 ** -44,
  Number.MAX_VALUE,
  Number.MIN_VALUE,
  2.2250738585072014e-308,
  Math.PI,
  1 / 3,
  -1.1e-7,
  4.8726570057e288,
  2 ** 63,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY
]
const floats = [
  0,
  -0,
  1,
  0.1,
  3.4028234663852886e38,
  1e10,
  1.4e-45,
  16_777_216,
  0.3,
  1e-5,
  Number.NaN
]

const strings = [
  '',
  'plain',
  '"quoted" \\back\\ /slash/',
  'tab\tline\nreturn\rform\fback\b',
  '\u0000\u0001\u001f\u007f\u0080',
  '\\u001f is text, \u001f is not',
  '\u2028\u2029\ufeff',
  'naïve – 日本語',
  '😀 and \u{10ffff}',
  "<script>&amp;'</script>"
]

const decimals: [Schema, Decimal[]][] = [
  [
    logical.decimal0,
    [0n, 1n, -1n, 127n, 128n, -128n, -129n, 32_767n, 32_768n, 2n ** 63n, -(2n ** 80n)].map(
      (unscaled) => new Decimal(unscaled, 0)
    )
  ],
  [
    logical.decimal2,
    [0n, 5n, -5n, 12_345n, 8_388_607n, 8_388_608n, 2n ** 31n, -(2n ** 47n), 10n ** 30n].map(
      (unscaled) => new Decimal(unscaled, 2)
    )
  ],
  [logical.decimal10, [0n, 1n, 123n, 10n ** 10n, -1n].map((unscaled) => new Decimal(unscaled, 10))],
  [logical.decimalNegative, [0n, 1n, -42n, 123n].map((unscaled) => new Decimal(unscaled, -3))]
]

const label = (value: unknown): string =>
  value instanceof Decimal ? value.toString() : Object.is(value, -0) ? '-0' : String(value)

export const writeCases: WriteCase[] = [
  ...integers.flatMap(([schema, values]) =>
    values.map((value) => ({ name: `${schema.name ?? schema.type} ${value}`, schema, value }))
  ),
  ...doubles.map((value) => ({ name: `double ${label(value)}`, schema: Schema.FLOAT64, value })),
  ...floats.map((value) => ({
    name: `float ${label(value)}`,
    schema: Schema.FLOAT32,
    value: Math.fround(value)
  })),
  ...strings.map((value) => ({
    name: `string ${JSON.stringify(value)}`,
    schema: Schema.STRING,
    value
  })),
  ...decimals.flatMap(([schema, values]) =>
    values.map((value) => ({ name: `decimal ${label(value)} (${value.scale})`, schema, value }))
  ),
  { name: 'long text', schema: Schema.STRING, value: `${'ä"x'.repeat(5000)}😀${'y'.repeat(5000)}` },
  {
    name: 'field names of all kinds',
    schema: oddNames,
    value: new Struct(oddNames, ['1', '2', '3', '4'])
  },
  { name: 'true', schema: Schema.BOOLEAN, value: true },
  { name: 'bytes', schema: Schema.BYTES, value: Buffer.from('any bytes ÿ', 'latin1') },
  { name: 'no bytes', schema: Schema.BYTES, value: Buffer.alloc(0) },
  { name: 'optional null', schema: Schema.OPTIONAL_STRING, value: null },
  { name: 'required null', schema: Schema.STRING, value: null },
  { name: 'null without schema', schema: null, value: null },
  { name: 'half a surrogate pair', schema: Schema.STRING, value: 'a\ud800b' },
  { name: 'struct, all fields', schema: customer, value: fullCustomer },
  { name: 'struct, optional fields null', schema: customer, value: bareCustomer },
  { name: 'optional struct null', schema: address.copy({ optional: true }), value: null },
  { name: 'empty struct', schema: Schema.struct([]), value: new Struct(Schema.struct([])) },
  { name: 'struct of an equal schema', schema: address.copy({}), value: home() },
  { name: 'defaults for null', schema: withDefaults, value: new Struct(withDefaults) },
  {
    name: 'defaults, values given',
    schema: withDefaults,
    value: new Struct(withDefaults, ['x', 1, new Decimal(1n, 3), 5, [], 0.5])
  },
  { name: 'null with default', schema: new Schema('int32', { defaultValue: 5 }), value: null },
  {
    name: 'parameters keep their order',
    schema: new Schema('string', {
      name: 'n',
      parameters: new Map([
        ['z', '1'],
        ['a', '"2"']
      ])
    }),
    value: 'v'
  },
  {
    name: 'array of optional strings',
    schema: array(Schema.OPTIONAL_STRING),
    value: ['a', null, '']
  },
  { name: 'array of arrays', schema: array(array(Schema.INT32)), value: [[1, 2], [], [3]] },
  { name: 'array with null for required', schema: array(Schema.INT32), value: [1, null] },
  { name: 'empty map', schema: map(Schema.STRING, Schema.STRING), value: new Map() },
  { name: 'empty map of numbers', schema: map(Schema.INT64, Schema.STRING), value: new Map() },
  {
    name: 'map of lists by long',
    schema: map(Schema.INT64, array(Schema.STRING)),
    value: new Map([[9_223_372_036_854_775_807n, ['a', '"']]])
  },
  {
    name: 'map by boolean',
    schema: map(Schema.BOOLEAN, Schema.FLOAT64, { optional: true, name: 'by.boolean' }),
    value: new Map([
      [true, 1.5],
      [false, Number.NaN]
    ])
  },
  { name: 'schemaless string', schema: null, value: 'a"b' },
  { name: 'schemaless integer', schema: null, value: 42 },
  { name: 'schemaless long', schema: null, value: 9_223_372_036_854_775_807n },
  { name: 'schemaless double', schema: null, value: 1.5e-9 },
  { name: 'schemaless boolean', schema: null, value: false },
  { name: 'schemaless bytes', schema: null, value: Buffer.from('abc') },
  {
    name: 'schemaless map',
    schema: null,
    value: new Map<string, unknown>([
      ['b', 1],
      ['2', null],
      ['list', [1, 'x', [true]]],
      ['__proto__', new Map([['k', 'v']])]
    ])
  },
  {
    name: 'schemaless map with other keys',
    schema: null,
    value: new Map<unknown, unknown>([
      ['a', 1],
      [2, 'b']
    ])
  },
  { name: 'schemaless Decimal', schema: null, value: new Decimal(15n, 1) },
  { name: 'schemaless struct', schema: address, value: home() }
]

/** Documents to read with schemas.enable=false. */
export const plainDocuments: string[] = [
  '',
  ' \n ',
  'null',
  'true',
  '1',
  '-0',
  '007',
  '-012',
  '9223372036854775807',
  '-9223372036854775808',
  '1.50',
  '1.7976931348623157e308',
  '0.1000000000000000055511151231257827',
  '"text \\u00e9 \\ud83d\\ude00 \\" \\/"',
  '"1.5 looks like a number"',
  '[]',
  '[1,"a",null,[true,2.5]]',
  '{}',
  '{"b":1,"2":{"x":null},"__proto__":[1.25],"a":"z"}',
  '{"a":1,"a":2}',
  '{ "deep" : [ { "k" : 12345678901234567 } ] }',
  '\ufeff{"a":1}',
  '{"a":}',
  '{"a":1',
  '[1,]',
  '"open',
  '"tab\t"',
  '{a:1}',
  'nul',
  '.5',
  '1.',
  '+1',
  '01.5'
]

const envelope = (schema: string, payload: string): string =>
  `{"schema":${schema},"payload":${payload}}`
const primitive = (type: string, more = ''): string => `{"type":"${type}","optional":true${more}}`
const DECIMAL = primitive(
  'bytes',
  ',"name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2"}'
)
const named = (type: string, name: string): string =>
  primitive(type, `,"name":"org.apache.kafka.connect.data.${name}","version":1`)

/** Documents to read with schemas.enable=true. */
export const envelopes: string[] = [
  envelope('null', '{"a":[1,2.5]}'),
  envelope('null', 'null'),
  envelope(primitive('int8'), '127'),
  envelope(primitive('int16'), '-32768'),
  envelope(primitive('int32'), '2147483647'),
  envelope(primitive('int64'), '9223372036854775807'),
  envelope(primitive('int64'), '00012'),
  envelope(primitive('int64'), '1.0'),
  envelope(primitive('float'), '0.1'),
  envelope(primitive('float'), '1'),
  envelope(primitive('double'), '0.1'),
  envelope(primitive('double'), '12345678901234567890'),
  envelope(primitive('boolean'), 'false'),
  envelope(primitive('string'), '"a\\nb"'),
  envelope(primitive('bytes'), '"AP8Q"'),
  envelope(primitive('bytes'), '""'),
  envelope(primitive('bytes'), '"not base64!"'),
  envelope(primitive('string'), 'null'),
  envelope('{"type":"string"}', 'null'),
  envelope('{"type":"string","optional":false,"default":"d"}', 'null'),
  envelope('{"type":"int32","optional":true,"default":5}', 'null'),
  envelope(DECIMAL, '"AeJA"'),
  envelope(DECIMAL, '"/w=="'),
  envelope(DECIMAL, '12.50'),
  envelope(DECIMAL, '7'),
  envelope(DECIMAL, 'true'),
  envelope(named('int32', 'Date'), '19782'),
  envelope(named('int32', 'Time'), '86399999'),
  envelope(named('int64', 'Timestamp'), '1709164800123'),
  envelope('{"type":"array","items":{"type":"int32"},"optional":true}', '[1,2,3]'),
  envelope('{"type":"array","items":{"type":"int32","optional":true}}', '[1,null]'),
  envelope('{"type":"array","optional":true}', '[]'),
  envelope(
    '{"type":"map","keys":{"type":"string"},"values":{"type":"int64","optional":true}}',
    '{"b":1,"a":null}'
  ),
  envelope(
    '{"type":"map","keys":{"type":"int32"},"values":{"type":"string"}}',
    '[[1,"a"],[2,"b"]]'
  ),
  envelope('{"type":"map","keys":{"type":"int32"},"values":{"type":"string"}}', '[[1]]'),
  envelope('{"type":"map","keys":{"type":"int32"},"values":{"type":"string"}}', '{"1":"a"}'),
  envelope('{"type":"map","keys":{"type":"string"},"values":{"type":"string"}}', '[]'),
  envelope('{"type":"map","keys":{"type":"string"}}', '{}'),
  envelope('{"type":"struct"}', '{}'),
  envelope('{"type":"struct","fields":[{"type":"int32"}]}', '{}'),
  envelope(
    '{"type":"struct","fields":[{"type":"int64","optional":false,"field":"id"},{"type":"string","optional":true,"field":"name"},{"type":"struct","optional":true,"field":"in","name":"In","version":2,"doc":"d","fields":[{"type":"double","default":1.5,"field":"x"}]}],"optional":false,"name":"Out"}',
    '{"id":1,"in":{"x":null},"unknown":[1]}'
  ),
  envelope('{"type":"struct","fields":[{"type":"int64","field":"id"}]}', '{}'),
  envelope('{"type":"struct","fields":[{"type":"int64","field":"id"}]}', '[]'),
  envelope('{"type":"nothing"}', '1'),
  envelope('{"typ":"int32"}', '1'),
  envelope('{"type":"string","parameters":{"a":"1","b":"2"}}', '"x"'),
  envelope('{"type":"string","parameters":{"a":1}}', '"x"'),
  '{"payload":1,"schema":{"type":"int32"}}',
  '{ "schema" : { "type" : "int32" } , "payload" : 12 }',
  '{"schema":{"type":"int32"},"payload":12,"more":1}',
  '{"schema":{"type":"int32"}}',
  '{"a":1,"b":2}',
  '[1]',
  '12',
  ''
]
