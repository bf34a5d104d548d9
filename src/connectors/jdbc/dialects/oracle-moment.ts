import { epochDay, timestampText } from '../timestamp.ts'

/**
 * What a DATE or TIMESTAMP holds, to the nanosecond: the reading of a wall clock as if it were UTC, or an instant for types with a
 * zone. The driver by itself would make a JS Date of it, in milliseconds and in the zone of this process (D6).
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
 * Reads the database's own form: 7 bytes (century and year in excess of 100, month, day, then hour, minute and second each plus
 * one), with 4 more for nanoseconds and 2 for the zone, whose value stands in UTC already. `offsetMinutes` is taken off.
 */
export function readMoment(bytes: Uint8Array, offsetMinutes = 0): OracleMoment {
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

/** The class of the driver (26.0) that reads values off the wire. */
interface BufferClass {
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
 * Has the driver hand out {@link OracleMoment}s instead of JS Dates. It offers no public way: its «fetch as string» makes a
 * Date first. `connect` proves after each log-in that digits come through, so another version of the driver cannot lose them unnoticed (I5).
 */
export function keepMomentsExact({ prototype }: BufferClass): void {
  if (prepared.has(prototype)) return
  prepared.add(prototype)
  const original = prototype.parseOracleDate
  prototype.parseOracleDate = function parse(bytes, isWallClock, isInZoneOfDatabase) {
    const region = this.caps?.dbTzRegion
    if (isInZoneOfDatabase && region !== null && region !== undefined) {
      // A database whose zone is a region with summer time: the driver knows better than to guess, and says so.
      return original.call(this, bytes, isWallClock, isInZoneOfDatabase)
    }
    return readMoment(bytes, isInZoneOfDatabase ? (this.caps?.dbTzOffset ?? 0) : 0)
  }
}
