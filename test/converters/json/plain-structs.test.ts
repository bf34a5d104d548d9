import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { jsonConverterPlugin } from '../../../src/converters/json/json-converter.ts'
import { Decimal, decimalSchema, timestampSchema } from '../../../src/data/logical-types.ts'
import { Schema } from '../../../src/data/schema.ts'
import { Struct } from '../../../src/data/struct.ts'
import type { SchemaAndValue } from '../../../src/plugin/converter.ts'
import { Random } from '../../support/random.ts'

const SCHEMA = Schema.struct([
  { name: 'id', schema: Schema.INT64 },
  { name: 'näme "x"', schema: Schema.OPTIONAL_STRING },
  { name: 'price', schema: decimalSchema(2, { optional: true }) },
  { name: 'ratio', schema: new Schema('float64', { optional: true }) },
  { name: 'small', schema: new Schema('int8', { optional: true, defaultValue: 7 }) },
  { name: 'at', schema: timestampSchema({ optional: true }) },
  { name: 'yes', schema: new Schema('boolean', { optional: true }) }
])

/** What is read behind a record that begins alike, and what is read of the record alone; in short. */
function bothWays(records: readonly string[]): { alike: string[]; alone: string[] } {
  const create = () => jsonConverterPlugin.create(new Map(), 'value')
  const read = (converter: ReturnType<typeof create>, record: string | Buffer): string => {
    try {
      const { value } = converter.toConnectData('t', Buffer.from(record)) as SchemaAndValue
      return JSON.stringify((value as Struct | null)?.values ?? null, (_, each: unknown) =>
        typeof each === 'bigint' ? `${each}n` : Object.is(each, -0) ? '-0' : each
      )
    } catch (error) {
      return String(error)
    }
  }
  const one = create()
  read(one, records[0] ?? '')
  return {
    alike: records.map((record) => read(one, record)),
    alone: records.map((record) => read(create(), record))
  }
}

const written = (values: readonly unknown[]): string =>
  Buffer.from(
    jsonConverterPlugin
      .create(new Map(), 'value')
      .fromConnectData('t', SCHEMA, new Struct(SCHEMA, [...values])) as Uint8Array
  ).toString()

describe('Records that begin as the one before them', () => {
  it('are read as any other', () => {
    const random = new Random(7)
    const number = (): number => Math.round((random.next() - 0.5) * 10 ** (1 + random.below(16)))
    const records = Array.from({ length: 500 }, () =>
      written([
        random.chance(0.1) ? 2n ** 62n + BigInt(number()) : number(),
        random.pick([null, '', 'plain', 'ein "Wort"', 'a\\b\n', '日本 \u{1f600}', 'x1.5']),
        random.chance(0.2) ? null : new Decimal(BigInt(number()) ** BigInt(1 + random.below(3)), 2),
        random.pick([null, 0, -0, 1.5, 1e21, -3e-9, 12, Number.NaN, Infinity]),
        random.pick([null, -128, 127, 0]),
        random.pick([null, 0, -1, 1_700_000_000_123]),
        random.pick([null, true, false])
      ])
    )
    const { alike, alone } = bothWays(records)
    assert.deepEqual(alike, alone)
    assert.ok(alike.every((each) => each.startsWith('[')))
  })

  it('are read as any other where somebody else wrote them', () => {
    const [head = ''] = written([1, 'a', null, 1, 1, 1, true]).split('{"id"')
    const name = String.raw`"näme \"x\""`
    const payload = (over: Readonly<Record<string, string>>): string => {
      const given = {
        id: '1',
        price: 'null',
        ratio: '1.5',
        small: '1',
        at: '1',
        yes: 'true',
        ...over
      }
      return `{"id":${given.id},${name}:${over['name'] ?? '"a"'},"price":${given.price},"ratio":${given.ratio},"small":${given.small},"at":${given.at},"yes":${given.yes}}`
    }
    const payloads = [
      ...[
        '01',
        '-0',
        '-01',
        '1.0',
        '1e3',
        '1e99',
        '12345678901234567890',
        '9007199254740993',
        '--1',
        '-',
        '',
        '+1',
        '1.',
        '.5',
        '"1"',
        'null',
        'true',
        'nul',
        '1 '
      ].map((id) => payload({ id })),
      ...['"\\u00e4"', '"a\tb"', '"a\u0000b"', '"', '"a', 'a', '{}', '["a"]', '12'].map((name) =>
        payload({ name })
      ),
      ...[
        '"AQ=="',
        '"A==="',
        '"AQ"',
        '""',
        '1.25',
        '12',
        '"!"',
        '"////////"',
        '"AAAAAAAAAAAA"'
      ].map((price) => payload({ price })),
      ...['"NaN"', '1e400', '-0.0', '5', 'truely'].map((ratio) => payload({ ratio })),
      ...['128', '1.5', '-128', '"1"'].map((small) => payload({ small })),
      payload({}).replace('{"id":1,', '{"small":1,"id":1,'),
      payload({}).replace('"yes":true', '"yes":true,"id":5'),
      payload({}).replace(',"yes":true', ''),
      payload({}).replace('"id":1', '"id" : 1'),
      ` ${payload({})}`,
      `${payload({})} `,
      `${payload({})}}`,
      payload({}).slice(0, -1),
      '{}',
      '[]',
      'null',
      ''
    ]
    const records = [payload({}), ...payloads].map((each) => `${head}${each}}`)
    const { alike, alone } = bothWays(records)
    assert.deepEqual(alike, alone)
    assert.ok(
      alone.some((each) => each.startsWith('DataError')) || alone.some((each) => /Error/.test(each))
    )
  })

  it('are refused where they are no UTF-8', () => {
    const converter = jsonConverterPlugin.create(new Map(), 'value')
    const good = Buffer.from(written([1, 'abc', null, 1, 1, 1, true]))
    void converter.toConnectData('t', good)
    const bad = Buffer.from(good)
    bad[bad.lastIndexOf('abc') + 1] = 0xff
    assert.throws(() => converter.toConnectData('t', bad), /the bytes are not UTF-8/)
    const replaced = Buffer.from(good.toString().replace('abc', 'a\uFFFDc'))
    const { value } = converter.toConnectData('t', replaced) as SchemaAndValue
    assert.equal((value as Struct).values[1], 'a\uFFFDc')
  })
})
