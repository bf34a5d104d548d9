import { ConnectError } from '../../../../errors.ts'

/** What the drivers of Node say of an error of their server. */
interface DriverError {
  readonly code?: unknown
  /** MySQL. */
  readonly sqlState?: string
  readonly errno?: number
  /** SQL Server. */
  readonly number?: number
  readonly state?: number
  /** Oracle. */
  readonly errorNum?: number
}

/**
 * SQLSTATE and the server's own number of an error, as the JVM's drivers give them; empty and 0 for what is
 * not known.
 */
export function driverCodes(error: unknown): { readonly state: string; readonly number: number } {
  const cause = ((error instanceof ConnectError ? error.cause : null) ?? {}) as DriverError
  const { sqlState, errno, number, state, errorNum, code } = cause
  if (number !== undefined) {
    return { state: `S${String(state ?? 1).padStart(4, '0')}`, number }
  }
  if (errorNum !== undefined && errorNum > 0) {
    // Syntax and access; whatever else happens while a statement runs.
    const isOfText = (errorNum >= 900 && errorNum <= 999) || errorNum === 1031
    return { state: isOfText ? '42000' : '72000', number: errorNum }
  }
  if (sqlState !== undefined && errno !== undefined) return { state: sqlState, number: errno }
  return { state: typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : '', number: 0 }
}
