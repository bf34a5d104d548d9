import { OracleError } from '../oracle-error.ts'
import type { ByteReader } from '../wire/byte-reader.ts'
import { WIRE } from '../wire/data-types.ts'
import type { ClientForm } from './handshake.ts'

export const OPTION = {
  PARSE: 0x01,
  BIND: 0x08,
  DEFINE: 0x10,
  EXECUTE: 0x20,
  FETCH: 0x40,
  COMMIT: 0x100,
  NOT_PLSQL: 0x8000,
  DESCRIBE: 0x20000,
  BATCH_ERRORS: 0x80000
} as const

const LOB_PREFETCH = 0x02000000
const ARRAY = 0x40
/** A bind that may be longer travels behind the others of its row. */
const LONGEST_IN_PLACE = 32_767
const ROW = 7

/** How a client sends (bind) or wants (define) a value. */
export interface ValueShape {
  readonly type: number
  readonly isArray: boolean
  readonly maxSize: number
  readonly form: number
  readonly withLobFacts: boolean
  readonly prefetchedLob: number
}

export interface ExecuteRequest {
  readonly options: number
  /** 0: a new one. */
  readonly cursor: number
  readonly sql: string | null
  readonly executions: number
  /** Rows to fetch with the answer. */
  readonly rows: number
  readonly wantsRowCounts: boolean
  readonly defines: readonly ValueShape[]
  readonly binds: readonly ValueShape[]
  readonly bindRows: readonly (readonly (Buffer | null)[])[]
}

/** Reads function 94 behind the sequence number. */
export function readExecute(reader: ByteReader, form: ClientForm): ExecuteRequest {
  const options = reader.ub()
  const cursor = reader.ub()
  const hasSql = reader.u8() !== 0
  const sqlLength = reader.ub()
  reader.u8()
  const vectorLength = reader.ub()
  reader.raw(2)
  reader.ub()
  let rows = reader.ub()
  reader.ub()
  reader.u8()
  const bindCount = reader.ub()
  reader.raw(6)
  const defineCount = reader.ub()
  reader.ub()
  reader.raw(3)
  reader.ub()
  reader.u8()
  reader.ub()
  reader.ub()
  const wantsRowCounts = reader.u8() !== 0
  reader.ub()
  reader.raw(2)
  reader.ub()
  reader.u8()
  reader.ub()
  reader.raw(2)
  reader.ub()
  let sql: string | null = null
  if (hasSql && sqlLength > 0) {
    sql = (form.prefixedTexts ? reader.bytes() : reader.raw(sqlLength))?.toString() ?? ''
  }
  // Its binds carry no values; where they are is known only to who has parsed the statement.
  if (sql !== null && /\bRETURNING\b[\s\S]*\bINTO\b/i.test(sql)) throw new OracleError(3001)
  const vector = Array.from({ length: vectorLength }, () => reader.ub())
  const isQuery = (vector[7] ?? 0) !== 0
  const count = vector[1] ?? 0
  if (isQuery && rows === 0) rows = count
  const defines = (options & OPTION.DEFINE) === 0 ? [] : readShapes(reader, defineCount, form)
  const binds = (options & OPTION.BIND) === 0 ? [] : readShapes(reader, bindCount, form)
  const executions = isQuery ? 1 : Math.max(1, count)
  const executes = (options & OPTION.EXECUTE) !== 0 && binds.length > 0
  const bindRows = executes ? readBindRows(reader, binds, executions, options) : []
  return { options, cursor, sql, executions, rows, wantsRowCounts, defines, binds, bindRows }
}

function readShapes(reader: ByteReader, count: number, form: ClientForm): ValueShape[] {
  return Array.from({ length: count }, () => {
    const type = reader.u8()
    const flags = reader.u8()
    reader.u8()
    if (form.wideScales && HAS_SCALE.has(type)) reader.ub()
    else reader.u8()
    const maxSize = reader.ub()
    reader.ub()
    const more = reader.ub()
    reader.bytesTwice()
    reader.ub()
    reader.ub()
    const characterForm = reader.u8()
    const prefetchedLob = reader.ub()
    reader.ub()
    const withLobFacts = (more & LOB_PREFETCH) !== 0
    const isArray = (flags & ARRAY) !== 0
    return { type, isArray, maxSize, form: characterForm, withLobFacts, prefetchedLob }
  })
}

const HAS_SCALE: ReadonlySet<number> = new Set([
  WIRE.NUMBER,
  WIRE.TIMESTAMP,
  WIRE.TIMESTAMP_TZ,
  WIRE.TIMESTAMP_LTZ,
  WIRE.INTERVAL_DS
])

export function scaleIsWide(type: number, form: ClientForm): boolean {
  return form.wideScales && HAS_SCALE.has(type)
}

/** The values of so many executions, in the order of the binds. */
export function readBindRows(
  reader: ByteReader,
  binds: readonly ValueShape[],
  executions: number,
  options: number = OPTION.NOT_PLSQL
): (Buffer | null)[][] {
  const plsql = (options & OPTION.NOT_PLSQL) === 0
  const late = binds.map(({ maxSize }) => !plsql && maxSize > LONGEST_IN_PLACE)
  return Array.from({ length: executions }, () => {
    if (reader.u8() !== ROW) throw new RangeError('A row of binds was expected')
    const row = binds.map((): Buffer | null => null)
    for (const turn of [false, true]) {
      for (const [index, shape] of binds.entries()) {
        if (late[index] === turn) row[index] = readBind(reader, shape)
      }
    }
    return row
  })
}

function readBind(reader: ByteReader, shape: ValueShape): Buffer | null {
  const isLob = shape.type === WIRE.CLOB || shape.type === WIRE.BLOB
  return isLob ? reader.bytesTwice() : reader.bytes()
}

/** Function 4 and 78: the same cursor once more, with binds as they were described the first time. */
interface ReExecuteRequest {
  readonly cursor: number
  readonly count: number
  readonly commit: boolean
}

export function readReExecute(reader: ByteReader): ReExecuteRequest {
  const cursor = reader.ub()
  const count = reader.ub()
  reader.ub()
  return { cursor, count, commit: (reader.ub() & 1) !== 0 }
}
