/** The columns by which a row is known, out of a record of any format. */
export interface RowFields {
  readonly code: string
  readonly version: bigint
  readonly id: bigint
  readonly amount: number | null
  readonly note: unknown
}

/** A field by its name; columns of Oracle are in upper case. */
export function fieldOf(fields: Readonly<Record<string, unknown>>, name: string): unknown {
  return fields[name in fields ? name : name.toUpperCase()]
}

export function rowFields(fields: Readonly<Record<string, unknown>>): RowFields {
  return {
    code: String(fieldOf(fields, 'code')),
    version: unscaled(fieldOf(fields, 'version')),
    id: unscaled(fieldOf(fields, 'id')),
    amount: amountOf(fieldOf(fields, 'amount')),
    note: fieldOf(fields, 'note')
  }
}

function amountOf(value: unknown): number | null {
  if (value === null || value === undefined) return null
  // A Decimal of two digits.
  return typeof value === 'number' ? value : Number(unscaled(value)) / 100
}

/** A whole number, or the one whose bytes a Decimal travels as. */
function unscaled(value: unknown): bigint {
  if (typeof value === 'number' || typeof value === 'bigint') return BigInt(value)
  const bytes = typeof value === 'string' ? Buffer.from(value, 'base64') : (value as Buffer)
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`))
}
