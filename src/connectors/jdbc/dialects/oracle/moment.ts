import { databaseError } from '../../database/database.ts'
import { timestampText } from '../../values/timestamp.ts'
import { epochDay } from '../../../../data/calendar.ts'

/**
 * What a DATE or TIMESTAMP holds, to the nanosecond: the reading of a wall clock as if it were UTC, or an
 * instant for types with a zone. The driver by itself would make a JS Date of it, in milliseconds and in the
 * zone of this process (D6).
 */
export class OracleMoment {
  readonly ms: number
  readonly nanos: number

  constructor(ms: number, nanos: number) {
    this.ms = ms
    this.nanos = nanos
  }

  toString(): string {
    return timestampText(this, 9)
  }

  /** For moments inside JSON columns and objects. */
  toJSON(): string {
    return timestampText(this, 9, 'T')
  }
}

/**
 * Reads the database's own form: 7 bytes (century and year in excess of 100, month, day, then hour, minute
 * and second each plus one), with 4 more for nanoseconds and 2 for the zone, whose value stands in UTC
 * already. `offsetMinutes` is taken off.
 */
function readMoment(bytes: Uint8Array, offsetMinutes = 0): OracleMoment {
  const at = (index: number): number => bytes[index] ?? 0
  const year = (at(0) - 100) * 100 + at(1) - 100
  // The year before AD 1 is -1 for the database and 0 for everybody who calculates.
  const day = epochDay(year < 0 ? year + 1 : year, at(2), at(3))
  const seconds = day * 86_400 + (at(4) - 1) * 3600 + (at(5) - 1) * 60 + at(6) - 1
  const nanos =
    bytes.length >= 11 ? at(7) * 0x1_00_00_00 + at(8) * 0x1_00_00 + at(9) * 0x1_00 + at(10) : 0
  return new OracleMoment(
    (seconds - offsetMinutes * 60) * 1000 + Math.floor(nanos / 1_000_000),
    nanos
  )
}

/**
 * `[-]YYYY-MM-DD HH:MM:SS[.FFFFFFFFF][ +HH:MM]`: what Oracle's own client makes of a moment by the formats of
 * the session.
 */
const TEXT =
  /^ ?(-?)(\d{4,})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?: ?([+-])(\d\d):(\d\d))?$/

/** A moment as the driver gave it: in thin mode one, in thick mode its text; null for anything else. */
export function momentOf(raw: unknown): OracleMoment | null {
  if (raw instanceof OracleMoment) return raw
  const match = typeof raw === 'string' ? TEXT.exec(raw) : null
  if (match === null) return null
  const number = (group: number): number => Number(match[group] ?? 0)
  const day = epochDay(match[1] === '-' ? 1 - number(2) : number(2), number(3), number(4))
  const offset = (number(10) * 60 + number(11)) * (match[9] === '-' ? -1 : 1)
  const seconds = day * 86_400 + number(5) * 3600 + number(6) * 60 + number(7) - offset * 60
  const nanos = Number((match[8] ?? '').padEnd(9, '0'))
  return new OracleMoment(seconds * 1000 + Math.floor(nanos / 1_000_000), nanos)
}

/** The class of the driver (26.0) that reads values off the wire. */
interface BufferClass {
  new (bytes: Buffer): { readOracleDate(isWallClock: boolean): unknown }
  readonly prototype: {
    parseOracleDate(
      this: { caps?: { dbTzOffset?: number | null; dbTzRegion?: string | null } },
      bytes: Uint8Array,
      isWallClock: boolean,
      isInZoneOfDatabase: boolean
    ): unknown
  }
}

const prepared = new WeakSet<object>()

/**
 * Has the driver, in thin mode, hand out {@link OracleMoment}s instead of JS Dates. It offers no public way:
 * its «fetch as string» makes a Date first. I5: another version of the driver that went another way is
 * refused here; and columns take nothing but such moments.
 */
export function keepMomentsExact(buffers: BufferClass): void {
  const { prototype } = buffers
  if (prepared.has(prototype)) return
  prepared.add(prototype)
  const original = prototype.parseOracleDate
  prototype.parseOracleDate = function parse(bytes, isWallClock, isInZoneOfDatabase) {
    const region = this.caps?.dbTzRegion
    if (isInZoneOfDatabase && region !== null && region !== undefined) {
      // A database whose zone is a region with summer time: the driver knows better than to guess, and says
      // so.
      return original.call(this, bytes, isWallClock, isInZoneOfDatabase)
    }
    return readMoment(bytes, isInZoneOfDatabase ? (this.caps?.dbTzOffset ?? 0) : 0)
  }
  const bytes = Buffer.from([11, 120, 101, 2, 3, 5, 6, 7, 0x07, 0x5b, 0xcd, 0x15])
  const given = String(new buffers(bytes).readOracleDate(true))
  if (given === '2001-02-03 04:05:06.123456789') return
  throw databaseError(`This version of Oracle's driver does not hand out exact moments: ${given}`, {
    retriable: false
  })
}
