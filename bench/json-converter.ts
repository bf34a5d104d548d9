import { Decimal, decimalSchema, timestampSchema } from '../src/data/logical-types.ts'
import { Schema } from '../src/data/schema.ts'
import { Struct } from '../src/data/struct.ts'
import { jsonConverterPlugin } from '../src/converters/json.ts'

/**
 * Time per record of JsonConverter for a table of 7 columns: bigint, varchar, numeric, varchar, 2 timestamps, varchar.
 * `node bench/json-converter.ts [records]`
 */
const RECORDS = Number(process.argv[2] ?? 1_000_000)

const schema = Schema.struct(
  [
    { name: 'id', schema: Schema.INT64 },
    { name: 'customer', schema: Schema.OPTIONAL_STRING },
    { name: 'amount', schema: decimalSchema(2, { optional: true }) },
    { name: 'status', schema: Schema.OPTIONAL_STRING },
    { name: 'created_at', schema: timestampSchema({ optional: true }) },
    { name: 'updated_at', schema: timestampSchema() },
    { name: 'note', schema: Schema.OPTIONAL_STRING }
  ],
  { name: 'orders' }
)

// As many distinct records as stay in the CPU's caches, so that the converter is measured and not the memory.
const records = Array.from({ length: 2000 }, (_, i) => {
  const at = 1_700_000_000_000 + i * 977
  const values = [
    1_000_000 + i,
    `customer-${i % 977}`,
    new Decimal(BigInt(i * 137), 2),
    i % 3 === 0 ? 'PAID' : 'OPEN',
    at,
    at + 5000,
    `a note of some forty characters, no ${i}`
  ]
  return new Struct(schema, values)
})

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
