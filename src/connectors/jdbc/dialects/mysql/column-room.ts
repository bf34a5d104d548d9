import type { ColumnRoom, TargetColumn, TargetTable, WriteSession } from '../../database/writing.ts'
import { largerDecimal, longerText } from '../shared/column-room.ts'
import { quoted, tableName } from './write-statements.ts'

const MOST_DIGITS = 65
/** Of four bytes each, beside other columns of a row, which has 65,535. */
const MOST_CHARACTERS = 8000

/**
 * Statements that make a column larger; null: there is no larger type of its kind. What else the column is
 * (its default, its character set, a comment) has to be said again, and is taken from the table itself.
 */
export async function mysqlRoom(
  session: WriteSession,
  { id }: TargetTable,
  column: TargetColumn,
  room: ColumnRoom
): Promise<string[] | null> {
  const { rows } = await session.ask(`SHOW CREATE TABLE ${tableName(id)}`, [])
  const declared = declarationOf(String(rows[0]?.[1] ?? ''), column.name)
  const larger = declared === null ? null : largerDeclaration(declared, column, room)
  if (larger === null) return null
  return [`ALTER TABLE ${tableName(id)} MODIFY COLUMN ${quoted(column.name)} ${larger}`]
}

/** `int(11) NOT NULL DEFAULT 5` */
function declarationOf(createTable: string, name: string): string | null {
  const start = `${quoted(name)} `
  const line = createTable.split('\n').find((text) => text.trimStart().startsWith(start))
  return line?.trim().slice(start.length).replace(/,$/, '') ?? null
}

const TYPE = /^[a-z0-9]+(?: precision)?(?:\([^)]*\))?/i
const TEXTS = ['tinytext', 'text', 'mediumtext', 'longtext']

function largerDeclaration(
  declared: string,
  { type }: TargetColumn,
  room: ColumnRoom
): string | null {
  const [word = ''] = TYPE.exec(declared) ?? []
  const as = (larger: string): string => `${larger}${declared.slice(word.length)}`
  switch (room.kind) {
    case 'null':
      // It stands before the default and the comment, which may hold the same words.
      return declared.replace(/ NOT NULL/i, ' NULL')
    case 'integer':
      return as('bigint')
    case 'float':
      return as('double')
    case 'decimal': {
      const digits = largerDecimal(type, room, MOST_DIGITS)
      return digits === null ? null : as(`decimal(${digits.join(',')})`)
    }
    case 'string': {
      const place = TEXTS.indexOf(word.toLowerCase())
      if (place !== -1) return as(TEXTS[room.length > 65_535 / 4 ? 3 : 2] ?? word)
      const length = longerText(type, room, MOST_CHARACTERS)
      if (length === null || !/^(?:var)?char\(/i.test(word)) return null
      return as(`varchar(${length})`)
    }
  }
}
