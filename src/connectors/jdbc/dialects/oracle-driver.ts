/** The part of node-oracledb (thin mode) that is used here; it ships no types. */
export interface OracleDriver {
  readonly OUT_FORMAT_ARRAY: number
  readonly DB_TYPE_VARCHAR: unknown
  readonly DB_TYPE_RAW: unknown
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
  ): Promise<{ readonly metaData?: readonly OracleField[]; readonly resultSet?: OracleResultSet }>
  getStatementInfo(sql: string): Promise<{ readonly metaData?: readonly OracleField[] }>
  rollback(): Promise<void>
  /** Asks the server to give up the running call. */
  breakExecution(): Promise<void>
  close(options?: { readonly drop: boolean }): Promise<void>
}

export interface OracleExecuteOptions {
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

/** Types that the driver is to hand out as text: numbers with all their digits, and large objects without a round trip each. */
const AS_TEXT: ReadonlySet<string> = new Set(['NUMBER', 'CLOB', 'NCLOB', 'LONG', 'JSON', 'VECTOR'])

/** How a column is to be fetched; undefined: as it comes. */
export function fetchType(
  driver: OracleDriver
): NonNullable<OracleExecuteOptions['fetchTypeHandler']> {
  return ({ dbTypeName }) =>
    AS_TEXT.has(dbTypeName)
      ? { type: driver.DB_TYPE_VARCHAR }
      : dbTypeName === 'BLOB'
        ? { type: driver.DB_TYPE_RAW }
        : undefined
}
