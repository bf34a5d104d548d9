import { Decimal, decimalSchema, timestampSchema } from '../../src/data/logical-types.ts'
import { Schema } from '../../src/data/schema.ts'
import { Struct } from '../../src/data/struct.ts'
import {
  casesOf,
  header,
  ofKey,
  ofMap,
  ofStruct,
  ofValue,
  recordOf,
  toSink,
  type TransformCase
} from './transform-case.ts'

/** Transformations that add, take, keep or rename fields. */

const defaulted = new Schema('string', { optional: true, defaultValue: 'none' })
const requiredWithDefault = new Schema('int32', { defaultValue: 7 })
const person = Schema.struct(
  [
    { name: 'name', schema: Schema.STRING },
    { name: 'age', schema: Schema.OPTIONAL_INT32 },
    { name: 'note', schema: defaulted }
  ],
  { name: 'com.example.Person', version: 2, doc: 'someone', parameters: new Map([['a', 'b']]) }
)
const ann = [person, 'Ann', 31, null] as const
const optionalPerson = person.copy({ optional: true })
const strict = Schema.struct([{ name: 'n', schema: requiredWithDefault }])
const address = Schema.struct([
  { name: 'city', schema: Schema.STRING },
  { name: 'zip.code', schema: Schema.OPTIONAL_INT32 }
])
const home = Schema.struct([
  { name: 'id', schema: Schema.INT64 },
  { name: 'address', schema: address.copy({ optional: true }) }
])
const atHome = ofStruct(home, 5, new Struct(address.copy({ optional: true }), ['Rome', 184]))

const insert = casesOf('InsertField$Value')
const insertKey = casesOf('InsertField$Key')
const all = {
  'topic.field': 'topic',
  'partition.field': 'part!',
  'timestamp.field': 'ts?',
  'static.field': 'source!',
  'static.value': 'db'
}
const insertCases: TransformCase[] = [
  insert(all, ofStruct(...ann)),
  insert(all, ofMap({ name: 'Ann', topic: 'before' })),
  insert({ ...all, 'replace.null.with.default': 'false' }, ofStruct(...ann)),
  insert({ 'timestamp.field': 'ts!' }, recordOf({ ...ofStruct(...ann), timestamp: null })),
  insert({ 'partition.field': 'p' }, recordOf({ ...ofStruct(...ann), kafkaPartition: null })),
  insert({ 'partition.field': 'p' }, recordOf({ ...ofMap({ a: 1 }), kafkaPartition: null })),
  insert({ 'timestamp.field': 'ts' }, recordOf({ ...ofMap({ a: 1 }), timestamp: null })),
  insert({ 'offset.field': 'offset!' }, toSink(ofStruct(...ann), 12n)),
  insert({ 'offset.field': 'offset' }, toSink(ofMap({}), 9_007_199_254_740_990n)),
  insert({ 'offset.field': 'offset' }, ofStruct(...ann)),
  insert({ 'topic.field': 't' }, ofValue(null, null)),
  insert({ 'topic.field': 't' }, ofValue(person, null)),
  insert({ 'topic.field': 't' }, ofValue(Schema.STRING, 'text')),
  insert({ 'topic.field': 't' }, ofValue(null, 'text')),
  insert({ 'topic.field': 't' }, ofValue(null, [1])),
  insert({ 'topic.field': 'name' }, ofStruct(...ann)),
  insert({ 'topic.field': '!' }, ofStruct(...ann)),
  insert({}, ofStruct(...ann)),
  insert({ 'static.field': 'x' }, ofStruct(...ann), {
    error:
      'Invalid value null for configuration static.value: No value specified for static field: x',
    because: 'the JVM shows the identity of an object'
  }),
  insert({ 'topic.field': 't', 'replace.null.with.default': 'false' }, ofStruct(strict, null)),
  insert({ 'topic.field': 't' }, ofStruct(strict, null)),
  insert({ 'topic.field': 't' }, ofStruct(optionalPerson, 'Ann', null, 'x')),
  insertKey({ 'topic.field': 't' }, ofKey(person, new Struct(person, ['Bob', 1, 'n']))),
  insertKey({ 'topic.field': 't' }, ofKey(null, new Map([['id', 1]]))),
  insertKey({ 'topic.field': 't' }, ofValue(null, 'untouched'))
]

const replace = casesOf('ReplaceField$Value')
const replaceCases: TransformCase[] = [
  replace({ exclude: 'age' }, ofStruct(...ann)),
  replace({ include: 'name,age' }, ofStruct(...ann)),
  replace({ include: 'name,age', exclude: 'age' }, ofStruct(...ann)),
  replace({ renames: 'name:who, age:years' }, ofStruct(...ann)),
  replace({ renames: 'name:who', include: 'name' }, ofMap({ name: 'Ann', age: 3 })),
  replace({ exclude: 'age,gone' }, ofMap({ name: 'Ann', age: 3 })),
  replace({ 'replace.null.with.default': 'false' }, ofStruct(...ann)),
  replace({}, ofStruct(...ann)),
  replace({ renames: 'age:name' }, ofStruct(...ann)),
  replace({ renames: 'name:age', exclude: 'age' }, ofStruct(...ann)),
  replace({ renames: 'gone:age' }, ofStruct(...ann)),
  replace({ renames: 'a' }, ofStruct(...ann)),
  replace({ renames: 'a:b:c' }, ofStruct(...ann)),
  replace({ renames: 'a:' }, ofStruct(...ann)),
  replace({ renames: ':' }, ofStruct(...ann)),
  replace({ exclude: 'a,a' }, ofStruct(...ann)),
  replace({ exclude: 'a,,b' }, ofStruct(...ann)),
  replace({ exclude: 'a' }, ofValue(Schema.INT32, 5)),
  replace({ exclude: 'a' }, ofValue(null, 5)),
  replace({ exclude: 'a' }, ofValue(null, null)),
  replace({ 'replace.null.with.default': 'maybe' }, ofStruct(...ann)),
  casesOf('ReplaceField$Key')({ exclude: 'age' }, ofKey(person, new Struct(person, ['B', 1, 'n'])))
]

const hoist = casesOf('HoistField$Value')
const hoistCases: TransformCase[] = [
  hoist({ field: 'magic' }, ofStruct(...ann)),
  hoist({ field: 'magic' }, ofValue(Schema.INT32, 42)),
  hoist({ field: 'magic' }, ofValue(Schema.OPTIONAL_INT32, null)),
  hoist({ field: 'magic' }, ofValue(Schema.INT32, null)),
  hoist({ field: 'magic' }, ofValue(null, 42)),
  hoist({ field: 'magic' }, ofValue(null, null)),
  hoist({ field: 'magic' }, ofValue(timestampSchema(), 5)),
  hoist({ field: '' }, ofValue(Schema.INT32, 1)),
  hoist({}, ofValue(Schema.INT32, 1)),
  casesOf('HoistField$Key')({ field: 'id' }, ofKey(Schema.STRING, 'k'))
]

const extract = casesOf('ExtractField$Value')
const v2 = (field: string): Record<string, string> => ({ field, 'field.syntax.version': 'v2' })
const nested = ofMap({ a: new Map([['b.c', new Map([['d', 4]])]]), 'a.b': 1, 'x`.y': 2, n: null })
const extractCases: TransformCase[] = [
  extract({ field: 'name' }, ofStruct(...ann)),
  extract({ field: 'note' }, ofStruct(...ann)),
  extract({ field: 'note', 'replace.null.with.default': 'false' }, ofStruct(...ann)),
  extract({ field: 'gone' }, ofStruct(...ann)),
  extract({ field: 'gone' }, ofMap({ a: 1 })),
  extract({ field: 'a' }, ofMap({ a: 1.5 })),
  extract({ field: 'name' }, ofValue(person, null)),
  extract({ field: 'name' }, ofValue(null, null)),
  extract({ field: 'name' }, ofValue(Schema.INT32, 5)),
  extract({ field: 'name' }, ofValue(Schema.OPTIONAL_INT32, null)),
  extract({ field: 'name' }, ofValue(null, 'x')),
  extract({ field: 'address.city' }, atHome),
  extract(v2('address.city'), atHome),
  extract(v2('address.`zip.code`'), atHome),
  extract(v2('address.gone'), atHome),
  extract(v2('gone.city'), atHome),
  extract(v2('id.city'), atHome),
  extract(v2('address.city'), ofStruct(home, 5, null)),
  extract(v2('address.city'), ofValue(home, null)),
  extract(v2('a.`b.c`.d'), nested),
  extract(v2('`a.b`'), nested),
  extract(v2('a.x.y'), nested),
  extract(v2('n.x'), nested),
  extract(v2('`a.b`.c'), nested),
  extract(v2('`x\\`.y`'), nested),
  extract(v2('`a'), nested),
  extract(v2('a.`b'), nested),
  extract(v2('`a\\`'), nested),
  extract(v2('a.'), nested),
  extract(v2('`a`b`'), nested),
  extract({ field: 'a', 'field.syntax.version': 'V3' }, nested),
  extract({ field: '' }, ofMap({ '': 'empty' })),
  casesOf('ExtractField$Key')({ field: 'id' }, ofKey(null, new Map([['id', 9]])))
]

const toKey = casesOf('ValueToKey')
const toKeyCases: TransformCase[] = [
  toKey({ fields: 'name,age' }, ofStruct(...ann)),
  toKey({ fields: 'note' }, ofStruct(...ann)),
  toKey({ fields: 'note', 'replace.null.with.default': 'false' }, ofStruct(...ann)),
  toKey({ fields: 'age,gone' }, ofStruct(...ann)),
  toKey({ fields: 'a,gone' }, ofMap({ a: 1, b: 2 })),
  toKey({ fields: 'name,name' }, ofStruct(...ann)),
  toKey({ fields: 'a' }, ofValue(null, null)),
  toKey({ fields: 'a' }, ofValue(Schema.STRING, 'x')),
  toKey({ fields: '' }, ofMap({})),
  toKey({}, ofMap({}))
]

const headerFrom = casesOf('HeaderFrom$Value')
const move = { fields: 'name,age', headers: 'h1,h2', operation: 'move' }
const withHeader = (parts: Parameters<typeof recordOf>[0]): ReturnType<typeof recordOf> =>
  recordOf({ ...parts, headers: [header('h1', Schema.INT32, 1), header('h0', null, null)] })
const headerFromCases: TransformCase[] = [
  headerFrom(move, withHeader(ofStruct(...ann))),
  headerFrom({ ...move, operation: 'copy' }, withHeader(ofStruct(...ann))),
  headerFrom({ ...move, fields: 'note,age' }, ofStruct(...ann)),
  headerFrom(
    { ...move, fields: 'note,age', 'replace.null.with.default': 'false' },
    ofStruct(...ann)
  ),
  headerFrom(move, ofMap({ name: 'Ann', x: 1 })),
  headerFrom({ ...move, operation: 'copy' }, ofMap({ name: 'Ann', age: 4.5 })),
  headerFrom({ ...move, fields: 'gone,age' }, ofStruct(...ann), {
    error: 'Field does not exist: gone',
    because: 'a null dereference in the JVM'
  }),
  headerFrom({ ...move, headers: 'h1' }, ofStruct(...ann)),
  headerFrom({ ...move, operation: 'drop' }, ofStruct(...ann)),
  headerFrom({ ...move, fields: '' }, ofStruct(...ann)),
  headerFrom({ headers: 'a', operation: 'move' }, ofStruct(...ann)),
  headerFrom(move, ofValue(null, null)),
  headerFrom(move, ofValue(Schema.INT32, 1)),
  headerFrom({ ...move, fields: 'name,name' }, ofStruct(...ann)),
  casesOf('HeaderFrom$Key')(move, ofKey(person, new Struct(person, ['B', 1, 'n'])))
]

const mask = casesOf('MaskField$Value')
const kinds = Schema.struct([
  { name: 'i8', schema: Schema.INT8 },
  { name: 'i16', schema: Schema.INT16 },
  { name: 'i32', schema: Schema.INT32 },
  { name: 'i64', schema: Schema.INT64 },
  { name: 'f32', schema: Schema.FLOAT32 },
  { name: 'f64', schema: Schema.FLOAT64 },
  { name: 'flag', schema: Schema.BOOLEAN },
  { name: 'text', schema: Schema.OPTIONAL_STRING },
  { name: 'ts', schema: timestampSchema() },
  { name: 'price', schema: decimalSchema(2) },
  { name: 'list', schema: Schema.array(Schema.INT32) },
  { name: 'map', schema: Schema.map(Schema.STRING, Schema.INT32) },
  { name: 'bin', schema: Schema.BYTES },
  { name: 'sub', schema: address }
])
const filled = ofStruct(
  kinds,
  1,
  2,
  3,
  4,
  1.5,
  2.5,
  true,
  'secret',
  1_700_000_000_000,
  new Decimal(1250n, 2),
  [1, 2],
  new Map([['a', 1]]),
  new Uint8Array([1, 2]),
  new Struct(address, ['Rome', null])
)
const maskCases: TransformCase[] = [
  mask({ fields: 'i8,i16,i32,i64,f32,f64,flag,text,ts,price,list,map' }, filled),
  mask({ fields: 'i8,i16,i32,i64,f32,f64,text,price', replacement: '123' }, filled),
  mask({ fields: 'i8,i16,i32,f32,f64,price', replacement: '300.75' }, filled),
  mask({ fields: 'i64,f64', replacement: '-1e3' }, filled),
  ...['i8', 'f64', 'price'].map((fields) => mask({ fields, replacement: 'abc' }, filled)),
  ...['flag', 'ts', 'list', 'bin', 'sub'].map((fields) =>
    mask({ fields, replacement: '1' }, filled)
  ),
  mask({ fields: 'bin' }, filled),
  mask({ fields: 'sub' }, filled),
  mask({ fields: 'note,name' }, ofStruct(...ann)),
  mask({ fields: 'note', 'replace.null.with.default': 'false' }, ofStruct(...ann)),
  mask({ fields: 'a,b,gone' }, ofMap({ a: 5, b: 'x', c: true })),
  mask({ fields: 'a,b', replacement: '9' }, ofMap({ a: 5, b: 'x' })),
  mask({ fields: 'a', replacement: 'nine' }, ofMap({ a: 5.5 })),
  mask({ fields: 'a' }, ofMap({ a: new Date(5), b: [1] })),
  mask({ fields: 'a', replacement: '' }, ofMap({ a: 5 })),
  mask({ fields: '' }, ofMap({ a: 5 })),
  mask({ fields: 'a,a' }, ofMap({ a: 5 })),
  mask({ fields: 'a' }, ofValue(null, null)),
  mask({ fields: 'a' }, ofValue(person, null)),
  casesOf('MaskField$Key')({ fields: 'name' }, ofKey(person, new Struct(person, ['B', 1, 'n'])))
]

export const fieldCases: readonly TransformCase[] = [
  ...insertCases,
  ...replaceCases,
  ...hoistCases,
  ...extractCases,
  ...toKeyCases,
  ...headerFromCases,
  ...maskCases
]
