import { OF_ID, OF_TIMES } from '../settings/setting-of.ts'
import { Decimal } from '../../../data/logical-types.ts'
import { ConfigError, DataError } from '../../../errors.ts'
import type { Column, Row, TimestampColumn } from '../database/database.ts'
import type { Position } from './source-offset.ts'
import type { TimeZone } from '../values/time-zone.ts'
import type { Timestamp, TimestampParts } from '../values/timestamp.ts'
import { int64 } from '../../../data/values.ts'

/** ConfigError for a column that is there, and that the asterisk leaves out. */
export function visible<C extends Column & { readonly isInvisible?: boolean }>(
  column: C,
  of: string
): C {
  if (column.isInvisible !== true) return column
  throw new ConfigError(
    `Column ${column.name} of ${of} is invisible, so SELECT * does not answer it: read a query that names it (SELECT t.${column.name}, t.* FROM … t), or make it visible`
  )
}

/** Where a result's rows say how far they are. Filled anew by each `read`. */
export class RowCursor {
  readonly #timestamps: readonly { index: number; column: TimestampColumn }[]
  readonly #id: { index: number; column: Column } | null
  readonly #zone: TimeZone
  readonly #parts: TimestampParts = { ms: 0, nanos: 0 }
  /**
   * What the timestamp column shows, and the instant it means; meaningless when there is no timestamp column.
   */
  readingMs = 0
  ms = 0
  nanos = 0
  id: number | bigint | null = null

  /** `timestamps` and `id`: names as in the result's columns. */
  constructor(
    columns: readonly Column[],
    names: { timestamps: readonly string[]; id: string | null },
    zone: TimeZone
  ) {
    const place = (name: string): { index: number; column: Column } => {
      const index = columns.findIndex((column) => column.name === name)
      const column = columns[index]
      if (column === undefined) {
        throw new ConfigError(
          `Column ${name} not found in ${columns.map((other) => other.name).join(',')}`
        )
      }
      return { index, column }
    }
    this.#timestamps = names.timestamps.map((name) => {
      const { index, column } = place(name)
      return { index, column: timestampColumn(column) }
    })
    this.#id = names.id === null ? null : place(names.id)
    this.#zone = zone
  }

  /**
   * Whether a row has a place in the order of the cursor: one without id, or without time (or with an
   * infinite one), has none and is never read, as by the JVM connector. Only a query without a lower bound
   * brings such rows. Where rows are followed by time and id, a missing id is an error of `read`.
   */
  hasPlace(row: Row): boolean {
    if (this.#timestamps.length === 0) return this.#id === null || isValue(row[this.#id.index])
    for (const { index, column } of this.#timestamps) {
      const raw = row[index]
      if (isValue(raw)) return column.isInfinite?.(raw) !== true
    }
    return false
  }

  /** Reads the cursor values of a row. DataError when one is null or of no use as a cursor. */
  read(row: Row): void {
    if (this.#timestamps.length > 0) this.#readTimestamp(row)
    if (this.#id !== null) this.id = idOf(row[this.#id.index], this.#id.column)
  }

  get reading(): Timestamp {
    return { ms: this.readingMs, nanos: this.nanos }
  }

  /** Where the row stands that was read last. */
  get position(): Position {
    const { timestamp, id } = this
    return { timestamp, reading: timestamp === null ? null : this.reading, id }
  }

  /** Whether that is this position, which came from here too. */
  isAt({ reading, id }: Position): boolean {
    if (this.id !== id) return false
    return reading === null || (reading.ms === this.readingMs && reading.nanos === this.nanos)
  }

  get timestamp(): Timestamp | null {
    return this.#timestamps.length === 0 ? null : { ms: this.ms, nanos: this.nanos }
  }

  #readTimestamp(row: Row): void {
    for (const { index, column } of this.#timestamps) {
      const raw = row[index]
      if (!isValue(raw)) continue
      const parts = this.#parts
      column.read(raw, parts)
      this.readingMs = parts.ms
      this.nanos = parts.nanos
      this.ms = column.hasZone ? parts.ms : this.#zone.epochMsOf(parts.ms)
      return
    }
    const names = this.#timestamps.map(({ column }) => column.name).join(', ')
    throw new DataError(`the timestamp columns ${names} are all null`)
  }
}

function isValue(raw: unknown): boolean {
  return raw !== null && raw !== undefined
}

/** The column as a timestamp; ConfigError when it is something else. */
export function timestampColumn(column: Column): TimestampColumn {
  if (column.type === 'timestamp') return column
  throw new ConfigError(
    `Column ${column.name} of type ${column.databaseType} cannot be a timestamp column`,
    OF_TIMES
  )
}

const INTEGERS: ReadonlySet<string> = new Set(['int8', 'int16', 'int32', 'int64'])

/** ConfigError when a column's type can never be an id. */
export function checkIdColumn(column: Column): void {
  if (INTEGERS.has(column.type)) return
  const scale = column.type === 'decimal' ? column.scale : -1
  if (column.type === 'decimal' && (scale === null || scale <= 0)) return
  throw new ConfigError(
    column.type === 'decimal'
      ? `Scale of Decimal value for incrementing column must be 0: column ${column.name} is ${column.databaseType}`
      : `Invalid type for incrementing column: ${column.databaseType} (column ${column.name}); it needs an integer`,
    OF_ID
  )
}

function idOf(raw: unknown, column: Column): number | bigint {
  if (raw === null || raw === undefined) {
    throw new DataError(`Null value for incrementing column of type: ${column.databaseType}`)
  }
  if (column.type === 'decimal') {
    const text = column.read(raw)
    const whole = Decimal.parse(text).withScale(0)
    if (whole === null) {
      throw new DataError(`Scale of Decimal value for incrementing column must be 0: ${text}`)
    }
    return int64(whole.unscaled)
  }
  return column.read(raw, { ms: 0, nanos: 0 }) as number | bigint
}

/**
 * A column by the name a user gave: exactly, or the only one that differs in case. ConfigError tells several
 * apart, or answers null.
 */
export function findColumn<C extends Column>(columns: readonly C[], name: string): C | null {
  const exact = columns.filter((column) => column.name === name)
  const matches =
    exact.length > 0
      ? exact
      : columns.filter((column) => column.name.toLowerCase() === name.toLowerCase())
  if (matches.length > 1) {
    throw new ConfigError(
      `Column name ${name} is ambiguous: ${matches.map((column) => column.name).join(', ')}. Write it exactly as the database does`
    )
  }
  return matches[0] ?? null
}
