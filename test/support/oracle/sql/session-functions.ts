import { createHash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { OracleError } from '../oracle-error.ts'
import { decodeMoment, encodeDate, encodeTimestampTz } from '../wire/datetime.ts'
import { encodeDaySecond } from '../wire/interval.ts'
import { decodeNumber, numberOf, truncateDecimal } from '../wire/number.ts'
import type { ValueContext } from './convert.ts'
import { instantOf, offsetAt } from './zone.ts'

/** The session on whose behalf SQLite works. */
export interface SessionContext extends ValueContext {
  /** Zone of the database's host: that of SYSDATE and SYSTIMESTAMP. */
  readonly hostZone: string
  readonly scn: number
  /** What SYS_CONTEXT('USERENV', name) answers. */
  environment(name: string): string | null
}

const UNITS: Readonly<Record<string, bigint>> = {
  DAY: 86_400n,
  HOUR: 3600n,
  MINUTE: 60n,
  SECOND: 1n
}

/** Functions that know the session and the clock. */
export function registerSessionFunctions(
  sqlite: DatabaseSync,
  context: () => SessionContext
): void {
  const define = (
    name: string,
    act: (...args: unknown[]) => string | number | Uint8Array | null
  ): void => {
    sqlite.function(name, { deterministic: true, varargs: true }, (...args) => act(...args))
  }
  const present = (zone: string): Uint8Array => {
    const { now } = context()
    return encodeTimestampTz(now, offsetAt(zone, now.seconds))
  }
  define('o_sysdate', () => {
    const { now, hostZone } = context()
    return encodeDate(now.seconds + offsetAt(hostZone, now.seconds) * 60)
  })
  define('o_systimestamp', () => present(context().hostZone))
  define('o_current_timestamp', () => present(context().zone))
  define('o_session_zone', () => context().zone)
  define('o_scn', () => context().scn)
  define('o_nls', (name) => context().nls.get(String(name)) ?? null)
  define('o_environment', (space, name) => {
    if (String(space).toUpperCase() !== 'USERENV') return null
    return context().environment(String(name).toUpperCase())
  })
  define('o_duration', (value, unit) => {
    if (value === null || unit === null) return null
    const seconds = UNITS[String(unit).trim().toUpperCase()]
    if (seconds === undefined) throw new OracleError(1760)
    const { unscaled, scale } = decodeNumber(value as Uint8Array)
    const nanos = truncateDecimal({ unscaled: unscaled * seconds * 1_000_000_000n, scale }, 0)
    return encodeDaySecond(
      nanos.scale < 0 ? nanos.unscaled * 10n ** BigInt(-nanos.scale) : nanos.unscaled
    )
  })
  define('o_from_tz', (value, zone) => {
    if (value === null || zone === null) return null
    const wall = decodeMoment(value as Uint8Array)
    const seconds = instantOf(String(zone), wall.seconds)
    return encodeTimestampTz(
      { seconds, nanos: wall.nanos },
      Math.round((wall.seconds - seconds) / 60)
    )
  })
  define('o_hash', (value, most) => {
    const digest = createHash('sha1').update(String(value)).digest()
    return numberOf(digest.readUInt32BE(0) % (Number(most) + 1))
  })
  define('o_sha1', (value) =>
    value === null ? null : Uint8Array.from(createHash('sha1').update(String(value)).digest())
  )
}
