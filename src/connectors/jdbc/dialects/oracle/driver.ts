/** The part of node-oracledb that is used here; it ships no types. */
export interface OracleDriver {
  /** Whether connections are made without Oracle's client; holds for the whole process. */
  readonly thin: boolean
  readonly OUT_FORMAT_ARRAY: number
  readonly DB_TYPE_VARCHAR: unknown
  readonly DB_TYPE_RAW: unknown
  /** Switches the process to thick mode. Once, and before the first connection. */
  initOracleClient(options: { readonly libDir?: string; readonly configDir?: string }): void
  getConnection(attributes: Readonly<Record<string, unknown>>): Promise<OracleSession>
  /** Constants such as `SYSDBA`. */
  readonly [constant: string]: unknown
}

export interface OracleSession {
  /** `19.3.0.0.0`. */
  readonly oracleServerVersionString: string
  callTimeout: number
  module: string
  action: string
  execute(
    sql: string,
    binds: readonly unknown[],
    options: OracleExecuteOptions
  ): Promise<OracleAnswer>
  /** Applies a statement to each row of binds. With `batchErrors` it goes on behind rows that are refused. */
  executeMany(
    sql: string,
    rows: readonly (readonly unknown[])[],
    options: OracleManyOptions
  ): Promise<{ readonly batchErrors?: readonly OracleBatchError[] }>
  getStatementInfo(sql: string): Promise<{ readonly metaData?: readonly OracleField[] }>
  commit(): Promise<void>
  rollback(): Promise<void>
  /** Asks the server to give up the running call. */
  breakExecution(): Promise<void>
  close(options?: { readonly drop: boolean }): Promise<void>
}

export interface OracleAnswer {
  readonly metaData?: readonly OracleField[]
  readonly resultSet?: OracleResultSet
  readonly rows?: readonly unknown[][]
  readonly rowsAffected?: number
}

/** How the values of a column of binds travel; `maxSize` in bytes, for texts and bytes. */
interface OracleBindDefinition {
  readonly type: unknown
  readonly maxSize?: number
}

interface OracleManyOptions {
  readonly bindDefs: readonly OracleBindDefinition[]
  readonly batchErrors: boolean
  readonly autoCommit: false
}

/** An error of one row; `offset` is its index. */
export interface OracleBatchError extends Error {
  readonly offset: number
  readonly errorNum: number
}

interface OracleExecuteOptions {
  readonly resultSet?: boolean
  readonly outFormat?: number
  readonly fetchArraySize?: number
  readonly prefetchRows?: number
  readonly fetchTypeHandler?: (field: OracleField) => { readonly type: unknown } | undefined
}

export interface OracleResultSet {
  readonly metaData: readonly OracleField[]
  getRows(count: number): Promise<unknown[][]>
  close(): Promise<void>
}

/** A column of a result. */
export interface OracleField {
  readonly name: string
  /** `NUMBER`, `TIMESTAMP WITH TIME ZONE`, `CLOB`, or the name of an object type. */
  readonly dbTypeName: string
  readonly nullable: boolean
  /** Digits of a NUMBER; digits of the second of a TIMESTAMP. */
  readonly precision?: number
  readonly scale?: number
  readonly isJson?: boolean
}

/**
 * Types that the driver is to hand out as text: numbers with all their digits, and large objects without a
 * round trip each.
 */
const AS_TEXT: ReadonlySet<string> = new Set(['NUMBER', 'CLOB', 'NCLOB', 'LONG', 'JSON', 'VECTOR'])

/** How a column is to be fetched; undefined: as it comes. */
export function fetchType(
  driver: OracleDriver
): NonNullable<OracleExecuteOptions['fetchTypeHandler']> {
  return ({ dbTypeName }) => {
    if (AS_TEXT.has(dbTypeName)) return { type: driver.DB_TYPE_VARCHAR }
    if (dbTypeName === 'BLOB') return { type: driver.DB_TYPE_RAW }
    // Oracle's client makes text of moments by the formats of the session, without loss; the driver itself
    // would make a JS Date.
    const isMoment = dbTypeName === 'DATE' || dbTypeName.startsWith('TIMESTAMP')
    return isMoment && !driver.thin ? { type: driver.DB_TYPE_VARCHAR } : undefined
  }
}
