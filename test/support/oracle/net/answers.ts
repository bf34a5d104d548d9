import { ByteWriter } from '../wire/byte-writer.ts'
import { parseRowid, type RowAddress } from '../wire/rowid.ts'
import type { OracleError } from '../oracle-error.ts'
import { type ClientForm, hasChecksum } from './handshake.ts'

/** Facts of message 4, the end of every call. */
interface CallEnd {
  readonly sequence: number
  readonly inTransaction: boolean
  readonly cursor?: number
  readonly rowCount?: number
  readonly error?: OracleError | null
  readonly lastRowid?: string | null
  readonly batchErrors?: readonly BatchError[]
}

export interface BatchError {
  readonly row: number
  readonly error: OracleError
}

const NO_ROW: RowAddress = { object: 0, file: 0, block: 0, row: 0 }
const IN_TRANSACTION = 2
const BATCH_ERRORS = 24_381

export function writeCallEnd(writer: ByteWriter, end: CallEnd, form: ClientForm): void {
  const batch = end.batchErrors ?? []
  const error = end.error ?? null
  const number = batch.length > 0 && error === null ? BATCH_ERRORS : (error?.number ?? 0)
  const row = parseRowid(end.lastRowid ?? '') ?? NO_ROW
  writer.u8(4).ub(end.inTransaction ? IN_TRANSACTION : 0, end.sequence, end.rowCount ?? 0)
  writer.ub(Math.min(number, 65_535), 0, 0, end.cursor ?? 0, error?.position ?? 0)
  writer.u8(0, 0, 0, 0, 0, 0)
  writer.ub(row.object, row.file).u8(0).ub(row.block, row.row)
  writer.ub(0).u8(0, end.sequence).ub(0, 0).bytesTwice(null)
  writeBatchErrors(writer, batch)
  writer.ub(number, end.rowCount ?? 0)
  if (hasChecksum(form)) writer.ub(0, 0)
  if (number === 0) return
  writer.bytes(`${error?.message ?? 'ORA-24381: error(s) in array DML'}\n`)
}

function writeBatchErrors(writer: ByteWriter, batch: readonly BatchError[]): void {
  for (const part of ['number', 'row', 'text'] as const) {
    writer.ub(batch.length)
    if (batch.length === 0) continue
    writer.u8(1)
    for (const { row, error } of batch) {
      if (part === 'number') writer.ub(error.number)
      else if (part === 'row') writer.ub(row)
      else {
        const text = Buffer.from(`${error.message}\n`)
        writer.ub(text.length).bytes(text).u8(0, 0)
      }
    }
  }
}

/** Message 8 after an execute. */
export function writeParameters(
  writer: ByteWriter,
  facts: { cursor: number; scn: number; rowCounts: readonly number[] | null }
): void {
  writer.u8(8).ub(6, facts.scn % 2 ** 32, Math.floor(facts.scn / 2 ** 32), facts.cursor, 0, 0, 0)
  writer.ub(0, 0, 0)
  if (facts.rowCounts !== null) writer.ub(facts.rowCounts.length, ...facts.rowCounts)
}

/** Message 8 of a logon step. */
export function writePairs(
  writer: ByteWriter,
  pairs: readonly (readonly [string, string, number?])[]
): void {
  writer.u8(8).ub(pairs.length)
  for (const [key, value, flags] of pairs) writer.keyValue(key, value, flags ?? 0)
}

/** Message 6: rows of so many columns follow. */
export function writeRowHeader(writer: ByteWriter, columns: number, rows: number): void {
  writer.u8(6, 0).ub(columns, 0, rows, 0).bytesTwice(null).bytesTwice(null)
}
