import { quoteName } from '../../database/table-name.ts'
import type { TableId } from '../../database/database.ts'
import type { WriteShape } from '../../database/writing.ts'
import { type ColumnBind, columnBind } from './write-binds.ts'

/** A statement that is applied to each row. */
export interface OracleWriteStatement {
  readonly sql: string
  /** Of each bind: which column of a row. */
  readonly places: readonly number[]
  readonly binds: readonly ColumnBind[]
  /** Binds stand in a query, where a text or bytes may only be so long. */
  readonly inQuery: boolean
}

const QUOTES = { quotes: ['"', '"'] } as const

export function quoted(name: string): string {
  return quoteName(QUOTES, name)
}

export function tableName({ schema, table }: TableId): string {
  return schema === null ? quoted(table) : `${quoted(schema)}.${quoted(table)}`
}

/** null: there is nothing that such a statement would do. */
export function writeStatement(shape: WriteShape): OracleWriteStatement | null {
  const { table, columns, keyColumns, operation } = shape
  const binds = columns.map(columnBind)
  const names = columns.map(({ name }) => quoted(name))
  const target = tableName(table.id)
  const inOrder = columns.map((_, index) => index)
  const keys = inOrder.slice(0, keyColumns)
  const others = inOrder.slice(keyColumns)
  const made = (places: readonly number[], sql: string): OracleWriteStatement => ({
    sql,
    places,
    binds: places.map((place) => binds[place] as ColumnBind),
    inQuery: operation === 'upsert'
  })
  /** `"a" = :3` */
  const equals = (places: readonly number[], first: number): string[] =>
    places.map((place, at) => `${names[place]} = ${binds[place]?.sql(first + at) ?? ''}`)
  switch (operation) {
    case 'insert': {
      const values = binds.map((bind, index) => bind.sql(index + 1))
      return made(
        inOrder,
        `INSERT INTO ${target} (${names.join(', ')}) VALUES (${values.join(', ')})`
      )
    }
    case 'upsert':
      return made(inOrder, merge(target, names, binds, shape))
    case 'update': {
      if (others.length === 0) return null
      const where = equals(keys, others.length + 1).join(' AND ')
      return made(
        [...others, ...keys],
        `UPDATE ${target} SET ${equals(others, 1).join(', ')} WHERE ${where}`
      )
    }
    case 'truncate':
      return made([], `DELETE FROM ${target}`)
    case 'delete':
      return made(keys, `DELETE FROM ${target} WHERE ${equals(keys, 1).join(' AND ')}`)
  }
}

/** Without the table's name in the list of columns to insert: 23ai refuses it behind a schema. */
function merge(
  target: string,
  names: readonly string[],
  binds: readonly ColumnBind[],
  { keyColumns, newerBy }: WriteShape
): string {
  const row = binds.map((bind, index) => `${bind.sql(index + 1)} AS ${names[index]}`)
  const on = names.slice(0, keyColumns).map((name) => `t.${name} = s.${name}`)
  const sets = names.slice(keyColumns).map((name) => `t.${name} = s.${name}`)
  const newest = newerBy === undefined ? null : quoted(newerBy.name)
  const where = newest === null ? '' : ` WHERE t.${newest} IS NULL OR s.${newest} >= t.${newest}`
  const matched =
    sets.length === 0 ? '' : ` WHEN MATCHED THEN UPDATE SET ${sets.join(', ')}${where}`
  const values = names.map((name) => `s.${name}`).join(', ')
  return `MERGE INTO ${target} t USING (SELECT ${row.join(', ')} FROM DUAL) s ON (${on.join(' AND ')})${matched} WHEN NOT MATCHED THEN INSERT (${names.join(', ')}) VALUES (${values})`
}
