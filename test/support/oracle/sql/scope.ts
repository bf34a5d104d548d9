import { OracleError } from '../oracle-error.ts'
import type { Table } from '../store/objects.ts'
import type { SqlType } from './sql-type.ts'

/** An expression in SQLite's words. */
export interface Compiled {
  readonly sql: string
  readonly type: SqlType
  readonly nullable: boolean
  /** The same for all rows. */
  readonly constant?: boolean
}

interface SourceColumn extends Compiled {
  readonly name: string
}

/** Something rows come from. */
export interface Source {
  /** Name it goes by; null for a subquery without alias. */
  readonly name: string | null
  readonly owner: string | null
  /** Its name in SQLite. */
  readonly alias: string
  readonly columns: readonly SourceColumn[]
  /** Where it is a table: has ROWID and ORA_ROWSCN. */
  readonly table: Table | null
}

/** The sources a name can mean; inner queries see those of the outer. */
export interface Scope {
  readonly sources: readonly Source[]
  readonly parent: Scope | null
}

/** Whether the source is meant by the path in front of a column. */
function isMeant(source: Source, path: readonly string[]): boolean {
  if (path.length === 0) return true
  const [first, second] = path
  return second === undefined
    ? source.name === first
    : source.owner === first && source.name === second
}

/** ORA-00904 for a name nobody has, ORA-00918 for one that several have. */
export function findColumn(
  scope: Scope,
  path: readonly string[],
  position: number
): { source: Source; column: SourceColumn } {
  const name = path.at(-1) ?? ''
  const qualifier = path.slice(0, -1)
  for (let level: Scope | null = scope; level !== null; level = level.parent) {
    const found: { source: Source; column: SourceColumn }[] = []
    for (const source of level.sources.filter((candidate) => isMeant(candidate, qualifier))) {
      for (const column of source.columns) if (column.name === name) found.push({ source, column })
    }
    const [first] = found
    if (found.length > 1) throw new OracleError(918, [], position)
    if (first !== undefined) return first
  }
  throw new OracleError(904, [path.map((part) => `"${part}"`).join('.')], position)
}

/** The one source that ROWID or ORA_ROWSCN means. */
export function findTable(
  scope: Scope,
  qualifier: readonly string[],
  name: string,
  position: number
): Source & { table: Table } {
  const found = scope.sources.filter((source) => isMeant(source, qualifier))
  if (found.length > 1) throw new OracleError(918, [], position)
  const [source] = found
  if (source === undefined || source.table === null)
    throw new OracleError(904, [`"${name}"`], position)
  return { ...source, table: source.table }
}

export function findSources(scope: Scope, path: readonly string[], position: number): Source[] {
  const found = scope.sources.filter((source) => isMeant(source, path))
  if (found.length === 0) throw new OracleError(904, [`"${path.join('"."')}"`], position)
  return found
}
