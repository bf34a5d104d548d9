import { DataError } from '../../../../errors.ts'
import { MS_PER_DAY } from '../../../../data/calendar.ts'
import type { TargetColumn } from '../../database/writing.ts'
import { type Timestamp, timestampText } from '../../values/timestamp.ts'

/** Types of the driver that carry a value without loss. */
type StageType = 'Bit' | 'Int' | 'BigInt' | 'Real' | 'Float' | 'NVarChar' | 'VarBinary'

/** A column of the table where rows wait: what stands there, and what is made of it. */
export interface StageColumn {
  readonly type: StageType
  /** In units of its type; null: of a type without one; Infinity: `max`. */
  readonly length: number | null
  /** `nvarchar(50) COLLATE …` */
  readonly declaration: string
  /** The value of the column's own type. `source` is the column of the stage. */
  read(source: string): string
  /** The form the driver takes, of a value that is not null. */
  value(value: unknown): unknown
}

/** As in `bindType` of a target: its type without an alias, and the collation of a text. */
export function bindTypeText(type: string, collation: string | null): string {
  return collation === null ? type : `${type}|${collation}`
}

const same = (value: unknown): unknown => value
const LONGEST_NVARCHAR = 4000
const LONGEST_VARBINARY = 8000

export function stageColumn({ type, bindType = '', databaseType }: TargetColumn): StageColumn {
  const [own = databaseType, collation = null] = bindType.split('|')
  const base = /^\w+/.exec(own)?.[0] ?? own
  const cast = (source: string): string => `CAST(${source} AS ${own})`
  switch (type.kind) {
    case 'boolean':
      return plain('Bit', 'bit', same)
    case 'integer':
      return base === 'bigint'
        ? plain('BigInt', 'bigint', same)
        : { ...plain('Int', 'int', same), read: cast }
    case 'float':
      return type.bits === 32 ? plain('Real', 'real', same) : plain('Float', 'float', same)
    case 'bytes': {
      const length = type.max === null || type.max > LONGEST_VARBINARY ? Infinity : type.max
      return {
        type: 'VarBinary',
        length,
        declaration: `varbinary(${length === Infinity ? 'max' : length})`,
        read: cast,
        value: (value) => Buffer.from(value as Uint8Array)
      }
    }
    case 'decimal':
      // The driver would make a double of it.
      return text(60, null, cast, same)
    case 'date':
      return text(10, null, cast, (value) =>
        timestampText({ ms: (value as number) * MS_PER_DAY, nanos: 0 }, 0).slice(0, 10)
      )
    case 'time':
      return text(20, null, cast, (value) => timeText(value as number))
    case 'timestamp':
      return text(40, null, cast, (value) => momentText(value as Timestamp, base, type.hasZone))
    case 'uuid':
      return text(36, null, cast, same)
    case 'string':
    case 'json':
    case 'other': {
      const max = type.kind === 'string' ? type.max : null
      return text(max ?? Infinity, collation, cast, same)
    }
    case 'enum':
    case 'bits':
    case 'array':
      throw new DataError('SQL Server has no columns of this kind')
  }
}

function plain(type: StageType, declaration: string, value: StageColumn['value']): StageColumn {
  return { type, length: null, declaration, read: (source) => source, value }
}

function text(
  most: number,
  collation: string | null,
  read: StageColumn['read'],
  value: StageColumn['value']
): StageColumn {
  const length = most > LONGEST_NVARCHAR ? Infinity : most
  const declared = `nvarchar(${length === Infinity ? 'max' : length})`
  return {
    type: 'NVarChar',
    length,
    // Texts are compared by the rules of their column, not by those of tempdb.
    declaration: collation === null ? declared : `${declared} COLLATE ${collation}`,
    read,
    value
  }
}

/** Hundred nanoseconds are the smallest step of any type. */
const MOST_DIGITS = 7

function momentText(time: Timestamp, base: string, hasZone: boolean): string {
  if (base === 'datetime') {
    // Thirds of ten milliseconds, shown as .000, .003 and .007: others would be rounded.
    if (![0, 3, 7].includes(Math.floor(time.nanos / 1e6) % 10)) {
      throw new DataError('a datetime holds steps of 1/300 of a second, and the value is none')
    }
    return timestampText(time, 3, 'T')
  }
  if (base === 'smalldatetime') return timestampText(time, 0, 'T')
  const shown = timestampText(time, MOST_DIGITS, 'T')
  return hasZone ? `${shown}+00:00` : shown
}

function timeText(nanos: number): string {
  const seconds = Math.floor(nanos / 1e9)
  return timestampText({ ms: seconds * 1000, nanos: nanos - seconds * 1e9 }, MOST_DIGITS).slice(11)
}
