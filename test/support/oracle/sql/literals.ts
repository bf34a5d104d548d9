import { encodeDate, encodeTimestamp, encodeTimestampTz } from '../wire/datetime.ts'
import { encodeFloating } from '../wire/floating.ts'
import { encodeNumber, parseNumber } from '../wire/number.ts'
import { parseDatetime } from './date-format.ts'
import type { Compiled } from './scope.ts'
import { DATE, NUMBER, type SqlType } from './sql-type.ts'
import { instantOf, offsetAt } from './zone.ts'

function blobLiteral(bytes: Uint8Array): string {
  return `x'${Buffer.from(bytes).toString('hex')}'`
}

export function textLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** A value that stands in the statement. */
export function literal(bytes: Uint8Array, type: SqlType): Compiled {
  return { sql: blobLiteral(bytes), type, nullable: false, constant: true }
}

export function numberLiteral(text: string): Compiled {
  if (/[fFdD]$/.test(text)) {
    const size = /[fF]$/.test(text) ? 4 : 8
    const type: SqlType = { name: size === 4 ? 'BINARY_FLOAT' : 'BINARY_DOUBLE' }
    return {
      sql: blobLiteral(encodeFloating(Number(text.slice(0, -1)), size)),
      type,
      nullable: false,
      constant: true
    }
  }
  const sql = blobLiteral(encodeNumber(parseNumber(text)))
  return { sql, type: NUMBER, nullable: false, constant: true }
}

/** `DATE '…'` and `TIMESTAMP '…'`, the latter with a zone when the text names one. */
export function momentLiteral(type: 'DATE' | 'TIMESTAMP', text: string): Compiled {
  const now = { seconds: 0, nanos: 0 }
  if (type === 'DATE') {
    const { wall } = parseDatetime(text, 'YYYY-MM-DD', now)
    return {
      sql: blobLiteral(encodeDate(wall.seconds)),
      type: DATE,
      nullable: false,
      constant: true
    }
  }
  const seconds = /:\d\d\.\d/.test(text) ? 'SSXFF' : 'SS'
  const { wall, zone } = parseDatetime(text, `YYYY-MM-DD HH24:MI:${seconds} TZR`, now)
  if (zone === null) {
    const sql = blobLiteral(encodeTimestamp(wall))
    return { sql, type: { name: 'TIMESTAMP', scale: 9 }, nullable: false, constant: true }
  }
  const instant = instantOf(zone, wall.seconds)
  const bytes = encodeTimestampTz({ seconds: instant, nanos: wall.nanos }, offsetAt(zone, instant))
  return {
    sql: blobLiteral(bytes),
    type: { name: 'TIMESTAMP_TZ', scale: 9 },
    nullable: false,
    constant: true
  }
}
