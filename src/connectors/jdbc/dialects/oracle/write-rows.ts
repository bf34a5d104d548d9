import { databaseError } from '../../database/database.ts'
import type { WriteRow, WriteShape } from '../../database/writing.ts'
import type { BindTypeName } from './write-binds.ts'
import type { OracleWriteStatement } from './write-statements.ts'

const CHUNK_BYTES = 8 * 1024 * 1024
const CHUNK_ROWS = 10_000
/** What a value without a length takes, about. */
const VALUE_BYTES = 22
/** What a text and bytes of SQL hold in every release and setting. */
const SQL_TEXT_BYTES = 4000
const SQL_RAW_BYTES = 2000

/** Rows for one call. */
interface Chunk {
  /** Index of the first among all. */
  readonly from: number
  readonly rows: readonly (readonly unknown[])[]
  readonly binds: readonly { readonly type: BindTypeName; readonly maxSize: number | null }[]
}

/** Rows in the order of a statement's binds, in the driver's forms. */
export function bindRows(
  { columns, keyColumns }: WriteShape,
  { places, binds }: OracleWriteStatement,
  rows: readonly WriteRow[],
  tellEmpty: (column: string) => void
): unknown[][] {
  return rows.map((row, rowIndex) =>
    places.map((place, at) => {
      const value = row[place]
      if (value === null || value === undefined) return null
      if (value === '') {
        const column = columns[place]
        if (place < keyColumns || column?.isNullable === false) {
          throw databaseError(
            `Column ${column?.name ?? ''} must have a value, and an empty text is none in Oracle`,
            { retriable: false, errorClass: 'data', rowIndex }
          )
        }
        tellEmpty(column?.name ?? '')
        return null
      }
      return binds[at]?.value(value)
    })
  )
}

/** Parts that a call may carry, each with the types and sizes of its binds. */
export function* chunksOf(
  statement: OracleWriteStatement,
  rows: readonly (readonly unknown[])[]
): Generator<Chunk> {
  let from = 0
  let bytes = 0
  for (const [index, row] of rows.entries()) {
    const size = row.reduce<number>((sum, value) => sum + bytesOf(value), 0)
    if (index > from && (bytes + size > CHUNK_BYTES || index - from >= CHUNK_ROWS)) {
      yield chunkOf(statement, rows.slice(from, index), from)
      from = index
      bytes = 0
    }
    bytes += size
  }
  if (from < rows.length) yield chunkOf(statement, rows.slice(from), from)
}

function chunkOf(
  { binds, inQuery }: OracleWriteStatement,
  rows: readonly (readonly unknown[])[],
  from: number
): Chunk {
  const shapes = binds.map(({ type, maxSize, large }, at) => {
    if (large === null && maxSize === null) return { type, maxSize }
    const longest = rows.reduce((most, row) => Math.max(most, bytesOf(row[at])), 1)
    // The same for every call as long as what is longer is left to the server to refuse.
    if (large === null) return { type, maxSize: Math.max(maxSize ?? 0, longest) }
    const limit = type === 'DB_TYPE_RAW' ? SQL_RAW_BYTES : SQL_TEXT_BYTES
    // Where a value is selected it has to be a large object by then.
    if (inQuery && longest > limit) return { type: large, maxSize: null }
    return { type, maxSize: longest }
  })
  return { from, rows, binds: shapes }
}

function bytesOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  return value instanceof Uint8Array ? value.length : VALUE_BYTES
}
