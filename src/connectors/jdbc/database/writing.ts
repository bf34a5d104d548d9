import type { Schema } from '../../../data/schema.ts'
import { ConnectError } from '../../../errors.ts'
import type { Connection, OpenOptions, TableId } from './database.ts'
import type { SinkOffsets, SinkOffsetsPlace } from './sink-offsets.ts'

/**
 * What the sink asks of a database: the half of a dialect that writes. As everything thrown by a dialect,
 * errors are made by `databaseError`. Those of a session that writes have an `errorClass`, which
 * {@link errorClassOf} answers, and neither they nor their causes hold a value of a row (I7).
 */
export interface WritingDialect {
  /** As `Dialect.open`. Fixes what statements depend on: zone UTC, strict mode, limits of waiting. */
  open(options: OpenOptions & WriterOptions): Promise<WriteSession>
  /** The type of a new column, as Confluent's connector chooses it; null: there is none for this schema. */
  columnType(schema: Schema, use: NewColumnUse): string | null
  /**
   * Statements that make the table. Names come without quotes, spelled as they are to be, and are quoted
   * here: who wants them folded (`quote.sql.identifiers=never`) asks `Dialect.foldCase` before.
   */
  createTable(table: TableId, columns: readonly NewColumn[], keys: readonly string[]): string[]
  /** Statements that add columns to a table. */
  addColumns(table: TableId, columns: readonly NewColumn[]): string[]
  /** The statement that makes the table of `WriteSession.offsets`. */
  createOffsetsTable(table: TableId): string
  /**
   * Statements that give a column of a table at least so much room; null: this database cannot do it. Absent:
   * it cannot for any column, or all have room for everything.
   */
  giveRoom?(
    session: WriteSession,
    table: TargetTable,
    column: TargetColumn,
    room: ColumnRoom
  ): Promise<string[] | null>
  /**
   * What `write` would send for this shape with one row, for people to read: with placeholders, never values.
   */
  statementText(shape: WriteShape): string
}

/** How much room a column has to have for a value to fit. */
export type ColumnRoom =
  /** A whole number of 64 bits, or a float. */
  | { readonly kind: 'integer' | 'float' }
  /** Digits before and behind the point. */
  | { readonly kind: 'decimal'; readonly whole: number; readonly scale: number }
  /** In the unit of the column. */
  | { readonly kind: 'string'; readonly length: number }
  /** It is none. */
  | { readonly kind: 'null' }

export interface WriterOptions {
  /** Shown by the server where it shows sessions: connector and task. */
  readonly applicationName: string
  /** `write.timeout.ms`: no statement and no wait for a lock takes longer. */
  readonly writeTimeoutMs: number
  /**
   * A transaction in which this side has been silent for so long is undone by the server, where that can be
   * said to it; absent: as the server is set.
   */
  readonly idleTransactionMs?: number
  /** A COMMIT of rows may be answered before it lasts, where the database can do that. */
  readonly lastsLater?: boolean
}

export interface NewColumnUse {
  readonly isKey: boolean
  /**
   * In `timestamp.fields.list`: an epoch that becomes a timestamp, with so many digits behind its seconds.
   */
  readonly timestampDigits: 6 | 9 | null
}

export interface NewColumn {
  readonly name: string
  /** Out of `columnType`. */
  readonly type: string
  readonly schema: Schema
  /** NOT NULL unless it is optional; its default is the schema's. */
  readonly isOptional: boolean
}

/** A table that is written to, as the dictionary describes and spells it. */
export interface TargetTable {
  readonly id: TableId
  readonly kind: 'table' | 'partitioned table' | 'view' | 'other'
  readonly columns: readonly TargetColumn[]
  /** In the key's order; empty: none. */
  readonly primaryKey: readonly string[]
  /** Beside the primary key: sets of columns that must be unique. */
  readonly uniqueKeys: readonly (readonly string[])[]
  /** Other tables whose rows have to be there first. */
  readonly parents: readonly TableId[]
  readonly hasTriggers: boolean
  /** Names in statements are cut to so many bytes of UTF-8, without an error; absent: they are not cut. */
  readonly nameBytes?: number
  /** Why what is written stays after a rollback (an engine without transactions); absent: it does not. */
  readonly cannotRollBack?: string
  /** Why rows cannot be sent in bulk (`COPY`), a word for people; null: they can. */
  readonly refusesBulk: string | null
}

export interface TargetColumn {
  readonly name: string
  /** As the database writes it, for messages: `numeric(10,2)`. */
  readonly databaseType: string
  /** For the dialect alone: as what it casts or binds values. */
  readonly bindType?: string
  readonly type: TargetType
  readonly isNullable: boolean
  readonly hasDefault: boolean
  readonly identity: 'always' | 'by default' | null
  /** Computed by the database: never written. */
  readonly isGenerated: boolean
}

/**
 * What fits a column. A value is brought into the form named here before anything is sent, or is an error of
 * its record (I16; digits too many are rounded where `excess.digits` says so):
 *
 * - boolean → boolean; integer → number, bigint beyond the safe integers, within `min` and `max`
 * - float → number; decimal → its digits as text without exponent (or `NaN`), within precision and scale
 *   where there are any
 * - string → string, at most `max` units long; bytes → Uint8Array, at most `max` long
 * - bits → text of 0 and 1, the highest or first one first: `length` of them, up to it when `varying`
 * - date → days since 1970-01-01 in the proleptic Gregorian calendar; time → nanoseconds of the day (number)
 * - timestamp → `Timestamp` of values/timestamp.ts: the instant as UTC (`hasZone`), or the reading of a wall
 *   clock as if it were UTC; `ms` is ±Infinity where the column takes that
 * - json, uuid, enum, other → text, which the database casts to the column's type
 * - array → an array of such values and nulls, of arrays where it has more dimensions
 */
export type TargetType =
  | { readonly kind: 'boolean' | 'json' | 'uuid' }
  | {
      readonly kind: 'integer'
      readonly min: bigint
      readonly max: bigint
      /**
       * What the database makes of a fraction: a double goes to the even number, every fraction is cut, or it
       * is kept. Absent: halves go away from zero.
       */
      readonly fractions?: 'even floats' | 'cut' | 'kept'
    }
  | { readonly kind: 'float'; readonly bits: 32 | 64; readonly takesNaN: boolean }
  | {
      readonly kind: 'decimal'
      readonly precision: number | null
      readonly scale: number | null
      readonly takesNaN?: boolean
      /**
       * Whole numbers up to it, without a point, are kept though they have more digits than the precision.
       */
      readonly maxWhole?: bigint
      /**
       * A column of dates and times as well: they are milliseconds since 1970, or ISO texts where these would
       * lose digits.
       */
      readonly timesAsMs?: boolean
    }
  | {
      readonly kind: 'string'
      readonly max: number | null
      readonly unit: 'characters' | 'bytes' | 'UTF-16 units'
      /** Characters it cannot hold (U+0000 of PostgreSQL); null: none. */
      readonly refuses: RegExp | null
      /** Of a text that is too long, the database leaves out blanks at the end. */
      readonly dropsBlanks?: boolean
      /** What the driver of the JVM makes of bytes: their digits, or their UTF-8. Absent: it refuses them. */
      readonly bytes?: 'hex' | 'utf8'
      /** It makes `1` and `0` of booleans. Absent: `true` and `false`. */
      readonly booleansAreDigits?: boolean
    }
  /** A type nobody else knows; `refuses` as of a string. */
  | { readonly kind: 'other'; readonly refuses?: RegExp }
  | { readonly kind: 'bytes'; readonly max: number | null }
  | {
      readonly kind: 'bits'
      readonly length: number
      readonly varying: boolean
      /** Where bytes have more bits than the column: which of them are left over. */
      readonly spare: 'first' | 'last'
    }
  | {
      readonly kind: 'date'
      readonly minDay: number
      readonly maxDay: number
      /** A whole number is a date of eight digits: 20261129. */
      readonly takesDigits?: boolean
    }
  | {
      readonly kind: 'time'
      readonly resolutionNanos: number
      /** The time of the day in UTC. */
      readonly hasZone?: boolean
      /** Digits beyond its own are cut, not rounded. */
      readonly cuts?: boolean
    }
  | {
      readonly kind: 'timestamp'
      readonly hasZone: boolean
      readonly resolutionNanos: number
      readonly minMs: number
      readonly maxMs: number
      /** It knows times before and behind all others. */
      readonly takesInfinity?: boolean
      /** Digits beyond its own are cut, not rounded. */
      readonly cuts?: boolean
    }
  | {
      readonly kind: 'enum'
      readonly labels: readonly string[] | null
      /** The database also takes a word in other letters or with blanks behind it, and the place of one. */
      readonly isLoose?: boolean
    }
  | { readonly kind: 'array'; readonly element: TargetType }

/** `truncate` deletes all rows, inside the transaction; it has no columns, and one empty row. */
export type WriteOperation = 'insert' | 'upsert' | 'update' | 'delete' | 'truncate'

/** What rows have in common that one statement writes. */
export interface WriteShape {
  readonly table: TargetTable
  readonly operation: WriteOperation
  /** Of the rows, in their order: keys first. A delete has no others. */
  readonly columns: readonly TargetColumn[]
  /** So many of `columns` are the key, one or more unless it is an insert. */
  readonly keyColumns: number
  /**
   * Of an upsert, one of `columns`: a row that has a value there stays as it is unless the new one is not
   * less. It is a number or a time.
   */
  readonly newerBy?: TargetColumn
}

/** A row in the forms of {@link TargetType}; null is NULL. */
export type WriteRow = readonly unknown[]

/**
 * A session that writes. Between `begin` and `commit` or `rollback` everything is one transaction. One call
 * at a time. After an error of class `outage` or `abort` it is of no more use; after any other error inside a
 * transaction, go back to a savepoint or roll back.
 */
export interface WriteSession extends Connection {
  /** null: there is no such table; names must be exact. */
  describeTarget(table: TableId): Promise<TargetTable | null>
  begin(): Promise<void>
  /** An error of class `outage` leaves open whether it happened. */
  commit(): Promise<void>
  rollback(): Promise<void>
  savepoint(): Promise<void>
  /**
   * Undoes what came after the last savepoint, which stays; false: the transaction is lost and must roll
   * back.
   */
  rollbackToSavepoint(): Promise<boolean>
  /**
   * Writes rows by as few statements as limits allow, in their order. Rows of an upsert, update or delete
   * have different keys; one that is not there is no error of an update or delete. After an error nothing of
   * the call may be counted on: go back to a savepoint. Where the database says which row it refused, {@link
   * refusedRow} answers its index in `rows`: those before it were taken, those behind it not looked at.
   */
  write(shape: WriteShape, rows: readonly WriteRow[]): Promise<void>
  /** Positions of a connector, kept in a table that is there. */
  offsets(place: SinkOffsetsPlace): SinkOffsets
  /** A statement without result outside the data's transactions: DDL. */
  execute(sql: string): Promise<void>
  /** A statement with parameters of its own (as the driver writes them), and the rows it answers. */
  ask(sql: string, binds: readonly unknown[]): Promise<{ rows: unknown[][]; affected: number }>
}

/**
 * What an error of a statement says about who is at fault: the database is not there (`outage`), others were
 * in the way (`conflict`), it is full (`resource`), the row cannot be stored (`data`), table or column are
 * not there (`structure`), a right is missing (`privilege`), or nobody knows.
 */
export type WriteErrorClass =
  | 'outage'
  | 'conflict'
  | 'resource'
  | 'data'
  | 'structure'
  | 'privilege'
  | 'unknown'

/** What a session that writes says of an error; null for what did not come out of one. */
export function errorClassOf(error: unknown): WriteErrorClass | null {
  if (!(error instanceof ConnectError)) return null
  return (error.facts['errorClass'] as WriteErrorClass | undefined) ?? null
}

/** The index of the row that the database refused; null where it does not say. */
export function refusedRow(error: unknown): number | null {
  if (!(error instanceof ConnectError)) return null
  return (error.facts['rowIndex'] as number | undefined) ?? null
}
