import type { ColumnRoom, TargetColumn, TargetTable } from '../../database/writing.ts'
import { largerDecimal, longerText } from '../shared/column-room.ts'
import { bracketed } from './dictionary.ts'
import { tableName } from './write-statements.ts'

const MOST_DIGITS = 38
const MOST_BYTES = 8000

/** Statements that make a column larger; null: there is no larger type of its kind. */
export function sqlServerRoom(
  { id }: TargetTable,
  column: TargetColumn,
  room: ColumnRoom
): string[] | null {
  const type = largerType(column, room)
  if (type === null) return null
  // Without a word a column that forbids null would allow it.
  const isNullable = column.isNullable || room.kind === 'null'
  return [
    `ALTER TABLE ${tableName(id)} ALTER COLUMN ${bracketed(column.name)} ${type} ${isNullable ? 'NULL' : 'NOT NULL'}`
  ]
}

function largerType({ type, databaseType }: TargetColumn, room: ColumnRoom): string | null {
  switch (room.kind) {
    case 'null':
      return databaseType
    case 'integer':
      return 'bigint'
    case 'float':
      return 'float(53)'
    case 'decimal': {
      const digits = largerDecimal(type, room, MOST_DIGITS)
      return digits === null ? null : `decimal(${digits.join(',')})`
    }
    case 'string': {
      const [word] = /^n?(?:var)?char(?=\()/.exec(databaseType) ?? []
      if (word === undefined) return null
      const length = longerText(type, room, word.startsWith('n') ? MOST_BYTES / 2 : MOST_BYTES)
      const variable = word.replace(/^(n?)(?:var)?/, '$1var')
      return `${length === null ? variable : word}(${length ?? 'max'})`
    }
  }
}
