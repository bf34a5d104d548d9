import type { ColumnRoom, TargetColumn, TargetTable } from '../../database/writing.ts'
import { largerDecimal, longerText } from '../shared/column-room.ts'
import { quoted, tableName } from './write-statements.ts'

const MOST_DIGITS = 38
/** In every release and setting. */
const MOST_TEXT = 4000
const MOST_NATIONAL_TEXT = 2000
const INT64_DIGITS = 19

/** Statements that make a column larger; null: none can, or not in a table that has rows. */
export function oracleRoom(
  { id }: TargetTable,
  column: TargetColumn,
  room: ColumnRoom
): string[] | null {
  const change = changeOf(column, room)
  if (change === null) return null
  return [`ALTER TABLE ${tableName(id)} MODIFY (${quoted(column.name)} ${change})`]
}

function changeOf({ type, databaseType }: TargetColumn, room: ColumnRoom): string | null {
  switch (room.kind) {
    case 'null':
      return 'NULL'
    case 'integer':
      return `NUMBER(${INT64_DIGITS},0)`
    case 'float':
      return null
    case 'decimal': {
      const digits = largerDecimal(type, room, MOST_DIGITS)
      return digits === null ? null : `NUMBER(${digits.join(',')})`
    }
    case 'string': {
      if (type.kind !== 'string') return null
      const isNational = /^N(?:VAR)?CHAR/.test(databaseType)
      const length = longerText(type, room, isNational ? MOST_NATIONAL_TEXT : MOST_TEXT)
      const [word] = /^N?(?:VARCHAR2|CHAR)/.exec(databaseType) ?? []
      if (length === null || word === undefined) return null
      const unit = isNational ? '' : type.unit === 'bytes' ? ' BYTE' : ' CHAR'
      return `${word}(${length}${unit})`
    }
  }
}
