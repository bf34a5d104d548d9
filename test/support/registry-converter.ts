import assert from 'node:assert/strict'
import {
  dateSchema,
  Decimal,
  decimalSchema,
  timeSchema,
  timestampSchema
} from '../../src/data/logical-types.ts'
import { Schema } from '../../src/data/schema.ts'
import { Struct } from '../../src/data/struct.ts'
import type { Converter, ConverterPlugin, ConverterUse } from '../../src/plugin/converter.ts'
import { schemaRegistryUrl } from './environment.ts'

/** A converter configured for the registry of the tests. */
export function registryConverter(
  plugin: ConverterPlugin,
  config: Record<string, string> = {},
  use: ConverterUse = 'value'
): Converter {
  const url = { 'schema.registry.url': schemaRegistryUrl() }
  return plugin.create(new Map(Object.entries({ ...url, ...config })), use)
}

/** What the registry answers to a GET, or to a POST of a body. */
export async function registry(path: string, body?: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(`${schemaRegistryUrl()}${path}`, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' }
  })
  const answer = (await response.json()) as Record<string, unknown>
  assert.equal(response.status, 200, JSON.stringify(answer))
  return answer
}

/** Registers a schema; its id. `body`: what the registry takes, `schemaType` and `schema`. */
export async function registered(subject: string, body: unknown): Promise<number> {
  return (await registry(`/subjects/${subject}/versions`, body))['id'] as number
}

/** A record as somebody else writes it: what stands behind magic byte and id is given. */
export function foreign(id: number, rest: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.writeInt32BE(id, 1)
  return Buffer.concat([head, rest])
}

/** The bytes of a record that is no tombstone. */
export async function write(
  of: Converter,
  topic: string,
  schema: Schema | null,
  value: unknown
): Promise<Buffer> {
  const bytes = await of.fromConnectData(topic, schema, value)
  assert.ok(bytes !== null)
  return Buffer.from(bytes)
}

/** The text of the schema a record was written with. */
export async function writtenSchema(bytes: Buffer): Promise<string> {
  assert.equal(bytes[0], 0)
  return (await registry(`/schemas/ids/${bytes.readInt32BE(1)}`))['schema'] as string
}

/** One field of each type. */
export const everyType = Schema.struct(
  [
    { name: 'i8', schema: Schema.INT8 },
    { name: 'i16', schema: Schema.OPTIONAL_INT16 },
    { name: 'i32', schema: Schema.INT32 },
    { name: 'i64', schema: Schema.INT64 },
    { name: 'f32', schema: Schema.FLOAT32 },
    { name: 'f64', schema: Schema.FLOAT64 },
    { name: 'flag', schema: Schema.BOOLEAN },
    { name: 'text', schema: Schema.STRING },
    { name: 'raw', schema: Schema.BYTES },
    { name: 'amount', schema: decimalSchema(2, { optional: true }) },
    { name: 'day', schema: dateSchema() },
    { name: 'time', schema: timeSchema() },
    { name: 'at', schema: timestampSchema() },
    { name: 'tags', schema: Schema.array(Schema.OPTIONAL_STRING) },
    { name: 'labels', schema: Schema.map(Schema.STRING, Schema.INT64) },
    { name: 'counts', schema: Schema.map(Schema.INT32, Schema.OPTIONAL_STRING) },
    {
      name: 'address',
      schema: Schema.struct([{ name: 'city', schema: Schema.OPTIONAL_STRING }], { optional: true })
    }
  ],
  { name: 'shop.Everything' }
)

/** A record of it. */
export function everything(i64: number | bigint, text: string, unscaled: bigint): Struct {
  const address = new Struct(everyType.field('address')?.schema as Schema, [text])
  const labels = new Map([
    ['__proto__', 1],
    [text, -1]
  ])
  const counts = new Map([
    [-5, 'x'],
    [6, null]
  ])
  const amount = new Decimal(unscaled, 2)
  const values: unknown[] = [
    -128,
    null,
    -(2 ** 31),
    i64,
    0.5,
    -1e300,
    true,
    text,
    Buffer.from([0, 255])
  ]
  values.push(amount, -1, 86_399_999, 1_700_000_000_123, ['a', null], labels, counts, address)
  return new Struct(everyType, values)
}

/** Values at the edges of their notations. */
export const texts = [
  '',
  'a',
  'Grüße',
  '😀'.repeat(40),
  'x'.repeat(63),
  'x'.repeat(64),
  'é'.repeat(33),
  'ж'.repeat(5000)
]
export const longs = [
  0,
  -1,
  63,
  64,
  2 ** 29,
  -(2 ** 29) - 1,
  2 ** 31,
  -(2 ** 35),
  2 ** 48 - 1,
  -(2 ** 48),
  2 ** 51 - 1,
  -(2 ** 51),
  2 ** 52 + 1,
  Number.MAX_SAFE_INTEGER,
  -Number.MAX_SAFE_INTEGER,
  2n ** 53n,
  2n ** 63n - 1n,
  -(2n ** 63n)
]
export const unscaled = [0n, 127n, 128n, -128n, -129n, 32_768n, 2n ** 47n, -(2n ** 47n), 2n ** 200n]
