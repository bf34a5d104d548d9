import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { before, describe, it } from 'node:test'
import {
  type Converter,
  type ConverterPlugin,
  decimalSchema,
  NO_HEADERS,
  Schema,
  type SourceRecord,
  Struct,
  timestampSchema,
  type Transformation,
  type TransformationPlugin
} from '../../src/plugin/index.ts'
import { systemClock } from '../../src/clock.ts'
import { loadPluginPath } from '../../src/plugin/plugin-loader.ts'
import { Plugins } from '../../src/plugin/plugins.ts'

/** What `test/system/examples.test.ts` leaves out: the corners of the examples' own promises. */
let plugins: Plugins
before(async () => {
  const path = [resolve(import.meta.dirname, '..', '..', 'examples')]
  const { loaded, problems } = await loadPluginPath({
    path,
    cwd: '/',
    known: [],
    clock: systemClock
  })
  assert.deepEqual(problems, [])
  plugins = new Plugins(loaded.map(({ plugin }) => plugin))
})

const row = Schema.struct([
  { name: 'id', schema: Schema.INT64 },
  { name: 'note', schema: Schema.OPTIONAL_STRING },
  { name: 'at', schema: timestampSchema() }
])

describe('CsvConverter', () => {
  const converter = (settings: Record<string, string> = {}): Converter => {
    const plugin = plugins.find('converter', 'Csv') as ConverterPlugin
    return plugin.create(new Map(Object.entries(settings)), 'value')
  }
  const line = (value: Struct, settings?: Record<string, string>): string =>
    Buffer.from(
      converter(settings).fromConnectData('t', value.schema, value) as Uint8Array
    ).toString()

  it('writes structs as lines and reads lines as texts', () => {
    const text = line(new Struct(row, [9_007_199_254_740_993n, 'a "b", c\nd', 0]))
    assert.equal(text, '9007199254740993,"a ""b"", c\nd",0')
    assert.deepEqual(converter().toConnectData('t', Buffer.from(text)), {
      schema: Schema.array(Schema.OPTIONAL_STRING, { optional: true }),
      value: ['9007199254740993', 'a "b", c\nd', '0']
    })
  })

  it('tells null from an empty text, and keeps tombstones', () => {
    assert.equal(line(new Struct(row, [1, null, 0]), { delimiter: '|' }), '1||0')
    assert.equal(line(new Struct(row, [1, '', 0]), { delimiter: '|' }), '1|""|0')
    const { value } = converter().toConnectData('t', Buffer.from('1,,""')) as { value: unknown }
    assert.deepEqual(value, ['1', null, ''])
    assert.equal(converter().fromConnectData('t', row, null), null)
  })

  it('refuses by name what it cannot carry', () => {
    const odd = Schema.struct([{ name: 'price', schema: decimalSchema(2) }])
    assert.throws(() => line(new Struct(odd, [null])), /cannot carry the field price of t/)
    assert.throws(() => converter().fromConnectData('t', Schema.STRING, 'x'), /structs only/)
    assert.throws(() => converter().toConnectData('t', Buffer.from('"a"b')), /No line of CSV/)
    assert.throws(() => converter({ delimiter: '""' }), /must be one character/)
  })
})

describe('HashField', () => {
  const transformation = (fields: string): Transformation => {
    const plugin = plugins.find('transformation', 'com.example.HashField$Value')
    return (plugin as TransformationPlugin).create(
      new Map([
        ['fields', fields],
        ['salt', 'pepper']
      ])
    )
  }
  const record = (...values: unknown[]): SourceRecord => ({
    topic: 't',
    kafkaPartition: null,
    keySchema: null,
    key: null,
    valueSchema: row,
    value: new Struct(row, values),
    timestamp: null,
    headers: NO_HEADERS,
    sourcePartition: {},
    sourceOffset: null
  })

  it('replaces fields by texts, in one new schema for one old one', () => {
    const hash = transformation('id,note')
    const [first, second] = [hash.apply(record(1, 'x', 0)), hash.apply(record(1, null, 0))]
    assert.equal(first?.valueSchema, second?.valueSchema)
    assert.equal(first?.valueSchema?.field('id')?.schema, Schema.STRING)
    assert.equal(first?.valueSchema?.field('note')?.schema, Schema.OPTIONAL_STRING)
    const [one, other] = [first?.value as Struct, second?.value as Struct]
    assert.match(String(one.get('id')), /^[0-9a-f]{64}$/)
    assert.equal(one.get('id'), other.get('id'))
    assert.equal(other.get('note'), null)
  })

  it('leaves the record it was given as it was', () => {
    const given = record(1, 'x', 0)
    transformation('note').apply(given)
    assert.deepEqual(given, record(1, 'x', 0))
  })

  it('refuses by name a field that is not there', () => {
    assert.throws(() => transformation('note,nope').apply(record(1, 'x', 0)), /cannot hash nope/)
  })
})
