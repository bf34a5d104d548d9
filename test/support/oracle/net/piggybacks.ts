import type { ByteReader } from '../wire/byte-reader.ts'
import { OracleError } from '../oracle-error.ts'
import { type ClientForm, hasTokens } from './handshake.ts'

const PIGGYBACK = 17
const LOCATOR_LENGTH = 40

/** What a client slips in before its call; it gets no answer. */
export interface Piggybacks {
  readonly closedCursors: number[]
  readonly cancelledCursors: number[]
  readonly freedLobs: Buffer[]
  schema: string | null
  /** Module, action and the like, as V$SESSION shows them. */
  readonly attributes: Map<string, string>
}

/** Reads all piggybacks in front of a call, up to the type of the message that follows. */
export function readPiggybacks(
  reader: ByteReader,
  form: ClientForm
): { piggybacks: Piggybacks; type: number } {
  const piggybacks: Piggybacks = {
    closedCursors: [],
    cancelledCursors: [],
    freedLobs: [],
    schema: null,
    attributes: new Map()
  }
  for (;;) {
    const type = reader.u8()
    if (type !== PIGGYBACK) return { piggybacks, type }
    const kind = reader.u8()
    reader.u8()
    if (hasTokens(form)) reader.ub()
    readOne(reader, kind, piggybacks)
  }
}

function readOne(reader: ByteReader, kind: number, into: Piggybacks): void {
  switch (kind) {
    case 105:
    case 120: {
      reader.u8()
      const count = reader.ub()
      const list = kind === 105 ? into.closedCursors : into.cancelledCursors
      for (let index = 0; index < count; index++) list.push(reader.ub())
      return
    }
    case 152:
      reader.u8()
      reader.ub()
      into.schema = reader.bytes()?.toString() ?? null
      return
    case 135:
      readAttributes(reader, into.attributes)
      return
    case 96:
      readFreedLobs(reader, into.freedLobs)
      return
    default:
      // Without its length the rest of the message cannot be found.
      throw new OracleError(3001)
  }
}

function readAttributes(reader: ByteReader, into: Map<string, string>): void {
  reader.raw(2)
  reader.ub()
  const lengths = new Map<string, number>()
  const announce = (name: string): void => {
    reader.u8()
    lengths.set(name, reader.ub())
  }
  for (const name of ['client_identifier', 'module', 'action', 'ecid']) announce(name)
  reader.u8()
  reader.ub()
  announce('client_info')
  reader.u8()
  reader.ub()
  reader.u8()
  reader.ub()
  announce('dbop')
  for (const [name, length] of lengths) {
    if (length > 0) into.set(name, reader.bytes()?.toString() ?? '')
  }
}

function readFreedLobs(reader: ByteReader, into: Buffer[]): void {
  reader.u8()
  const size = reader.ub()
  reader.u8()
  for (let field = 0; field < 3; field++) reader.ub()
  reader.raw(3)
  reader.ub()
  reader.u8()
  for (let field = 0; field < 3; field++) reader.ub()
  reader.u8()
  for (let field = 0; field < 3; field++) {
    reader.u8()
    reader.ub()
  }
  for (let start = 0; start < size; start += LOCATOR_LENGTH) into.push(reader.raw(LOCATOR_LENGTH))
}
