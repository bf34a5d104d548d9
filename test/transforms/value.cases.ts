import {
  dateSchema,
  Decimal,
  decimalSchema,
  timeSchema,
  timestampSchema
} from '../../src/data/logical-types.ts'
import { Schema } from '../../src/data/schema.ts'
import { Struct } from '../../src/data/struct.ts'
import {
  casesOf,
  ofKey,
  ofMap,
  ofStruct,
  ofValue,
  recordOf,
  type TransformCase
} from './transform-case.ts'

/** Transformations that change types, shapes and schemas. */

const TYPES = ['int8', 'int16', 'int32', 'int64', 'float32', 'float64', 'boolean', 'string']
const cast = casesOf('Cast$Value')
const castTo = (schema: Schema | null, ...values: unknown[]): TransformCase[] =>
  values.flatMap((value) => TYPES.map((spec) => cast({ spec }, ofValue(schema, value))))

const item = Schema.struct(
  [
    { name: 'n', schema: new Schema('int32', { optional: true, defaultValue: 300, doc: 'x' }) },
    { name: 'text', schema: Schema.STRING },
    { name: 'ts', schema: timestampSchema({ optional: true }) },
    { name: 'price', schema: decimalSchema(2) },
    { name: 'bin', schema: Schema.BYTES }
  ],
  { name: 'Item', version: 3, optional: true }
)
const whole = {
  error: null,
  because:
    'without a schema a whole number is one type here, whether it is a Long or a Double in the JVM'
}
const anItem = ofStruct(
  item,
  null,
  '12',
  1_714_566_896_007,
  new Decimal(-1999n, 2),
  new Uint8Array([255, 0, 7])
)
const withDefault = Schema.struct([{ name: 'n', schema: Schema.INT32 }])
const castCases: TransformCase[] = [
  ...castTo(Schema.INT32, 70_000, -1, 0),
  ...castTo(Schema.INT64, 9_007_199_254_740_993n, 9_223_372_036_854_775_807n, 16_777_217),
  ...castTo(Schema.FLOAT64, 1e10, -3.99, Number.NaN, 0.1, 1e300, -0),
  ...castTo(Schema.FLOAT32, Math.fround(0.1), 3.5e9),
  ...castTo(Schema.BOOLEAN, true, false),
  ...castTo(
    Schema.STRING,
    '12',
    '-129',
    'TRUE',
    ' 1',
    '1.5',
    '1e3f',
    '0x1.8p1',
    '١٢',
    '𝟏',
    'NaN',
    ''
  ),
  ...castTo(Schema.STRING, '000000000000000000000012', '-9223372036854775808', '-', '5.'),
  ...castTo(Schema.STRING, '16777217.0000000001', '99999999999999999999', '+7'),
  ...castTo(decimalSchema(2), new Decimal(-1999n, 2), new Decimal(5n, 2)),
  ...castTo(decimalSchema(0), new Decimal(10n ** 30n + 7n, 0)),
  ...castTo(Schema.BYTES, new Uint8Array([1, 2, 3])),
  ...castTo(dateSchema(), 19_844),
  ...castTo(timeSchema(), 3_723_004),
  ...castTo(timestampSchema(), 1_714_566_896_007, 1_714_521_600_000),
  ...castTo(null, 2.5, 'x', 1e300),
  ...TYPES.map((spec) =>
    cast({ spec }, ofValue(null, 5), spec.startsWith('float') ? whole : undefined)
  ),
  ...TYPES.map((spec) =>
    cast({ spec }, ofValue(null, true), spec.startsWith('float') ? whole : undefined)
  ),
  cast({ spec: 'string' }, ofValue(timestampSchema(), -5), {
    error: null,
    because: 'the JVM leaves out the date before 1970-01-02'
  }),
  cast({ spec: 'string' }, ofValue(timestampSchema(), -20_000_000_000_000), {
    error: null,
    because: 'the JVM leaves out the date before 1970-01-02'
  }),
  cast({ spec: 'string' }, ofValue(null, new Date(0))),
  cast({ spec: 'int8' }, ofValue(null, [1])),
  cast({ spec: 'string' }, ofValue(null, new Map([['a', 1]]))),
  cast({ spec: 'string' }, ofValue(null, new Decimal(1n, 0))),
  cast({ spec: 'int8' }, ofValue(Schema.array(Schema.INT8), [1])),
  cast({ spec: 'int8' }, ofValue(Schema.INT32, null)),
  cast(
    { spec: 'int64' },
    ofValue(new Schema('int32', { defaultValue: 3, optional: true, doc: 'd', name: 'N' }), 4)
  ),
  cast({ spec: 'n:int8,text:int64,ts:string,price:float64,bin:string' }, anItem),
  cast({ spec: 'n:boolean, ts : INT64', 'replace.null.with.default': 'false' }, anItem),
  cast({ spec: 'bin:int8' }, anItem),
  cast({ spec: 'gone:int8' }, anItem),
  cast({ spec: 'text:float32' }, ofMap({ text: '0.1', other: 4 })),
  cast({ spec: 'gone:int8' }, ofMap({ other: 4 })),
  cast({ spec: 'text:int8' }, ofValue(Schema.STRING, 'x')),
  cast({ spec: 'text:int8' }, ofValue(null, 'x')),
  cast({ spec: 'n:string' }, ofStruct(withDefault, null)),
  cast(
    { spec: 'n:string' },
    ofStruct(withDefault.copy({ defaultValue: new Struct(withDefault, [1]) }), 2)
  ),
  ...[
    'x',
    'a:x',
    'a:b:c',
    'bytes',
    'a:struct',
    'int8,int16',
    'int8,a:int8',
    '',
    'a:',
    'a:int8,a:int16'
  ].map((spec) => cast({ spec }, anItem)),
  cast({}, anItem),
  casesOf('Cast$Key')({ spec: 'string' }, ofKey(Schema.INT32, 7))
]

const inner = Schema.struct(
  [
    { name: 'a', schema: Schema.INT32 },
    { name: 'b', schema: new Schema('string', { optional: true, defaultValue: 'dflt' }) },
    { name: 'list', schema: Schema.array(Schema.STRING) }
  ],
  { optional: true }
)
const outer = Schema.struct(
  [
    { name: 'id', schema: Schema.INT64 },
    { name: 'in', schema: inner },
    { name: 'ts', schema: timestampSchema({ doc: 'when' }) }
  ],
  { name: 'Outer', version: 1 }
)
const deep = Schema.struct([
  { name: 'x', schema: outer },
  { name: 'y', schema: Schema.OPTIONAL_BYTES }
])
const anOuter = new Struct(outer, [1, new Struct(inner, [2, null, ['q']]), 5])
const mapped = Schema.struct([{ name: 'm', schema: Schema.map(Schema.STRING, Schema.INT32) }])
const plainInner = Schema.struct([{ name: 'a', schema: Schema.INT32 }])
const parentDefault = Schema.struct([
  {
    name: 'in',
    schema: plainInner.copy({
      optional: true,
      defaultValue: new Struct(plainInner.copy({ optional: true }), [9])
    })
  }
])
const flatten = casesOf('Flatten$Value')
const flattenCases: TransformCase[] = [
  flatten({}, ofValue(outer, anOuter)),
  flatten({ delimiter: '_' }, ofStruct(deep, anOuter, new Uint8Array([1]))),
  flatten({ delimiter: '' }, ofStruct(deep, anOuter, null)),
  flatten({}, ofStruct(outer, 1, null, 5)),
  flatten({}, ofStruct(mapped, new Map([['a', 1]]))),
  flatten({}, ofStruct(parentDefault, null)),
  flatten({}, ofValue(Schema.INT32, 5)),
  flatten({}, ofValue(outer, null)),
  flatten({}, ofValue(null, null)),
  flatten({}, ofValue(null, 5)),
  flatten(
    {},
    ofMap({
      a: 1,
      b: new Map<string, unknown>([
        ['c', new Map([['d', true]])],
        ['e', null]
      ]),
      f: [1, 'x']
    })
  ),
  flatten({ delimiter: '#' }, ofMap({ a: new Map([['b', 1]]), s: 'x', y: new Uint8Array([1]) })),
  flatten({}, ofMap({ a: new Date(0) })),
  flatten(
    {},
    ofStruct(
      Schema.struct([
        { name: 'a.b', schema: Schema.INT32 },
        { name: 'a', schema: Schema.struct([{ name: 'b', schema: Schema.INT32 }]) }
      ]),
      1,
      null
    )
  ),
  casesOf('Flatten$Key')({}, ofKey(outer, anOuter))
]

const metadata = casesOf('SetSchemaMetadata$Value')
const metadataCases: TransformCase[] = [
  metadata({ 'schema.name': 'New', 'schema.version': '7' }, ofValue(outer, anOuter)),
  metadata({ 'schema.name': 'New' }, ofStruct(deep, anOuter, null)),
  metadata({ 'schema.version': '7' }, anItem),
  metadata({ 'schema.version': '7', 'replace.null.with.default': 'false' }, anItem),
  metadata({ 'schema.name': 'New' }, ofValue(item, null)),
  metadata({ 'schema.name': 'New' }, ofValue(null, null)),
  metadata({ 'schema.name': 'New' }, ofValue(null, 5)),
  metadata({ 'schema.version': 'x' }, ofValue(null, 5)),
  metadata({}, anItem),
  metadata({ 'schema.name': 'New' }, ofStruct(withDefault, null)),
  casesOf('SetSchemaMetadata$Key')({ 'schema.name': 'K' }, ofKey(outer, anOuter))
]

const moment = casesOf('TimestampConverter$Value')
const ISO = "yyyy-MM-dd'T'HH:mm:ss.SSS"
const to = (type: string, more: Record<string, string> = {}): Record<string, string> => ({
  'target.type': type,
  ...more
})
const TARGETS = ['string', 'unix', 'Date', 'Time', 'Timestamp']
const MS = 1_714_566_896_007
const event = Schema.struct(
  [
    { name: 'at', schema: timestampSchema({ optional: true, defaultValue: 5 }) },
    { name: 'n', schema: Schema.INT32 }
  ],
  { name: 'Event', optional: true, doc: 'd' }
)
const textEvent = Schema.struct([{ name: 'at', schema: Schema.STRING }])
const everyTarget = (schema: Schema | null, value: unknown): TransformCase[] =>
  TARGETS.map((type) => moment(to(type, { format: ISO }), ofValue(schema, value)))
const momentCases: TransformCase[] = [
  ...everyTarget(timestampSchema(), MS),
  ...everyTarget(timestampSchema({ optional: true }), -1),
  ...everyTarget(timestampSchema({ optional: true }), null),
  ...everyTarget(dateSchema(), 19_844),
  ...everyTarget(timeSchema(), 3_723_004),
  ...everyTarget(Schema.INT64, MS),
  ...everyTarget(Schema.OPTIONAL_STRING, '2024-05-01T12:34:56.007'),
  ...everyTarget(null, MS),
  ...everyTarget(null, '2024-05-01T12:34:56.007'),
  ...everyTarget(null, new Date(MS)),
  ...everyTarget(null, null),
  ...everyTarget(Schema.INT32, 5),
  ...everyTarget(null, true),
  ...everyTarget(null, 1.5),
  ...['seconds', 'milliseconds', 'microseconds', 'nanoseconds'].flatMap((precision) => [
    moment(to('unix', { 'unix.precision': precision }), ofValue(timestampSchema(), MS)),
    moment(to('unix', { 'unix.precision': precision }), ofValue(timestampSchema(), -1500)),
    moment(to('Timestamp', { 'unix.precision': precision }), ofValue(Schema.INT64, 1_714_566_896)),
    moment(to('Timestamp', { 'unix.precision': precision }), ofValue(Schema.INT64, -1_500_500)),
    moment(to('unix', { 'unix.precision': precision }), ofValue(null, 1_714_566_896_000))
  ]),
  moment(
    to('Timestamp', { 'unix.precision': 'nanoseconds' }),
    ofValue(Schema.INT64, 1_714_566_896_007_008_009n)
  ),
  moment(
    to('unix', { 'unix.precision': 'nanoseconds' }),
    ofValue(timestampSchema(), 10_000_000_000_000)
  ),
  moment(
    to('Timestamp', { 'unix.precision': 'seconds' }),
    ofValue(Schema.INT64, 9_223_372_036_854_775_807n)
  ),
  moment(to('unix', { field: 'at' }), ofStruct(event, MS, 1)),
  moment(to('unix', { field: 'at' }), ofStruct(event, null, 1)),
  moment(
    to('unix', { field: 'at', 'replace.null.with.default': 'false' }),
    ofStruct(event, null, 1)
  ),
  moment(to('unix', { field: 'gone' }), ofStruct(event, MS, 1)),
  moment(to('unix', { field: 'n' }), ofStruct(event, MS, 1)),
  moment(to('unix', { field: 'at' }), ofValue(event, null)),
  moment(to('unix', { field: 'at' }), ofValue(Schema.INT64, 5)),
  moment(to('unix', { field: 'at' }), ofValue(null, null)),
  moment(to('unix', { field: 'at' }), ofValue(null, 5)),
  moment(
    to('Timestamp', { field: 'at', format: ISO }),
    ofStruct(textEvent, '1969-12-31T23:59:59.999')
  ),
  moment(to('Timestamp', { field: 'at', format: ISO }), ofStruct(textEvent, 'yesterday')),
  moment(to('string', { field: 'at', format: 'yyyy' }), ofMap({ at: MS, b: 1 })),
  moment(to('Date', { field: 'at' }), ofMap({ at: new Date(MS) })),
  moment(to('Date', { field: 'at' }), ofMap({ b: 1 })),
  moment(to('unix', { field: 'at' }), ofMap({ at: '2024' }), {
    error: 'TimestampConverter needs format to read a timestamp that is text',
    because: 'a null dereference in the JVM'
  }),
  moment(to('string'), ofValue(timestampSchema(), MS)),
  moment(to('string', { format: 'bogus' }), ofValue(timestampSchema(), MS)),
  moment(to('date'), ofValue(timestampSchema(), MS)),
  moment(to('unix', { 'unix.precision': 'days' }), ofValue(timestampSchema(), MS)),
  moment({}, ofValue(timestampSchema(), MS)),
  moment(
    to('unix', { field: 'at' }),
    ofStruct(event.copy({ defaultValue: new Struct(event, [7, 1]) }), MS, 1)
  ),
  casesOf('TimestampConverter$Key')(to('unix'), recordOf({ keySchema: timestampSchema(), key: MS }))
]

export const valueCases: readonly TransformCase[] = [
  ...castCases,
  ...flattenCases,
  ...metadataCases,
  ...momentCases
]
