/**
 * BINARY_DOUBLE (8 bytes) and BINARY_FLOAT (4): IEEE with the sign bit flipped, or all bits when negative, so
 * that bytes sort by value.
 */
export function encodeFloating(value: number, size: 4 | 8): Uint8Array {
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  if (size === 8) view.setFloat64(0, value)
  else view.setFloat32(0, value)
  flip(bytes, ((bytes[0] ?? 0) & 0x80) !== 0)
  return bytes
}

export function decodeFloating(stored: Uint8Array): number {
  const bytes = Uint8Array.from(stored)
  flip(bytes, ((bytes[0] ?? 0) & 0x80) === 0)
  const view = new DataView(bytes.buffer)
  return bytes.length === 8 ? view.getFloat64(0) : view.getFloat32(0)
}

function flip(bytes: Uint8Array, all: boolean): void {
  if (!all) {
    bytes[0] = (bytes[0] ?? 0) ^ 0x80
    return
  }
  for (let index = 0; index < bytes.length; index++) bytes[index] = ~(bytes[index] ?? 0) & 0xff
}
