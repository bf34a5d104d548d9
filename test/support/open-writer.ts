import type {
  TargetTable,
  WriteOperation,
  WriterOptions,
  WriteSession,
  WriteShape
} from '../../src/connectors/jdbc/database/writing.ts'
import type { Dialect, OpenOptions } from '../../src/connectors/jdbc/database/database.ts'
import { type DialectTarget, openOptions } from './open-dialect.ts'

/** A session that writes, as a sink task would open it. */
export async function openWriter(
  dialect: Dialect,
  target: DialectTarget,
  over: Partial<OpenOptions & WriterOptions> = {}
): Promise<WriteSession> {
  const { writing } = dialect
  if (writing === undefined) throw new Error(`${dialect.name} is not written to`)
  return await writing.open({
    ...openOptions(dialect, target, over),
    applicationName: 'orders-0',
    writeTimeoutMs: 60_000,
    ...over
  })
}

/** What rows have in common that are written to these columns of a table, keys first. */
export function shapeOf(
  table: TargetTable | null,
  operation: WriteOperation,
  keys: readonly string[],
  others: readonly string[] = []
): WriteShape {
  if (table === null) throw new Error('there is no such table')
  const columns = [...keys, ...others].map((name) => {
    const column = table.columns.find((one) => one.name === name)
    if (column === undefined) throw new Error(`there is no column ${name}`)
    return column
  })
  return { table, operation, columns, keyColumns: keys.length }
}
