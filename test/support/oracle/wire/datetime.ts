import { fieldsOf, type Moment, secondsOf } from './moment.ts'

/** DATE: century + 100, year of century + 100, month, day, hour + 1, minute + 1, second + 1. */
export function encodeDate(seconds: number): Uint8Array {
  const bytes = new Uint8Array(7)
  writeDate(bytes, seconds)
  return bytes
}

function writeDate(bytes: Uint8Array, seconds: number): void {
  const { year: counted, month, day, hour, minute, second } = fieldsOf(seconds)
  // The year before AD 1 is -1.
  const year = counted > 0 ? counted : counted - 1
  bytes[0] = Math.trunc(year / 100) + 100
  bytes[1] = (year % 100) + 100
  bytes[2] = month
  bytes[3] = day
  bytes[4] = hour + 1
  bytes[5] = minute + 1
  bytes[6] = second + 1
}

/**
 * TIMESTAMP and TIMESTAMP WITH LOCAL TIME ZONE: a DATE and the nanoseconds, always 11 bytes, so that bytes
 * sort by time.
 */
export function encodeTimestamp({ seconds, nanos }: Moment): Uint8Array {
  const bytes = new Uint8Array(11)
  writeDate(bytes, seconds)
  new DataView(bytes.buffer).setUint32(7, nanos)
  return bytes
}

/** TIMESTAMP WITH TIME ZONE: the moment in UTC, then the hours of the offset + 20 and its minutes + 60. */
export function encodeTimestampTz({ seconds, nanos }: Moment, offsetMinutes: number): Uint8Array {
  const bytes = new Uint8Array(13)
  writeDate(bytes, seconds)
  new DataView(bytes.buffer).setUint32(7, nanos)
  bytes[11] = Math.trunc(offsetMinutes / 60) + 20
  bytes[12] = (offsetMinutes % 60) + 60
  return bytes
}

/** The moment of a DATE or TIMESTAMP of any kind, of 7, 11 or 13 bytes. */
export function decodeMoment(bytes: Uint8Array): Moment {
  const at = (index: number): number => bytes[index] ?? 0
  const year = (at(0) - 100) * 100 + at(1) - 100
  const seconds = secondsOf({
    year: year < 0 ? year + 1 : year,
    month: at(2),
    day: at(3),
    hour: at(4) - 1,
    minute: at(5) - 1,
    second: at(6) - 1
  })
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return { seconds, nanos: bytes.length >= 11 ? view.getUint32(7) : 0 }
}

/** Minutes east of UTC of a TIMESTAMP WITH TIME ZONE. */
export function decodeOffset(bytes: Uint8Array): number {
  return ((bytes[11] ?? 20) - 20) * 60 + (bytes[12] ?? 60) - 60
}

/** As a server sends it: a fraction of zero is left out. */
export function shortTimestamp(bytes: Uint8Array): Uint8Array {
  const fraction = bytes.length === 11 && bytes.subarray(7).some((byte) => byte !== 0)
  return fraction ? bytes : bytes.subarray(0, 7)
}
