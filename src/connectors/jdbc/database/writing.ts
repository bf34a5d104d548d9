import type { Schema } from '../../../data/schema.ts'
import type { Connection, OpenOptions, TableId } from './database.ts'

/**
 * What the sink asks of a database: the half of a dialect that writes. As everything thrown by a dialect,
 * errors are made by `databaseError`; those of a statement carry a {@link WriteErrorClass} in their facts.
 */
export interface WritingDialect {
  /** As `Dialect.open`. Fixes what statements depend on: zone UTC, strict mode, limits of waiting. */
  open(options: OpenOptions & WriterOptions): Promise<WriteSession>
  /** The type of a new column, as Confluent's connector chooses it; null: there is none for this schema. */
  columnType(schema: Schema, use: NewColumnUse): string | null
  /** Statements that make the table; names come unquoted and are quoted here. */
  createTable(table: TableId, columns: readonly NewColumn[], keys: readonly string[]): string[]
  /** Statements that add columns to a table. */
  addColumns(table: TableId, columns: readonly NewColumn[]): string[]
  /**
   * What `write` would send for this shape with one row, for people to read: with placeholders, never values.
   */
  statementText(shape: WriteShape): string
}

export interface WriterOptions {
  /** Shown by the server where it shows sessions: connector and task. */
  readonly applicationName: string
  /** `write.timeout.ms`: no statement and no wait for a lock takes longer. */
  readonly writeTimeoutMs: number
  readonly quotesAlways: boolean
}

export interface NewColumnUse {
  readonly isKey: boolean
  /** In `timestamp.fields.list`: an epoch that becomes a timestamp, with so many digits behind its seconds. */
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
  /** Tables whose rows have to be there first. */
  readonly parents: readonly TableId[]
  readonly hasTriggers: boolean
  /** Why rows cannot be sent in bulk (`COPY`), a word for people; null: they can. */
  readonly refusesBulk: string | null
}

export interface TargetColumn {
  readonly name: string
  /** As the database writes it, for messages: `numeric(10,2)`. */
  readonly databaseType: string
  readonly type: TargetType
  readonly isNullable: boolean
  readonly hasDefault: boolean
  readonly identity: 'always' | 'by default' | null
  /** Computed by the database: never written. */
  readonly isGenerated: boolean
}

/**
 * What fits a column. A value is brought into the form named here before anything is sent (I16), or is an
 * error of its record:
 *
 * - boolean → boolean; integer → number, bigint beyond the safe integers, within `min` and `max`
 * - float → number; decimal → its digits as text, within precision and scale where there are any
 * - string → string, at most `max` units long; bytes → Uint8Array, at most `max` long
 * - date → days since 1970-01-01; time → nanoseconds of the day (bigint)
 * - timestamp → {@link WallClock}: the instant as UTC (`hasZone`), or the reading of a wall clock
 * - json, uuid, enum, other → text, which the database casts to the column's type
 * - array → an array of such values, of arrays where it has more dimensions
 */
export type TargetType =
  | { readonly kind: 'boolean' | 'json' | 'uuid' | 'other' }
  | { readonly kind: 'integer'; readonly min: bigint; readonly max: bigint }
  | { readonly kind: 'float'; readonly bits: 32 | 64; readonly takesNaN: boolean }
  | { readonly kind: 'decimal'; readonly precision: number | null; readonly scale: number | null }
  | {
      readonly kind: 'string'
      readonly max: number | null
      readonly unit: 'characters' | 'bytes' | 'UTF-16 units'
      /** Characters it cannot hold (U+0000 of PostgreSQL); null: none. */
      readonly refuses: RegExp | null
    }
  | { readonly kind: 'bytes'; readonly max: number | null }
  | { readonly kind: 'date'; readonly minDay: number; readonly maxDay: number }
  | { readonly kind: 'time'; readonly resolutionNanos: bigint }
  | {
      readonly kind: 'timestamp'
      readonly hasZone: boolean
      readonly resolutionNanos: bigint
      readonly minMs: number
      readonly maxMs: number
    }
  | { readonly kind: 'enum'; readonly labels: readonly string[] | null }
  | { readonly kind: 'array'; readonly element: TargetType }

/** Days and times of the proleptic Gregorian calendar. */
export interface WallClock {
  /** Milliseconds since 1970-01-01T00:00, rounded down. */
  readonly ms: number
  /** Beyond them: 0 … 999 999. */
  readonly nanos: number
}

export type WriteOperation = 'insert' | 'upsert' | 'update' | 'delete'

/** What rows have in common that one statement writes. */
export interface WriteShape {
  readonly table: TargetTable
  readonly operation: WriteOperation
  /** Of the rows, in their order: keys first. A delete has no others. */
  readonly columns: readonly TargetColumn[]
  /** So many of `columns` are the key. */
  readonly keyColumns: number
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
  /** Undoes what came after the last savepoint, which stays; false: the transaction is lost and must roll back. */
  rollbackToSavepoint(): Promise<boolean>
  /**
   * Writes rows by as few statements as limits allow, in their order. Rows of an upsert, update or delete have
   * different keys. Where the database says which row it refused, the error has `rowIndex` in its facts, and
   * `rowsWritten` rows before it took effect in the transaction.
   */
  write(shape: WriteShape, rows: readonly WriteRow[]): Promise<void>
  /** A statement without result outside the data's transactions: DDL. */
  execute(sql: string): Promise<void>
  /** A statement with parameters of its own in the transaction, and the rows it answers. */
  ask(sql: string, binds: readonly unknown[]): Promise<{ rows: unknown[][]; affected: number }>
}

/**
 * What an error of a statement says about who is at fault: the database is not there (`outage`), others were
 * in the way (`conflict`), it is full (`resource`), the row cannot be stored (`data`), table or column are not
 * there (`structure`), a right is missing (`privilege`), or nobody knows.
 */
export type WriteErrorClass =
  | 'outage'
  | 'conflict'
  | 'resource'
  | 'data'
  | 'structure'
  | 'privilege'
  | 'unknown'
