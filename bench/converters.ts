import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import avro from 'avsc'
import protobuf from 'protobufjs'
import { avroConverterPlugin } from '../src/converters/avro/avro-converter.ts'
import { jsonSchemaConverterPlugin } from '../src/converters/json-schema/json-schema-converter.ts'
import { jsonConverterPlugin } from '../src/converters/json/json-converter.ts'
import { protobufConverterPlugin } from '../src/converters/protobuf/protobuf-converter.ts'
import { Decimal } from '../src/data/logical-types.ts'
import type { Struct } from '../src/data/struct.ts'
import type { Converter, ConverterPlugin } from '../src/plugin/converter.ts'
import { records, schema } from './seven-columns.ts'

/**
 * CPU time per record of each converter for a table of 7 columns: bigint, varchar, numeric, varchar, 2
 * timestamps, varchar; and of the libraries alone, from and to their own plain objects. A registry of a few
 * lines gives out the schema ids; it is asked once. `node bench/converters.ts [records]`
 */
const RECORDS = Number(process.argv[2] ?? 500_000)

let registered: { schema: string; schemaType?: string } = { schema: '' }
const server = createServer((request, response) => {
  let body = ''
  request.on('data', (chunk: Buffer) => {
    body += chunk.toString('utf8')
  })
  request.on('end', () => {
    if (request.method === 'POST') registered = JSON.parse(body) as typeof registered
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ id: 1, version: 1, ...registered }))
  })
})
await new Promise<void>((resolve) => {
  server.listen(0, '127.0.0.1', resolve)
})
const { port } = server.address() as AddressInfo
const url = { 'schema.registry.url': `http://127.0.0.1:${port}` }

/** Microseconds of CPU per call. */
function cost(call: (i: number) => unknown): number {
  for (let i = 0; i < Math.min(RECORDS, 100_000); i++) call(i)
  const before = process.cpuUsage()
  for (let i = 0; i < RECORDS; i++) call(i)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / RECORDS
}

const recordAt = (i: number): Struct => records[i % records.length] as Struct

function line(
  name: string,
  write: (i: number) => Uint8Array,
  read: (bytes: Uint8Array) => unknown
): void {
  const written = cost(write)
  const all = records.map((_, i) => write(i))
  const readCost = cost((i) => read(all[i % all.length] as Uint8Array))
  const bytes = all.reduce((sum, { length }) => sum + length, 0) / all.length
  const perSecond = (microseconds: number): string =>
    `${Math.round(1000 / microseconds)}`.padStart(8)
  console.log(
    `${name.padEnd(38)}${written.toFixed(2).padStart(8)}${perSecond(written)}${readCost.toFixed(2).padStart(8)}${perSecond(readCost)}${bytes.toFixed(0).padStart(7)}`
  )
}

async function converter(
  name: string,
  plugin: ConverterPlugin,
  config: Record<string, string> = {}
): Promise<void> {
  const made: Converter = plugin.create(new Map(Object.entries({ ...url, ...config })), 'value')
  const first = await made.fromConnectData('orders', schema, recordAt(0))
  await made.toConnectData('orders', first)
  const write = (i: number): Uint8Array => {
    const bytes = made.fromConnectData('orders', schema, recordAt(i))
    if (!(bytes instanceof Uint8Array)) throw new Error('not at once')
    return bytes
  }
  line(name, write, (bytes) => {
    const value = made.toConnectData('orders', bytes)
    if (value instanceof Promise) throw new Error('not at once')
    return value
  })
}

/** A record as the libraries want it; decimals are bytes, or a message of them. */
const plainRecords = (decimal: (bytes: Buffer) => unknown): Record<string, unknown>[] =>
  records.map((record) =>
    Object.fromEntries(
      schema.fields.map(({ name, index }) => {
        const value = record.values[index]
        return [name, value instanceof Decimal ? decimal(Buffer.from([1, 2])) : value]
      })
    )
  )

console.log(`${RECORDS} records; CPU microseconds each, thousands per second of one CPU\n`)
console.log(`${''.padEnd(38)}   write     k/s    read     k/s  bytes`)
await converter('JSON, schemas.enable=false', jsonConverterPlugin, { 'schemas.enable': 'false' })
await converter('JSON, with its schema', jsonConverterPlugin)
await converter('Avro', avroConverterPlugin)
const avroType = avro.Type.forSchema(JSON.parse(registered.schema) as avro.Schema)
await converter('JSON Schema', jsonSchemaConverterPlugin)
await converter('JSON Schema, every record checked', jsonSchemaConverterPlugin, {
  'json.fail.invalid.schema': 'true'
})
await converter('Protobuf', protobufConverterPlugin)
server.close()

const avroRecords = plainRecords((bytes) => bytes)
line(
  '(avsc alone, plain objects)',
  (i) => avroType.toBuffer(avroRecords[i % avroRecords.length]),
  (bytes) =>
    avroType.fromBuffer(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)) as unknown
)
const protoType = protobuf
  .parse(
    'syntax = "proto3"; message T { int64 seconds = 1; int32 nanos = 2; } message D { bytes value = 1; uint32 precision = 2; int32 scale = 3; } ' +
      'message R { int64 id = 1; string customer = 2; D amount = 3; string status = 4; T created_at = 5; T updated_at = 6; string note = 7; }',
    { keepCase: true }
  )
  .root.lookupType('R')
const protoRecords = plainRecords((value) => ({ value, precision: 3, scale: 2 })).map((record) => ({
  ...record,
  created_at: { seconds: 1_700_000_000, nanos: 5 },
  updated_at: { seconds: 1_700_000_005, nanos: 5 }
}))
line(
  '(protobufjs alone, plain objects)',
  (i) =>
    protoType.encode(protoRecords[i % protoRecords.length] as unknown as protobuf.Message).finish(),
  (bytes) => protoType.decode(bytes)
)
