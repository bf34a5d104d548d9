import type { ColumnRoom, TargetTable, WriteSession, WritingDialect } from '../database/writing.ts'

/** What each column has to have room for at the same time. */
type Wanted = readonly { readonly column: string; readonly room: ColumnRoom }[]

/** Whether a column of the table is too small. */
export function lacksRoom(
  { columns, primaryKey }: TargetTable,
  name: string,
  room: ColumnRoom
): boolean {
  const column = columns.find((one) => one.name === name)
  if (column === undefined) return false
  const { type } = column
  switch (room.kind) {
    case 'integer':
      return type.kind === 'integer' && type.max < 2n ** 63n - 1n
    case 'float':
      return type.kind === 'float' && type.bits === 32
    case 'decimal':
      if (type.kind !== 'decimal' || type.scale === null || type.precision === null) return false
      return type.precision - type.scale < room.whole || type.scale < room.scale
    case 'string':
      return type.kind === 'string' && type.max !== null && type.max < room.length
    case 'null':
      return !column.isNullable && !primaryKey.includes(name)
  }
}

/** Statements that make columns larger which are still too small. */
export async function roomStatements(
  session: WriteSession,
  writing: WritingDialect,
  table: TargetTable,
  wanted: Wanted
): Promise<string[]> {
  const statements: string[] = []
  for (const [name, rooms] of Map.groupBy(wanted, ({ column }) => column)) {
    const column = table.columns.find((one) => one.name === name)
    for (const room of largest(rooms.map((one) => one.room))) {
      if (column === undefined || !lacksRoom(table, name, room)) continue
      statements.push(...((await writing.giveRoom?.(session, table, column, room)) ?? []))
    }
  }
  return statements
}

/** One for each kind, that has room for all. */
function largest(rooms: readonly ColumnRoom[]): ColumnRoom[] {
  const found = new Map<ColumnRoom['kind'], ColumnRoom>()
  for (const room of rooms) {
    const other = found.get(room.kind)
    found.set(room.kind, other === undefined ? room : union(other, room))
  }
  return [...found.values()]
}

function union(a: ColumnRoom, b: ColumnRoom): ColumnRoom {
  if (a.kind === 'string' && b.kind === 'string') return a.length > b.length ? a : b
  if (a.kind !== 'decimal' || b.kind !== 'decimal') return a
  const { kind } = a
  return { kind, whole: Math.max(a.whole, b.whole), scale: Math.max(a.scale, b.scale) }
}
