/** INTERVAL YEAR TO MONTH: years + 2^31, months + 60. */
export function encodeYearMonth(months: number): Uint8Array {
  const bytes = new Uint8Array(5)
  new DataView(bytes.buffer).setUint32(0, Math.trunc(months / 12) + 2 ** 31)
  bytes[4] = (months % 12) + 60
  return bytes
}

/** Months of the interval. */
export function decodeYearMonth(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return (view.getUint32(0) - 2 ** 31) * 12 + view.getUint8(4) - 60
}

/**
 * INTERVAL DAY TO SECOND: days + 2^31, hours, minutes and seconds + 60, nanoseconds + 2^31; all parts share
 * the sign.
 */
export function encodeDaySecond(nanos: bigint): Uint8Array {
  const bytes = new Uint8Array(11)
  const view = new DataView(bytes.buffer)
  const seconds = Number(nanos / 1_000_000_000n)
  view.setUint32(0, Math.trunc(seconds / 86_400) + 2 ** 31)
  bytes[4] = (Math.trunc(seconds / 3600) % 24) + 60
  bytes[5] = (Math.trunc(seconds / 60) % 60) + 60
  bytes[6] = (seconds % 60) + 60
  view.setUint32(7, Number(nanos % 1_000_000_000n) + 2 ** 31)
  return bytes
}

/** Nanoseconds of the interval. */
export function decodeDaySecond(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const part = (index: number): number => view.getUint8(index) - 60
  const seconds = (view.getUint32(0) - 2 ** 31) * 86_400 + part(4) * 3600 + part(5) * 60 + part(6)
  return BigInt(seconds) * 1_000_000_000n + BigInt(view.getUint32(7) - 2 ** 31)
}
