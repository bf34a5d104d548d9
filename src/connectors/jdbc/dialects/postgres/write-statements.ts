import type { TargetColumn, TargetTable, WriteRow, WriteShape } from '../../database/writing.ts'
import { CopyText, LINE_END, TAB } from './copy-text.ts'
import { elementOf, fieldOf, type TextOf } from './written-text.ts'

/**
 * Statements of a shape. All rows of a chunk travel as one array for each column, which is unnested: one text
 * serves any number of rows. The array is of the type without length or precision, for a cast to `varchar(3)`
 * or `bit(4)` cuts silently; assigning to the column then checks them (I16).
 */
interface WriteStatement {
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

/**
 * Kinds of columns whose values travel as text: an array of arrays would come apart into their elements, and
 * some types have another separator.
 */
const AS_TEXT: ReadonlySet<TargetColumn['type']['kind']> = new Set(['array', 'bits', 'other'])

/** `unnest($1::bigint[],$2::text[]) AS u(c1,c2)` */
function rowsSql({ columns }: WriteShape): string {
  const places = columns.map(({ bindType, type }, index) => {
    const element = AS_TEXT.has(type.kind) ? 'text' : (bindType ?? 'text')
    return `$${index + 1}::${element}[]`
  })
  return `unnest(${places.join(',')}) AS u(${columns.map((_, index) => `c${index + 1}`).join(',')})`
}

function valueSql({ bindType, type }: TargetColumn, index: number): string {
  const value = `u.c${index + 1}`
  return AS_TEXT.has(type.kind) ? `${value}::${bindType ?? 'text'}` : value
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

/** Bytes of `COPY` that are sent together. */
const PIECE_BYTES = 64 * 1024

/** The text of a `COPY`; each piece is made when it is asked for. */
export function* copyPieces(
  shape: WriteShape,
  rows: readonly WriteRow[]
): Generator<Uint8Array, void> {
  const columns = shape.columns.map(({ type }) => fieldOf(type))
  const text = new CopyText()
  for (const row of rows) {
    for (let at = 0; at < columns.length; at++) {
      if (at > 0) text.separate(TAB)
      text.add((columns[at] as TextOf)(row[at]))
    }
    text.separate(LINE_END)
    if (text.length >= PIECE_BYTES) yield text.take()
  }
  if (text.length > 0) yield text.take()
}

/** So many characters go in one statement, unless a single row is longer. */
const STATEMENT_CHARACTERS = 8 * 1024 * 1024

/**
 * Binds of one statement after the other, made when they are asked for. Rows of a batch stay together where
 * they can: they may refer to each other, and the server checks that when a statement ends.
 */
export function* unnestChunks(
  shape: WriteShape,
  rows: readonly WriteRow[],
  limit = STATEMENT_CHARACTERS
): Generator<readonly string[], void> {
  const elements = shape.columns.map(({ type }) => elementOf(type))
  let count = 0
  let size = 0
  let columns: string[][] = elements.map(() => [])
  const fields = elements.map(() => '')
  const chunk = (): string[] => columns.map((parts) => `{${parts.join(',')}}`)
  for (const row of rows) {
    let length = 0
    // An iterator would make an object of each field.
    for (let at = 0; at < elements.length; at++) {
      const field = (elements[at] as TextOf)(row[at])
      fields[at] = field
      length += field.length + 1
    }
    if (count > 0 && size + length > limit) {
      yield chunk()
      count = 0
      size = 0
      columns = elements.map(() => [])
    }
    count++
    size += length
    for (let at = 0; at < fields.length; at++) columns[at]?.push(fields[at] as string)
  }
  if (count > 0) yield chunk()
}
