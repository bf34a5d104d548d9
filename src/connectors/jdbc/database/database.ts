import type { Clock } from '../../../clock.ts'
import type { Password } from '../../../config/config-def.ts'
import { ConnectError } from '../../../errors.ts'
import type { Logger } from '../../../log.ts'
import type { Timestamp, TimestampParts } from '../values/timestamp.ts'
import type { TimeZone } from '../values/time-zone.ts'
import type { WriteErrorClass, WritingDialect } from './writing.ts'

/**
 * What the source asks of a database. A dialect is one file (or folder) in `dialects/` that fills these
 * interfaces and imports its driver lazily, on the first `open`. Everything thrown across this border is a
 * ConnectError made by {@link databaseError}: past it only `isRetriable(error)` and {@link isMissing} are
 * asked.
 */
export interface Dialect {
  /** Name in `dialect.name`, as in the JVM connector: `PostgreSqlDatabaseDialect`. */
  readonly name: string
  /** As people say it: `PostgreSQL`. */
  readonly displayName: string
  /** What stands between `jdbc:` and the next colon. */
  readonly subProtocols: readonly string[]
  /** An example for error messages. */
  readonly urlExample: string
  /** Opening and closing quote of an identifier. */
  readonly quotes: readonly [string, string]
  /** Quotes of its JDBC driver where they differ: the JVM connector writes a task's tables with them. */
  readonly driverQuotes?: readonly [string, string]
  /**
   * How its JDBC driver replaces escapes of JDBC in statements; absent: the server knows them itself, or the
   * driver does not.
   */
  readonly jdbcEscapes?: JdbcEscapes
  /** Two-part names are `catalog.table` instead of `schema.table`. */
  readonly twoPartNamesHaveCatalog?: boolean

  /**
   * Opens a connection within `options.timeoutMs`; aborting `options.signal` ends the attempt at once.
   * Throws ConfigError when the URL or a property makes no sense, else a database error.
   */
  open(options: OpenOptions): Promise<Connection>
  /** Parts of the name in a source partition and in SQL (`schema.table`, `table`); null ones are left out. */
  nameParts(table: TableId): readonly (string | null)[]
  /** The name as SQL wants it when `quote.sql.identifiers=never`; only where a database folds case. */
  foldCase?(name: string): string
  /**
   * SQL of the timestamp to compare: the column itself, or `COALESCE(a, b)`. `names` are quoted, `columns`
   * described alike.
   */
  timestampExpression(names: readonly string[], columns: readonly TimestampColumn[]): string
  /**
   * A timestamp as bind value number `index` (from 1). For a column with a zone `time` is the instant, else
   * the reading of its wall clock. What the column cannot hold is cut, never rounded up: comparisons stay
   * exact. `sql` must let an index work.
   */
  bindTimestamp(time: Timestamp, column: TimestampColumn, index: number): Bind
  /** An id as bind value number `index` (from 1). */
  bindId(id: number | bigint, column: Column, index: number): Bind
  /** A query in an order, as one that answers its first row and tells the server that no other is wanted. */
  firstRow(sql: string): string
  /** Why transactions commit in the order in which they take their ids; absent: they do not. */
  readonly commitsInOrder?: string
  /** How it is written to; absent: not by this product. */
  readonly writing?: WritingDialect
}

/** A bind value, and the text that stands for it in the SQL (`?`, `$1`, `TO_TIMESTAMP(:1, …)`). */
export interface Bind {
  readonly sql: string
  readonly value: unknown
}

/** A JDBC URL taken apart as far as all dialects have it in common. */
export interface JdbcUrl {
  /** As given; may hold a password. */
  readonly text: string
  /** `postgresql`, `sqlserver`, `jtds:sqlserver` … in lower case. */
  readonly subProtocol: string
  /**
   * What follows the sub-protocol and its colon: `//host:5432/db?ssl=true`, `thin:@host:1521:SID`,
   * `/var/data.db`.
   */
  readonly rest: string
}

export type IsolationMode =
  | 'DEFAULT'
  | 'READ_UNCOMMITTED'
  | 'READ_COMMITTED'
  | 'REPEATABLE_READ'
  | 'SERIALIZABLE'
  | 'SQL_SERVER_SNAPSHOT'

export interface OpenOptions {
  readonly url: JdbcUrl
  readonly user: string | null
  readonly password: Password | null
  /** `connection.*` keys that are not the connector's own, prefix removed: driver properties. */
  readonly properties: ReadonlyMap<string, string>
  /** `db.timezone`; for drivers that need a session zone. */
  readonly timeZone: TimeZone
  readonly isolation: IsolationMode
  /** How long a statement waits for locks of others, unless something else is set; 0 or absent: no limit. */
  readonly lockWaitMs?: number
  /**
   * Whether rows whose time a statement cannot read are left out of its result, with a word in the log; else
   * the statement fails. For databases that keep times as texts.
   */
  readonly leavesOutUnreadable?: boolean
  /** Nothing may be changed, whatever a query calls, as far as the database can see to it. */
  readonly readOnly?: boolean
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly log: Logger
}

export interface JdbcEscapes {
  /**
   * Functions of `{fn …}` with another name or form: what stands instead of their name and the parenthesis
   * behind it, or instead of the whole call of one that has no arguments. All others are named as they are.
   */
  readonly functions: ReadonlyMap<string, string>
  /** Whether `??` stands for the operator `?`, since a single one is a place for a value in JDBC. */
  readonly doubledQuestionMarks: boolean
}

/** Parts of a table's name, as the database spells them and without quotes. */
export interface TableId {
  readonly catalog: string | null
  readonly schema: string | null
  readonly table: string
}

export interface TableFilter {
  /** The name of a catalog, in which `%` alone stands for any text; null: every catalog that can be seen. */
  readonly catalogPattern: string | null
  /**
   * LIKE pattern of JDBC (`%`, `_`, and a backslash before what stands for itself); null: every schema that
   * can be seen.
   */
  readonly schemaPattern: string | null
  /** Words of JDBC in upper case: TABLE, VIEW, PARTITIONED TABLE, SYSTEM TABLE, ALIAS, SYNONYM … */
  readonly types: readonly string[]
  /**
   * Bare names to look for, compared without case; null: all. The dictionary is never scanned when names are
   * given.
   */
  readonly names: readonly string[] | null
  /**
   * Only tables whose names begin like this, as written or folded, are of interest; others may be answered
   * too.
   */
  readonly prefix?: string
  /** So many tables are enough, in any order; more may be answered. */
  readonly atMost?: number
}

/**
 * One session, used for one thing at a time. After an error of `query` or of its rows, or after `abort`, it
 * is of no more use: close it and open another.
 */
export interface Connection {
  readonly dialect: Dialect
  /** The catalog (database) the session is in, where names of tables leave it out. */
  readonly catalog?: string
  /** Tables in the order the JVM connector would have them: by type, catalog, schema, name. */
  listTables(filter: TableFilter): Promise<TableId[]>
  /** Columns in order; empty when there is no such table. Names must be exact. */
  describeTable(table: TableId): Promise<TableColumn[]>
  /** Columns a query answers, without running it. */
  describeQuery(sql: string): Promise<Column[]>
  /**
   * Runs a query and reads its rows `fetchRows` at a time by a server-side cursor, so that memory does not
   * grow with the result. `table`: where the rows come from, null for a query of the user. With a table the
   * text begins with `SELECT * FROM` and its name, columns are written with the table's name in front, and a
   * dialect may name the columns itself where it has to convert some.
   */
  query(
    sql: string,
    binds: readonly unknown[],
    options: { fetchRows: number; table: TableId | null }
  ): Promise<RowStream>
  /** The database's clock. `hasZone` false: its wall clock, in the zone of its zone-less columns. */
  now(): Promise<Timestamp & { readonly hasZone: boolean }>
  /**
   * What an operator should know of server and session: version, time zones, rights it lacks. Asked once per
   * task, at its start.
   */
  selfCheck?(): Promise<Finding[]>
  /**
   * The transactions of others that may still commit rows, begun before or during the call. One that could
   * not be seen at the time of the call must have begun after it was made, or be over and its rows visible. A
   * statement that is refused (a missing privilege, a view that does not exist) is answered with the reason,
   * not thrown. Absent: the database does not tell.
   */
  openTransactions?(): Promise<OpenTransactions>
  /**
   * Why rows of a table, or of a query of the user, may be committed by transactions that `openTransactions`
   * cannot show, for they run in another database: the table is a copy, a foreign table, or behind a link.
   * null: no such reason is known.
   */
  writersElsewhere?(source: Source): Promise<string | null>
  /**
   * What keeps the ids of a column from being taken in their order by transactions that are open at the time,
   * as far as the dictionary shows it: sentences for an operator, such as
   * `sequence s hands out blocks of 50 ids to each session`. Empty: nothing is known.
   */
  idHazards?(table: TableId, column: string): Promise<string[]>
  /**
   * A condition that all rows of a table meet that a transaction listed with this `since` has written, or
   * will write. `from`: the table as the query spells it. null: there is no such condition for this table.
   */
  writtenSince?(table: TableId, from: string, since: string): Promise<string | null>
  /**
   * The columns of each index that serves a whole table, in the index's order; null stands for an expression.
   * null instead of a list: not known, as for a view.
   */
  indexesOf?(table: TableId): Promise<(string | null)[][] | null>
  /**
   * Ends everything at once, a running query included (on the server too, where it can be): calls in progress
   * reject within one second. Never throws.
   */
  abort(): void
  /** Ends the session politely within a second or two; never rejects. */
  close(): Promise<void>
}

/** Where rows are read from: a table, a query of the user, or a query that stands for a table. */
export interface Source {
  readonly table: TableId | null
  /** Whole, without placeholders. */
  readonly query: string | null
}

/** A line for the log; `warn`: something is off. */
export interface Finding {
  readonly level: 'info' | 'warn'
  readonly text: string
}

/** A transaction of somebody else that has not ended. */
export interface OpenTransaction {
  /** The same for as long as it runs, and no other's meanwhile. */
  readonly id: string
  /** For how long it runs; null: not known. */
  readonly ageMs: number | null
  /** The transaction has changed nothing so far. */
  readonly readsOnly?: boolean
  /**
   * The transaction may be what another became under this id: one that was prepared for a two-phase commit.
   */
  readonly successor?: boolean
  /**
   * A mark of this moment, or of its first change if that was before: rows it writes can be told from older
   * ones by it. A whole number that grows.
   */
  readonly since?: string
  /** The id under which it may have been listed before: whoever waits for that one waits for this one too. */
  readonly was?: string
}

/**
 * What is known of open transactions. `seen`: all that could write, `source` names where from. `later`: ask
 * again in so many milliseconds, the database would answer what it knew before. `unseen`: not to be known,
 * and why.
 */
export type OpenTransactions =
  | { readonly answer: 'seen'; readonly source: string; readonly open: readonly OpenTransaction[] }
  | { readonly answer: 'later'; readonly inMs: number; readonly why: string }
  | { readonly answer: 'unseen'; readonly why: string }

/** Rows of a running query. Its transaction ends when the rows are drained or `close` is called. */
export interface RowStream {
  /** In the order of the values in a row; known before the first row. */
  readonly columns: readonly Column[]
  /** The text as it was sent, where that is another than the one given. */
  readonly sql?: string
  /**
   * The next rows, values as the driver gives them in column order; null when there are no more. Never two
   * calls at a time.
   */
  next(): Promise<Row[] | null>
  /** Gives up the rest; rejects only when the session is lost. */
  close(): Promise<void>
}

export type Row = unknown[]

/** What is known of every column, whatever its type. */
export interface ColumnFacts {
  /** The label: alias, else name. */
  readonly name: string
  /** As the database writes it, for messages: `numeric(10,2)`. */
  readonly databaseType: string
  /** null: not known, treated as nullable. */
  readonly nullable: boolean | null
}

/**
 * A column and how its values are read. `read` gets what the driver gave (never null) and answers the form
 * named; it throws DataError for a value that has no such form (I5): the caller adds table, column and row.
 *
 * - boolean → boolean; int8 … int64 → number, bigint beyond the safe integers; float32, float64 → number
 * - decimal → its digits as text (`-12.50`, `1E+3`). `precision` and `scale` null: not constrained. `numeric`
 *   says that JDBC would call it NUMERIC rather than DECIMAL, so `numeric.mapping` applies.
 * - string → string; bytes → Uint8Array; date → days since 1970-01-01; time → milliseconds of the day
 * - timestamp: writes into the parts given; see {@link TimestampColumn}
 * - other: has no type in Connect; `read` answers it as text, the way the database prints it
 */
export type Column = ColumnFacts &
  (
    | { readonly type: 'boolean'; read(raw: unknown): boolean }
    | { readonly type: IntegerType; read(raw: unknown): number | bigint }
    | { readonly type: 'float32' | 'float64'; read(raw: unknown): number }
    | {
        readonly type: 'decimal'
        readonly precision: number | null
        readonly scale: number | null
        readonly numeric: boolean
        read(raw: unknown): string
      }
    | { readonly type: 'string' | 'other'; read(raw: unknown): string }
    | { readonly type: 'bytes'; read(raw: unknown): Uint8Array }
    | { readonly type: 'date'; read(raw: unknown): number }
    /** `hasZone`: the milliseconds are those of the UTC day. */
    | { readonly type: 'time'; readonly hasZone?: boolean; read(raw: unknown): number }
    | TimestampType
  )

export type IntegerType = 'int8' | 'int16' | 'int32' | 'int64'

interface TimestampType {
  readonly type: 'timestamp'
  /** true: the value is an instant; false: the reading of a wall clock in `db.timezone`. */
  readonly hasZone: boolean
  /** Smallest step of the column in nanoseconds: 1000 for timestamp(6), 1 000 000 000 for Oracle's DATE. */
  readonly resolutionNanos: number
  /**
   * Whether a value lies before or behind all times; absent: there are none. `read` makes milliseconds of
   * ±Infinity of it.
   */
  isInfinite?(raw: unknown): boolean
  /** Writes the instant (hasZone) or the wall clock's reading as if it were UTC. */
  read(raw: unknown, into: TimestampParts): void
  /**
   * Does what `read` does, and answers the milliseconds of a value that is an instant though the column is
   * read by the wall clock; null for readings. Absent: all values are what `hasZone` says.
   */
  readInstant?(raw: unknown, into: TimestampParts): number | null
}

export type TimestampColumn = ColumnFacts & TimestampType

/** A column of the dictionary. */
export type TableColumn = Column & {
  /** `SELECT *` does not answer it: only who names it gets it. */
  readonly isInvisible?: boolean
  readonly autoIncrement: boolean
  /** Place in the primary key from 1; null when it is not part of it. */
  readonly keyPosition: number | null
}

/** What is known of an error of a database. */
interface DatabaseErrorFacts {
  /** The same call may succeed later. */
  readonly retriable: boolean
  /** A right, a table or a column that the statement needs is not there, and may be given. */
  readonly missing?: boolean
  /** The driver's error. */
  readonly cause?: unknown
  /** Its SQLSTATE or number. */
  readonly code?: string | number
  readonly sql?: string
  /** Who is at fault, of an error of a session that writes; see `errorClassOf`. */
  readonly errorClass?: WriteErrorClass
  /** See `refusedRow`. */
  readonly rowIndex?: number
}

/** The one way to make an error of a database. */
export function databaseError(message: string, facts: DatabaseErrorFacts): ConnectError {
  const { retriable, missing, ...rest } = facts
  const code = retriable ? 'DATABASE_UNAVAILABLE' : 'DATABASE_ERROR'
  return new ConnectError(code, message, missing === true ? { ...rest, missing } : rest)
}

/** The database says that a right, a table or a column is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof ConnectError && error.facts['missing'] === true
}

/** For work that was cut short because the task stops. */
export function abortedError(): ConnectError {
  return databaseError('The connection to the database was ended because the task is stopping', {
    retriable: true
  })
}
