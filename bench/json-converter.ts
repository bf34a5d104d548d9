import { jsonConverterPlugin } from '../src/converters/json.ts'
import { records, schema } from './seven-columns.ts'

/**
 * Time per record of JsonConverter for a table of 7 columns: bigint, varchar, numeric, varchar, 2 timestamps, varchar.
 * `node bench/json-converter.ts [records]`
 */
const RECORDS = Number(process.argv[2] ?? 1_000_000)

function measure(name: string, config: [string, string][]): void {
  const converter = jsonConverterPlugin.create()
  converter.configure(new Map(config), false)
  let bytes = 0
  const round = (count: number): void => {
    for (let i = 0; i < count; i++) {
      const encoded = converter.fromConnectData('orders', schema, records[i % records.length])
      bytes += encoded instanceof Uint8Array ? encoded.length : 0
    }
  }
  round(Math.min(RECORDS, 100_000))
  bytes = 0
  const start = performance.now()
  round(RECORDS)
  const microseconds = ((performance.now() - start) * 1000) / RECORDS
  console.log(
    `${name}: ${microseconds.toFixed(2)} µs per record of ${Math.round(bytes / RECORDS)} bytes`
  )
}

measure('schemas.enable=false', [['schemas.enable', 'false']])
measure('schemas.enable=false, decimal.format=NUMERIC', [
  ['schemas.enable', 'false'],
  ['decimal.format', 'NUMERIC']
])
measure('schemas.enable=true', [])
