import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { avroConverterPlugin } from '../src/converters/avro.ts'
import { records, schema } from './seven-columns.ts'

/**
 * Time per record of AvroConverter for a table of 7 columns: bigint, varchar, numeric, varchar, 2 timestamps, varchar.
 * A registry of a few lines gives out the schema id; it is asked once. `node bench/avro-converter.ts [records]`
 */
const RECORDS = Number(process.argv[2] ?? 1_000_000)

let text = ''
const server = createServer((request, response) => {
  let body = ''
  request.on('data', (chunk: Buffer) => {
    body += chunk.toString('utf8')
  })
  request.on('end', () => {
    if (request.method === 'POST') text = (JSON.parse(body) as { schema: string }).schema
    response.end(JSON.stringify({ id: 1, version: 1, schema: text }))
  })
})
await new Promise<void>((resolve) => {
  server.listen(0, '127.0.0.1', resolve)
})
const { port } = server.address() as AddressInfo

const converter = avroConverterPlugin.create()
converter.configure(new Map([['schema.registry.url', `http://127.0.0.1:${port}`]]), false)
const first = await converter.fromConnectData('orders', schema, records[0])
if (first === null) throw new Error('no record')
await converter.toConnectData('orders', first)

function measure(name: string, convert: (i: number) => number): void {
  for (let i = 0; i < Math.min(RECORDS, 100_000); i++) convert(i)
  let bytes = 0
  const start = performance.now()
  for (let i = 0; i < RECORDS; i++) bytes += convert(i)
  const microseconds = ((performance.now() - start) * 1000) / RECORDS
  const size = Math.round(bytes / RECORDS)
  console.log(`${name}: ${microseconds.toFixed(2)} µs per record of ${size} bytes`)
}

const encoded: Uint8Array[] = []
measure('fromConnectData', (i) => {
  const result = converter.fromConnectData('orders', schema, records[i % records.length])
  if (!(result instanceof Uint8Array)) throw new Error('not at once')
  if (encoded.length < records.length) encoded.push(result)
  return result.length
})
measure('toConnectData', (i) => {
  const bytes = encoded[i % encoded.length] as Uint8Array
  const result = converter.toConnectData('orders', bytes)
  if (result instanceof Promise) throw new Error('not at once')
  return bytes.length
})
server.close()
