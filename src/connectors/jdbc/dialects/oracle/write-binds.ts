import { MS_PER_DAY } from '../../../../data/calendar.ts'
import { DataError } from '../../../../errors.ts'
import type { TargetColumn } from '../../database/writing.ts'
import { type Timestamp, timestampText } from '../../values/timestamp.ts'

/** How the driver is told a type: by the name of its constant. */
export type BindTypeName = `DB_TYPE_${string}`

/** How values of a column travel. */
export interface ColumnBind {
  readonly type: BindTypeName
  /** Bytes that a value may have; null: they follow from the type. */
  readonly maxSize: number | null
  /** For values that may be longer than a text or bytes of SQL: what they are bound as then. */
  readonly large: BindTypeName | null
  /** What stands for bind number `index` (from 1), of the column's own type: else its index is not used. */
  sql(index: number): string
  /** The value to bind, which is not null. */
  value(value: unknown): unknown
}

/** What a table keeps in `bindType`: the type without its sizes, and the bytes that fit. */
export function bindTypeText(type: string, bytes: number): string {
  return `${type}:${bytes}`
}

const same = (value: unknown): unknown => value
const plain = (index: number): string => `:${index}`
const TIME_FORMAT = 'YYYY-MM-DD HH24:MI:SS'

export function columnBind({ name, type, bindType }: TargetColumn): ColumnBind {
  const [word = '', bytes = '0'] = (bindType ?? '').split(':')
  const maxSize = Number(bytes)
  switch (type.kind) {
    case 'integer':
      return fixed('DB_TYPE_NUMBER', plain, same)
    case 'decimal':
      // As a text all its digits arrive; a key has to be a number again to be looked up.
      return text('DB_TYPE_VARCHAR', 200, (index) => `TO_NUMBER(:${index})`)
    case 'float':
      return fixed(type.bits === 32 ? 'DB_TYPE_BINARY_FLOAT' : 'DB_TYPE_BINARY_DOUBLE', plain, same)
    case 'boolean':
      return fixed('DB_TYPE_BOOLEAN', plain, same)
    case 'timestamp':
    case 'date':
      return moment(word, type.kind)
    case 'bytes':
      return {
        type: 'DB_TYPE_RAW',
        maxSize: word === 'BLOB' ? null : maxSize,
        large: word === 'BLOB' ? 'DB_TYPE_BLOB' : null,
        sql: plain,
        value: (value) => bufferOf(value as Uint8Array)
      }
    case 'json':
    case 'string':
    case 'other':
      return { ...textOf(word, maxSize), ...(word === 'JSON' ? { sql: jsonOf } : {}) }
    case 'uuid':
    case 'enum':
    case 'bits':
    case 'time':
    case 'array':
      throw new DataError(`Oracle has no column such as ${name}`)
  }
}

const jsonOf = (index: number): string => `JSON(:${index})`

function textOf(word: string, bytes: number): ColumnBind {
  switch (word) {
    case 'CHAR':
    case 'NCHAR':
      // Blanks at the end do not count where a CHAR is compared with a CHAR, and only there.
      return text(word === 'CHAR' ? 'DB_TYPE_CHAR' : 'DB_TYPE_NCHAR', bytes)
    case 'NVARCHAR2':
      return text('DB_TYPE_NVARCHAR', bytes)
    case 'VARCHAR2':
      return text('DB_TYPE_VARCHAR', bytes)
    case 'NCLOB':
      return { ...text('DB_TYPE_NVARCHAR', null), large: 'DB_TYPE_NCLOB' }
    default:
      return { ...text('DB_TYPE_VARCHAR', null), large: 'DB_TYPE_CLOB' }
  }
}

function text(type: BindTypeName, maxSize: number | null, sql = plain): ColumnBind {
  return { type, maxSize, large: null, sql, value: same }
}

function fixed(type: BindTypeName, sql = plain, value = same): ColumnBind {
  return { type, maxSize: null, large: null, sql, value }
}

/** As texts: the driver would make a moment of a JS Date, of milliseconds. */
function moment(word: string, kind: 'timestamp' | 'date'): ColumnBind {
  const value = (given: unknown): string => {
    const time = kind === 'date' ? ofDay(given as number) : (given as Timestamp)
    const text = timestampText(time, word === 'DATE' ? 0 : 9)
    // Not with || in the statement: beside it NULL would be an empty text.
    return word.endsWith('ZONE') ? `${text} +00:00` : text
  }
  const of = (sql: ColumnBind['sql']): ColumnBind => ({
    type: 'DB_TYPE_VARCHAR',
    maxSize: 40,
    large: null,
    sql,
    value
  })
  if (word === 'DATE') return of((index) => `TO_DATE(:${index}, '${TIME_FORMAT}')`)
  if (word === 'TIMESTAMP') return of((index) => `TO_TIMESTAMP(:${index}, '${TIME_FORMAT}.FF9')`)
  const zoned = (index: number): string =>
    `TO_TIMESTAMP_TZ(:${index}, '${TIME_FORMAT}.FF9 TZH:TZM')`
  if (word === 'TIMESTAMP WITH TIME ZONE') return of(zoned)
  return of((index) => `CAST(${zoned(index)} AS TIMESTAMP(9) WITH LOCAL TIME ZONE)`)
}

function ofDay(day: number): Timestamp {
  return { ms: day * MS_PER_DAY, nanos: 0 }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
