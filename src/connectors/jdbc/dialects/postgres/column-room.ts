import type { ColumnRoom, TargetColumn, TargetTable } from '../../database/writing.ts'
import { largerDecimal, longerText } from '../shared/column-room.ts'
import { quoted, tableSql } from './write-statements.ts'

const MOST_DIGITS = 1000
const MOST_CHARACTERS = 10_485_760

/** Statements that make a column larger; null: there is no larger type of its kind. */
export function postgresRoom(
  table: TargetTable,
  column: TargetColumn,
  room: ColumnRoom
): string[] | null {
  const change = changeOf(column, room)
  if (change === null) return null
  return [`ALTER TABLE ${tableSql(table)} ALTER COLUMN ${quoted(column.name)} ${change}`]
}

function changeOf({ type, databaseType }: TargetColumn, room: ColumnRoom): string | null {
  switch (room.kind) {
    case 'null':
      return 'DROP NOT NULL'
    case 'integer':
      return 'TYPE bigint'
    case 'float':
      return 'TYPE double precision'
    case 'decimal': {
      const digits = largerDecimal(type, room, MOST_DIGITS)
      return digits === null ? null : `TYPE numeric(${digits.join(',')})`
    }
    case 'string': {
      const length = longerText(type, room, MOST_CHARACTERS)
      // Of the types with a length of their own only these two have one to change.
      if (length === null || !/^character(?: varying)?\(\d+\)$/.test(databaseType)) return null
      return `TYPE ${databaseType.replace(/\d+/, String(length))}`
    }
  }
}
