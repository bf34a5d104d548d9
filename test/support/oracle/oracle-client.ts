import { createRequire } from 'node:module'
import type { Duplex } from 'node:stream'
import type { OracleServer } from './oracle-server.ts'

interface ClientResult {
  readonly rows?: unknown[][]
  readonly rowsAffected?: number
  readonly lastRowid?: string
  readonly metaData?: readonly Readonly<Record<string, unknown>>[]
  readonly resultSet?: ClientResultSet
  readonly batchErrors?: readonly (Error & { readonly offset: number })[]
  readonly dmlRowCounts?: number[]
}

interface ClientResultSet {
  getRows(count: number): Promise<unknown[][]>
  close(): Promise<void>
}

/** What the tests use of the real driver's connections. */
export interface Client {
  readonly oracleServerVersionString: string
  callTimeout: number
  module: string
  currentSchema: string
  action: string
  execute(
    sql: string,
    binds?: readonly unknown[] | Readonly<Record<string, unknown>>,
    options?: Readonly<Record<string, unknown>>
  ): Promise<ClientResult>
  executeMany(
    sql: string,
    rows: readonly unknown[],
    options?: Readonly<Record<string, unknown>>
  ): Promise<ClientResult>
  getStatementInfo(sql: string): Promise<ClientResult>
  commit(): Promise<void>
  rollback(): Promise<void>
  ping(): Promise<void>
  createLob(type: unknown): Promise<Duplex>
  break(): Promise<void>
  tpcBegin(xid: Readonly<Record<string, unknown>>): Promise<void>
  isHealthy(): boolean
  close(options?: { readonly drop: boolean }): Promise<void>
}

/** The real driver, which ships no types. */
interface Driver {
  readonly STRING: unknown
  readonly BUFFER: unknown
  readonly NUMBER: unknown
  readonly BIND_OUT: unknown
  readonly DATE: unknown
  readonly CLOB: unknown
  readonly DB_TYPE_TIMESTAMP: unknown
  readonly DB_TYPE_TIMESTAMP_TZ: unknown
  readonly DB_TYPE_DATE: unknown
  readonly DB_TYPE_NVARCHAR: unknown
  readonly DB_TYPE_BINARY_DOUBLE: unknown
  getConnection(options: Readonly<Record<string, unknown>>): Promise<Client>
}

export const driver = createRequire(import.meta.url)('oracledb') as Driver

export function logOn(
  server: OracleServer,
  more: Readonly<Record<string, unknown>> = {}
): Promise<Client> {
  const { user, password, connectString } = server
  return driver.getConnection({ user, password, connectString, ...more })
}

/** The ORA- or NJS- code of what a promise rejects with; fails when it resolves. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    return /^(ORA|NJS)-\d+/.exec((error as Error).message)?.[0] ?? String(error)
  }
  throw new Error('An error of Oracle was expected')
}
