import type { TargetColumn, TargetTable, WriteRow, WriteShape } from '../../database/writing.ts'
import { CopyText, LINE_END, TAB } from './copy-text.ts'
import { elementOf, fieldOf, type TextOf } from './written-text.ts'

/**
 * Statements of a shape. All rows of a chunk travel as one `text[]` for each column, which is unnested and
 * cast: one text serves any number of rows. The cast is to the type without length or precision, for a cast
 * to `varchar(3)` or `bit(4)` cuts silently; assigning to the column then checks them (I16).
 */
export interface WriteStatement {
  readonly sql: string
  readonly form: 'copy' | 'unnest'
}

/** null: rows of this shape change nothing. */
export function writeStatement(shape: WriteShape): WriteStatement | null {
  const { operation, table } = shape
  if (operation === 'insert' && table.refusesBulk === null && shape.columns.length > 0) {
    return { sql: copyStatement(shape), form: 'copy' }
  }
  const sql = unnestStatement(shape)
  return sql === null ? null : { sql, form: 'unnest' }
}

export function unnestStatement(shape: WriteShape): string | null {
  switch (shape.operation) {
    case 'truncate':
      return `DELETE FROM ${tableSql(shape.table)}`
    case 'insert':
      return insertStatement(shape)
    case 'upsert':
      return `${insertStatement(shape)}${onConflict(shape)}`
    case 'update':
      return updateStatement(shape)
    case 'delete':
      return `DELETE FROM ${tableSql(shape.table)} AS target USING ${rowsSql(shape)} WHERE ${keysMatch(shape)}`
  }
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

export function tableSql({ id }: Pick<TargetTable, 'id'>): string {
  return id.schema === null ? quoted(id.table) : `${quoted(id.schema)}.${quoted(id.table)}`
}

const names = (columns: readonly TargetColumn[]): string =>
  columns.map(({ name }) => quoted(name)).join(',')

function copyStatement({ table, columns }: WriteShape): string {
  return `COPY ${tableSql(table)} (${names(columns)}) FROM STDIN`
}

/** `unnest($1::text[],$2::text[]) AS u(c1,c2)` */
function rowsSql({ columns }: WriteShape): string {
  const places = columns.map((_, index) => `$${index + 1}::text[]`)
  return `unnest(${places.join(',')}) AS u(${columns.map((_, index) => `c${index + 1}`).join(',')})`
}

function valueSql({ bindType }: TargetColumn, index: number): string {
  return `u.c${index + 1}::${bindType ?? 'text'}`
}

function insertStatement(shape: WriteShape): string {
  const { table, columns } = shape
  const overriding = columns.some(({ identity }) => identity === 'always')
    ? ' OVERRIDING SYSTEM VALUE'
    : ''
  const values = columns.map(valueSql).join(',')
  const alias = shape.newerBy === undefined ? '' : ' AS target'
  return `INSERT INTO ${tableSql(table)}${alias} (${names(columns)})${overriding} SELECT ${values} FROM ${rowsSql(shape)}`
}

/** What an existing row takes over; a key stays, and an identity column cannot be given another value. */
function changed({ columns, keyColumns }: WriteShape): number[] {
  return columns.flatMap(({ identity }, index) =>
    index >= keyColumns && identity !== 'always' ? [index] : []
  )
}

function onConflict(shape: WriteShape): string {
  const keys = names(shape.columns.slice(0, shape.keyColumns))
  const sets = changed(shape).map((index) => {
    const name = quoted(shape.columns[index]?.name ?? '')
    return `${name}=EXCLUDED.${name}`
  })
  return sets.length === 0
    ? ` ON CONFLICT (${keys}) DO NOTHING`
    : ` ON CONFLICT (${keys}) DO UPDATE SET ${sets.join(',')}${ifNewer(shape)}`
}

function ifNewer({ newerBy }: WriteShape): string {
  if (newerBy === undefined) return ''
  const name = quoted(newerBy.name)
  return ` WHERE target.${name} IS NULL OR EXCLUDED.${name}>=target.${name}`
}

function updateStatement(shape: WriteShape): string | null {
  const sets = changed(shape).map((index) => {
    const column = shape.columns[index] as TargetColumn
    return `${quoted(column.name)}=${valueSql(column, index)}`
  })
  if (sets.length === 0) return null
  return `UPDATE ${tableSql(shape.table)} AS target SET ${sets.join(',')} FROM ${rowsSql(shape)} WHERE ${keysMatch(shape)}`
}

function keysMatch({ columns, keyColumns }: WriteShape): string {
  return columns
    .slice(0, keyColumns)
    .map((column, index) => `target.${quoted(column.name)}=${valueSql(column, index)}`)
    .join(' AND ')
}

/** So many characters, or bytes of `COPY`, go in one statement, unless a single row is longer. */
const CHUNK_CHARACTERS = 8 * 1024 * 1024

/** Rows that one statement carries: `data` for `COPY`, `binds` for the other form. */
export interface WriteChunk {
  /** Index of its first row among all. */
  readonly start: number
  readonly binds: readonly string[]
  readonly data: Uint8Array
}

const NO_BYTES = new Uint8Array()

/** The chunks in turn; each is made when it is asked for, so that memory holds one at a time. */
export function* copyChunks(
  shape: WriteShape,
  rows: readonly WriteRow[],
  limit = CHUNK_CHARACTERS
): Generator<WriteChunk> {
  const columns = shape.columns.map(({ type }) => fieldOf(type))
  const text = new CopyText()
  let start = 0
  let count = 0
  for (const row of rows) {
    const lineAt = text.length
    for (let at = 0; at < columns.length; at++) {
      if (at > 0) text.separate(TAB)
      text.add((columns[at] as TextOf)(row[at]))
    }
    text.separate(LINE_END)
    if (count > 0 && text.length - 1 > limit) {
      yield { start, data: text.takeUntil(lineAt), binds: [] }
      start += count
      count = 0
    }
    count++
  }
  if (count > 0) yield { start, data: text.takeUntil(text.length), binds: [] }
}

export function* unnestChunks(
  shape: WriteShape,
  rows: readonly WriteRow[],
  limit = CHUNK_CHARACTERS
): Generator<WriteChunk> {
  const elements = shape.columns.map(({ type }) => elementOf(type))
  let start = 0
  let size = 0
  let columns: string[][] = elements.map(() => [])
  const fields = elements.map(() => '')
  const chunk = (): WriteChunk => ({
    start,
    data: NO_BYTES,
    binds: columns.map((parts) => `{${parts.join(',')}}`)
  })
  let index = 0
  for (const row of rows) {
    let length = 0
    for (const [at, element] of elements.entries()) {
      const field = element(row[at])
      fields[at] = field
      length += field.length + 1
    }
    if (index > start && size + length > limit) {
      yield chunk()
      start = index
      size = 0
      columns = elements.map(() => [])
    }
    size += length
    for (const [at, field] of fields.entries()) columns[at]?.push(field)
    index++
  }
  if (rows.length > start) yield chunk()
}
