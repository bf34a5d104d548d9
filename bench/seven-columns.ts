import { Decimal, decimalSchema, timestampSchema } from '../src/data/logical-types.ts'
import { Schema } from '../src/data/schema.ts'
import { Struct } from '../src/data/struct.ts'

/** A table of 7 columns: bigint, varchar, numeric, varchar, 2 timestamps, varchar. */
export const schema = Schema.struct(
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
export const records = Array.from({ length: 2000 }, (_, i) => {
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
