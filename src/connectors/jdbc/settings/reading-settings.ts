import type { TimeZone } from '../values/time-zone.ts'

export type NumericMapping = 'none' | 'precision_only' | 'best_fit' | 'best_fit_eager_double'
export type TimestampGranularity =
  | 'connect_logical'
  | 'micros_long'
  | 'micros_string'
  | 'micros_iso_datetime_string'
  | 'nanos_long'
  | 'nanos_string'
  | 'nanos_iso_datetime_string'

/** How values become Connect values. */
export interface ValueSettings {
  readonly timeZone: TimeZone
  readonly numericMapping: NumericMapping
  /** For numbers without precision: exact digits, a double, or a Decimal of this scale. */
  readonly unconstrainedNumeric: 'string' | 'double' | number
  readonly granularity: TimestampGranularity
  readonly julianBefore1582: boolean
  readonly unsupportedTypes: 'text' | 'skip' | 'fail'
  /** What becomes of a row with a value that cannot be carried. */
  readonly unreadableValues: 'fail' | 'skip' | 'null'
  /** What `infinity` is: the number that the JVM's driver has for it, null, or an unreadable value. */
  readonly infiniteTimestamps: 'number' | 'null' | 'fail'
}

/** What reading needs to know of the connector, whichever table is read. */
export interface ReadingSettings {
  readonly values: ValueSettings
  readonly quoted: boolean
  readonly qualified: boolean
  /** Kinds of tables that count, in upper case. */
  readonly tableTypes: readonly string[]
}
