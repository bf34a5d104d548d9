import { quoteName } from '../../database/table-name.ts'
import type { TableId } from '../../database/database.ts'
import type { TargetColumn, WriteOperation, WriteShape } from '../../database/writing.ts'

/** Which words a server knows. */
export interface MysqlWords {
  readonly isMariaDb: boolean
  /** `INSERT … AS name` and `VALUES ROW(…)`: MySQL since 8.0.19. */
  readonly namesRows: boolean
}

/** A statement for any number of rows: what stands before, between and behind them. */
interface RowStatement {
  readonly before: string
  /** Before the values of a row. */
  readonly open: string
  readonly close: string
  readonly between: string
  readonly after: string
  /** So many rows at most. */
  readonly mostRows: number
}

const QUOTES = { quotes: ['`', '`'] } as const
/** Rows of an INSERT: what it must not hold is bounded by bytes. */
const MOST_INSERTED = 10_000
/** Rows that a statement looks up by their keys. */
const MOST_LOOKED_UP = 2000
/** Each row is a SELECT of its own there. */
const MOST_IN_A_UNION = 200
/** Stands for the row that came in, and for the list of rows. */
const ROW = '`kafka_row`'
const TARGET = '`kafka_target`'

export function quoted(name: string): string {
  return quoteName(QUOTES, name)
}

export function tableName({ catalog, table }: TableId): string {
  return catalog === null ? quoted(table) : `${quoted(catalog)}.${quoted(table)}`
}

/** null: there is nothing that such a statement would do. */
export function statementOf(shape: WriteShape, words: MysqlWords): RowStatement | null {
  switch (shape.operation) {
    case 'insert':
      return insert(shape, '')
    case 'upsert':
      return insert(shape, onDuplicate(shape, words))
    case 'update':
      return shape.columns.length === shape.keyColumns ? null : update(shape, words)
    case 'delete':
      return remove(shape, words)
    case 'truncate':
      return truncate(shape)
  }
}

/** A truncate would end the transaction. */
function truncate({ table }: WriteShape): RowStatement {
  const before = `DELETE FROM ${tableName(table.id)}`
  return { before, open: '', close: '', between: '', after: '', mostRows: 1 }
}

function insert({ table, columns }: WriteShape, after: string): RowStatement {
  const names = columns.map(({ name }) => quoted(name)).join(', ')
  const before = `INSERT INTO ${tableName(table.id)} (${names}) VALUES `
  return { before, open: '(', close: ')', between: ', ', after, mostRows: MOST_INSERTED }
}

function onDuplicate(shape: WriteShape, words: MysqlWords): string {
  const { table, columns, keyColumns } = shape
  const given = (name: string): string => (words.namesRows ? `${ROW}.${name}` : `VALUES(${name})`)
  const names = columns.map(({ name }) => quoted(name))
  const keys = names.slice(0, keyColumns)
  const [key = ''] = keys
  const found = (name: string): string => `${tableName(table.id)}.${name}`
  const newest = shape.newerBy === undefined ? null : quoted(shape.newerBy.name)
  const taken = (name: string): string =>
    newest === null
      ? given(name)
      : `IF(${found(newest)} IS NULL OR ${given(newest)} >= ${found(newest)}, ${given(name)}, ${found(name)})`
  // Columns are set one after the other, and what decides for the others has to be what it was until then.
  const others = names.slice(keyColumns).filter((name) => name !== newest)
  if (newest !== null) others.push(newest)
  const isSame = keys.map((name) => `${found(name)} <=> ${given(name)}`).join(' AND ')
  const sets = [
    // A row may also be found by another unique key, and is another row then: no key takes such a value.
    ...(meetsOthers(shape)
      ? [`${key} = IF(${isSame}, ${found(key)}, ${refusedKey(columns[0])})`]
      : []),
    ...others.map((name) => `${name} = ${taken(name)}`)
  ]
  // A row that is there already stays as it is.
  if (sets.length === 0) return ` ON DUPLICATE KEY UPDATE ${key} = ${found(key)}`
  return `${words.namesRows ? ` AS ${ROW}` : ''} ON DUPLICATE KEY UPDATE ${sets.join(', ')}`
}

/** NULL; of a column that counts itself up, where that would be a new number, one that is too large. */
function refusedKey(column: TargetColumn | undefined): string {
  return column?.identity === null ? 'NULL' : `1${'0'.repeat(30)}`
}

/** Whether a row of the table can be met by another key than the one given. */
function meetsOthers({ table, columns, keyColumns }: WriteShape): boolean {
  const key = columns.slice(0, keyColumns)
  const isOther = (of: readonly string[]): boolean =>
    of.length > 0 && !(of.length === key.length && key.every(({ name }) => of.includes(name)))
  return key[0]?.isNullable === false && [table.primaryKey, ...table.uniqueKeys].some(isOther)
}

function update(shape: WriteShape, words: MysqlWords): RowStatement {
  const names = shape.columns.slice(shape.keyColumns).map(({ name }) => quoted(name))
  const sets = names.map((name) => `${TARGET}.${name} = ${ROW}.${name}`)
  const list = rowList(shape, words)
  return { ...list, before: `UPDATE ${list.before}`, after: `${list.after} SET ${sets.join(', ')}` }
}

/** `WHERE (a, b) IN (…)` finds nothing in MariaDB where texts of another character set are among the keys. */
function remove(shape: WriteShape, words: MysqlWords): RowStatement {
  const list = rowList(shape, words)
  return { ...list, before: `DELETE ${TARGET} FROM ${list.before}` }
}

/** The rows as a table, joined to the target by their keys. */
function rowList({ table, columns, keyColumns }: WriteShape, words: MysqlWords): RowStatement {
  const names = columns.map(({ name }) => quoted(name))
  const keys = columns.slice(0, keyColumns).map(sameKey)
  // The rows come first, so that each looks up its own by the key, however few rows the table seems to have.
  const join = ` STRAIGHT_JOIN ${tableName(table.id)} AS ${TARGET} ON ${keys.join(' AND ')}`
  const list = names.join(', ')
  if (words.isMariaDb) {
    return {
      before: `(WITH ${ROW} (${list}) AS (VALUES `,
      open: '(',
      close: ')',
      between: ', ',
      after: `) SELECT * FROM ${ROW}) AS ${ROW}${join}`,
      mostRows: MOST_LOOKED_UP
    }
  }
  if (words.namesRows) {
    const after = `) AS ${ROW} (${list})${join}`
    const mostRows = MOST_LOOKED_UP
    return { before: '(VALUES ', open: 'ROW(', close: ')', between: ', ', after, mostRows }
  }
  // The first of these rows has no values and is none; it gives the columns their names.
  const nobody = names.map((name) => `NULL AS ${name}`).join(', ')
  return {
    before: `(SELECT ${nobody} FROM DUAL WHERE FALSE UNION ALL SELECT `,
    open: '',
    close: '',
    between: ' UNION ALL SELECT ',
    after: `) AS ${ROW}${join}`,
    mostRows: MOST_IN_A_UNION
  }
}

/** Texts of two origins are only compared when one says by which rules. */
function sameKey({ name, type, bindType }: TargetColumn): string {
  const row = `${ROW}.${quoted(name)}`
  const column = `${TARGET}.${quoted(name)}`
  if (bindType === undefined || type.kind === 'enum') return `${column} = ${row}`
  const [characterSet = ''] = bindType.split('_')
  return `${column} = CONVERT(${row} USING ${characterSet}) COLLATE ${bindType}`
}

/** What is sent for one row, with placeholders. */
export function statementText(shape: WriteShape, words: MysqlWords): string {
  const statement = statementOf(shape, words)
  if (statement === null) return ''
  const { before, open, close, after } = statement
  return `${before}${open}${shape.columns.map(() => '?').join(', ')}${close}${after}`
}

/** What an operation is called when it fails. */
export const OPERATIONS: Readonly<Record<WriteOperation, string>> = {
  insert: 'insert rows into',
  upsert: 'upsert rows into',
  update: 'update rows of',
  delete: 'delete rows of',
  truncate: 'empty'
}
