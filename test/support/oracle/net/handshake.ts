import { ByteReader } from '../wire/byte-reader.ts'
import { ByteWriter } from '../wire/byte-writer.ts'
import type { Release } from '../release.ts'

/** What the client said of itself, as far as it changes the form of what follows. */
export interface ClientForm {
  /** Texts of calls carry their length in front. */
  prefixedTexts: boolean
  /** Scales are UB numbers instead of a byte. */
  wideScales: boolean
  /** TTC's field version, the lower one of both sides. */
  fieldVersion: number
}

/** From these field versions on a call carries a token, and the end of a call two numbers more. */
const WITH_TOKENS = 18
const WITH_CHECKSUM = 14
/** From these on a column has a domain, annotations, and a vector's form. */
const WITH_DOMAINS = 17
const WITH_ANNOTATIONS = 20
const WITH_VECTORS = 24

export const hasTokens = ({ fieldVersion }: ClientForm): boolean => fieldVersion >= WITH_TOKENS
export const hasChecksum = ({ fieldVersion }: ClientForm): boolean => fieldVersion >= WITH_CHECKSUM
/** Empty fields behind the description of a column. */
export const columnFields = ({ fieldVersion }: ClientForm): number =>
  (fieldVersion >= WITH_DOMAINS ? 2 : 0) +
  (fieldVersion >= WITH_ANNOTATIONS ? 1 : 0) +
  (fieldVersion >= WITH_VECTORS ? 3 : 0)

const TNS_VERSION = 318

/** Where connect data lies: in the packet, or (when too long) alone in the DATA packet that follows. */
export function readConnect(packet: Buffer): { unit: number; connectData: string | null } {
  const length = packet.readUInt16BE(24)
  const offset = packet.readUInt16BE(26)
  const large = packet.length >= 62 ? packet.readUInt32BE(58) : 0
  const unit = large === 0 ? packet.readUInt16BE(14) : large
  const inside = packet.length >= offset + length
  return { unit, connectData: inside ? packet.toString('utf8', offset, offset + length) : null }
}

/** What the client wants to reach. */
export function readTarget(connectData: string): { service: string | null; sid: string | null } {
  const find = (key: string): string | null =>
    new RegExp(`\\(\\s*${key}\\s*=\\s*([^()]*?)\\s*\\)`, 'i').exec(connectData)?.[1] ?? null
  return { service: find('SERVICE_NAME'), sid: find('SID') }
}

/** The body of an ACCEPT packet. */
export function acceptBody(unit: number): Buffer {
  const writer = new ByteWriter()
  writer.u16be(TNS_VERSION).u16be(1)
  writer.u16be(Math.min(unit, 65_535)).u16be(65_535)
  writer.u16be(1).u16be(0).u16be(45)
  // No native network services: without these bits the driver starts to negotiate them.
  writer.u8(0x04, 0x08).raw(new Uint8Array(8))
  writer.u32be(unit).u32be(65_535)
  writer.u8(0).u32be(0)
  return Buffer.from(writer.view())
}

/** The body of a REFUSE packet for a listener's error, such as 12514. */
export function refuseBody(code: number, { versionNumber }: Release): Buffer {
  const text = `(DESCRIPTION=(TMP=)(VSNNUM=${versionNumber})(ERR=${code})(ERROR_STACK=(ERROR=(CODE=${code})(EMFI=4))))`
  return Buffer.from(new ByteWriter().u8(4, 0).u16be(text.length).raw(Buffer.from(text)).view())
}

/** Reads message 1 behind its type. */
export function readProtocol(reader: ByteReader): void {
  for (let ends = 0; ends < 2; ) if (reader.u8() === 0) ends += 1
}

export function protocolAnswer({ fieldVersion }: Release): Buffer {
  const compile = new Uint8Array(53)
  for (const [index, value] of [
    [7, fieldVersion],
    [15, 2],
    [16, 2],
    [23, 0],
    [27, 1],
    [37, 0x20]
  ] as const) {
    compile[index] = value
  }
  const runtime = Uint8Array.of(2, 1, 0, 0, 0, 0, 4, 0, 0, 0, 0)
  const writer = new ByteWriter()
  writer.u8(1, 6, 0).raw(Buffer.from('x86_64/Linux 2.4.xx\0')).u16le(873).u8(1).u16le(0)
  // Bytes 9 and 10 name the national character set, AL16UTF16.
  const formats = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0x07, 0xd0)
  writer.u16be(formats.length).raw(formats).bytes(compile).bytes(runtime)
  return Buffer.from(writer.view())
}

/** Reads message 2 behind its type; answers its list of types as it came. */
export function readDataTypes(
  reader: ByteReader,
  release: Release
): {
  form: ClientForm
  zone: boolean
  types: Buffer
} {
  reader.u16le()
  reader.u16le()
  const flags = reader.u8()
  const compile = reader.bytes()
  const fieldVersion = Math.min(compile?.[7] ?? 0, release.fieldVersion)
  const runtime = reader.bytes()
  const zone = ((runtime?.[1] ?? 0) & 1) !== 0
  if (zone) reader.raw(11)
  const list = new ByteWriter()
  let wideScales = false
  for (let type = reader.u16be(); type !== 0; type = reader.u16be()) {
    const conversion = reader.u16be()
    list.u16be(type).u16be(conversion)
    if (conversion === 0) continue
    const representation = reader.u16be()
    list.u16be(representation).u16be(reader.u16be())
    if (type === 27) wideScales = representation === 1
  }
  const form = { prefixedTexts: (flags & 2) !== 0, wideScales, fieldVersion }
  return { form, zone, types: Buffer.from(list.u16be(0).view()) }
}

/** The database's zone is UTC. */
export function dataTypesAnswer(zone: boolean, types: Buffer): Buffer {
  const writer = new ByteWriter().u8(2)
  if (zone) writer.raw(Uint8Array.of(0x80, 0, 0, 0, 0x3c, 0x3c, 0x3c, 0x80, 0, 0, 0))
  return Buffer.from(writer.raw(types).view())
}
