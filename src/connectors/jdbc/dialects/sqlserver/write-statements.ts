import type { TableId } from '../../database/database.ts'
import type { WriteShape } from '../../database/writing.ts'
import { bracketed } from './dictionary.ts'
import { type StageColumn, stageColumn } from './write-columns.ts'

/** Where the rows of a statement wait, by themselves in a session. */
export const STAGE = '#kafka_rows'
/** The place of a row among those of a call. */
export const PLACE = 'n'

/** What writes rows: a table for them, and what is done with its rows. */
export interface StagedStatement {
  readonly columns: readonly StageColumn[]
  readonly create: string
  readonly apply: string
}

export function tableName({ catalog, schema, table }: TableId): string {
  const parts = [catalog, schema ?? (catalog === null ? null : 'dbo'), table]
  return parts.flatMap((part) => (part === null ? [] : [bracketed(part)])).join('.')
}

/** Names of the stage's columns are our own: those of a table may hold anything. */
export function stageName(index: number): string {
  return `c${index + 1}`
}

/** null: there is nothing that such a statement would do. */
export function stagedStatement(shape: WriteShape): StagedStatement | null {
  const columns = shape.columns.map(stageColumn)
  const apply = applyStatement(shape, columns)
  if (apply === null) return null
  const declared = columns.map(
    ({ declaration }, index) => `${stageName(index)} ${declaration} NULL`
  )
  return {
    columns,
    create: `${DROP}; CREATE TABLE ${STAGE} (${[`${PLACE} int NOT NULL`, ...declared].join(', ')})`,
    apply: `SET NOCOUNT ON; ${apply}; ${DROP}`
  }
}

const DROP = `IF OBJECT_ID('tempdb..${STAGE}') IS NOT NULL DROP TABLE ${STAGE}`
/** A key that is not there yet is locked as well, so that no other session adds it meanwhile. */
const LOCKS = 'WITH (UPDLOCK, HOLDLOCK)'

function applyStatement(shape: WriteShape, columns: readonly StageColumn[]): string | null {
  const { table, operation, keyColumns, newerBy } = shape
  const target = tableName(table.id)
  const names = shape.columns.map(({ name }) => bracketed(name))
  const values = columns.map((column, index) => column.read(`s.${stageName(index)}`))
  const equal = names.slice(0, keyColumns).map((name, index) => `t.${name} = ${values[index]}`)
  const on = equal.join(' AND ')
  const sets = shape.columns.flatMap(({ name, identity }, index) =>
    // A number that the server gave stays.
    index < keyColumns || identity !== null ? [] : [`t.${bracketed(name)} = ${values[index]}`]
  )
  const newest = newerBy === undefined ? -1 : shape.columns.indexOf(newerBy)
  const there = `t.${names[newest] ?? ''}`
  const isNewer =
    newest === -1 ? '' : ` AND (${there} IS NULL OR ${values[newest] ?? ''} >= ${there})`
  const update = (locks: string): string =>
    `UPDATE t SET ${sets.join(', ')} FROM ${target} AS t ${locks}INNER JOIN ${STAGE} AS s ON ${on}${isNewer}`
  const insert = (where: string): string =>
    withIdentity(
      shape,
      target,
      `INSERT INTO ${target} (${names.join(', ')}) SELECT ${values.join(', ')} FROM ${STAGE} AS s${where} ORDER BY s.${PLACE}`
    )
  switch (operation) {
    case 'truncate':
      return `DELETE FROM ${target}`
    case 'insert':
      return insert('')
    case 'upsert': {
      const missing = ` WHERE NOT EXISTS (SELECT 1 FROM ${target} AS t ${LOCKS} WHERE ${on})`
      return sets.length === 0 ? insert(missing) : `${update(`${LOCKS} `)}; ${insert(missing)}`
    }
    case 'update':
      return sets.length === 0 ? null : update('')
    case 'delete':
      return `DELETE t FROM ${target} AS t INNER JOIN ${STAGE} AS s ON ${on}`
  }
}

function withIdentity({ columns }: WriteShape, target: string, insert: string): string {
  if (columns.every(({ identity }) => identity === null)) return insert
  return `SET IDENTITY_INSERT ${target} ON; ${insert}; SET IDENTITY_INSERT ${target} OFF`
}
