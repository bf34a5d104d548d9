import { ByteReader } from '../wire/byte-reader.ts'
import type { ByteWriter } from '../wire/byte-writer.ts'
import { OracleError } from '../oracle-error.ts'
import type { LobRegister } from './columns.ts'
import { utf16 } from './columns.ts'

const OPERATION = {
  LENGTH: 0x01,
  READ: 0x02,
  TRIM: 0x20,
  WRITE: 0x40,
  CHUNK_SIZE: 0x4000,
  CREATE_TEMPORARY: 0x110,
  FREE_TEMPORARY: 0x111,
  OPEN: 0x8000,
  CLOSE: 0x10000,
  IS_OPEN: 0x11000
} as const

const LOCATOR_LENGTH = 40
const CHUNK = 8132
/** Locators a session can still read; older ones are forgotten. */
const MOST_LOBS = 200_000
const BLOB_TYPE = 113

/**
 * The LOBs a session holds locators of. Texts are counted in UTF-16 units, as in a database with a Unicode
 * character set.
 */
export class Lobs implements LobRegister {
  readonly #values = new Map<number, string | Buffer>()
  #last = 0

  register(value: string | Uint8Array): { locator: Uint8Array; length: number } {
    this.#last += 1
    this.#values.set(this.#last, typeof value === 'string' ? value : Buffer.from(value))
    if (this.#values.size > MOST_LOBS) this.#values.delete(this.#last - MOST_LOBS)
    return {
      locator: locatorOf(this.#last, typeof value === 'string', false),
      length: value.length
    }
  }

  /** The value behind a locator that is bound. */
  value(locator: Uint8Array): string | Buffer {
    const value = this.#values.get(numberOf(locator))
    if (value === undefined) throw new OracleError(22_275)
    return value
  }

  free(locator: Uint8Array): void {
    this.#values.delete(numberOf(locator))
  }

  createTemporary(isText: boolean): Uint8Array {
    const { locator } = this.register(isText ? '' : Buffer.alloc(0))
    locator[7] = 1
    return locator
  }

  write(locator: Uint8Array, offset: number, data: Buffer): void {
    const value = this.value(locator)
    const start = offset - 1
    if (typeof value === 'string') {
      const text = Buffer.from(data).swap16().toString('utf16le')
      const padded = value.padEnd(start)
      this.#set(locator, padded.slice(0, start) + text + padded.slice(start + text.length))
      return
    }
    const grown = Buffer.alloc(Math.max(value.length, start + data.length))
    value.copy(grown)
    data.copy(grown, start)
    this.#set(locator, grown)
  }

  trim(locator: Uint8Array, length: number): void {
    const value = this.value(locator)
    this.#set(
      locator,
      typeof value === 'string' ? value.slice(0, length) : value.subarray(0, length)
    )
  }

  #set(locator: Uint8Array, value: string | Buffer): void {
    this.#values.set(numberOf(locator), value)
  }
}

function locatorOf(number: number, isText: boolean, temporary: boolean): Uint8Array {
  const locator = new Uint8Array(LOCATOR_LENGTH)
  const view = new DataView(locator.buffer)
  view.setUint16(0, LOCATOR_LENGTH - 2)
  locator[4] = isText ? 0x02 : 0x01
  // The characters are those of AL16UTF16.
  locator[6] = isText ? 0x80 : 0
  locator[7] = temporary ? 1 : 0
  view.setUint32(20, number)
  return locator
}

function numberOf(locator: Uint8Array): number {
  return new DataView(locator.buffer, locator.byteOffset, locator.byteLength).getUint32(20)
}

interface LobRequest {
  readonly operation: number
  readonly locator: Buffer
  readonly offset: number
  /** Where in the destination; of a temporary LOB that is created, its type. */
  readonly destination: number
  readonly amount: number | null
  readonly data: Buffer | null
}

/** Reads function 96 behind the sequence number. */
export function readLobRequest(reader: ByteReader): LobRequest {
  const hasLocator = reader.u8() !== 0
  const locatorLength = reader.ub()
  reader.u8()
  reader.ub()
  reader.ub()
  reader.ub()
  const asksCharacterSet = reader.u8() !== 0
  reader.raw(1)
  reader.u8()
  const operation = reader.ub()
  reader.raw(2)
  const offset = reader.ub()
  const destination = reader.ub()
  const hasAmount = reader.u8() !== 0
  reader.raw(6)
  const locator = hasLocator ? reader.raw(locatorLength) : Buffer.alloc(LOCATOR_LENGTH)
  if (asksCharacterSet) reader.ub()
  let data: Buffer | null = null
  if (operation === OPERATION.WRITE) {
    reader.u8()
    data = reader.bytes() ?? Buffer.alloc(0)
  }
  const amount = hasAmount ? reader.ub() : null
  return { operation, locator, offset, destination, amount, data }
}

/** Does what is asked and writes messages 14 and 8. */
export function answerLobRequest(writer: ByteWriter, request: LobRequest, lobs: Lobs): void {
  const { operation, offset, data } = request
  let locator: Uint8Array = request.locator
  let amount = request.amount
  if (operation === OPERATION.READ) {
    const value = lobs.value(locator)
    const part = value.slice(offset - 1, offset - 1 + (amount ?? value.length))
    if (part.length > 0) writer.u8(14).bytes(typeof part === 'string' ? utf16(part) : part)
    amount = part.length
  } else if (operation === OPERATION.LENGTH) amount = lobs.value(locator).length
  else if (operation === OPERATION.CHUNK_SIZE) amount = CHUNK
  else if (operation === OPERATION.WRITE) lobs.write(locator, offset, data ?? Buffer.alloc(0))
  else if (operation === OPERATION.TRIM) lobs.trim(locator, amount ?? 0)
  else if (operation === OPERATION.CREATE_TEMPORARY) {
    locator = lobs.createTemporary(request.destination !== BLOB_TYPE)
  } else if (operation === OPERATION.FREE_TEMPORARY) lobs.free(locator)
  else if (
    ![OPERATION.OPEN, OPERATION.CLOSE, OPERATION.IS_OPEN].some((other) => other === operation)
  ) {
    throw new OracleError(3001)
  }
  writer.u8(8).raw(locator)
  if (operation === OPERATION.CREATE_TEMPORARY) writer.ub(0).u8(0)
  else if (amount !== null) writer.ub(amount)
  if (operation === OPERATION.IS_OPEN) writer.u8(0)
}
