import { createCipheriv, createDecipheriv, createHash, pbkdf2Sync, randomBytes } from 'node:crypto'
import { ByteReader } from '../wire/byte-reader.ts'
import type { Release } from '../release.ts'
import type { ClientForm } from './handshake.ts'

const VERIFIER_12C = 0x4815
const VERIFIER_ROUNDS = 4096
const KEY_ROUNDS = 3

/** Reads functions 118 and 115 behind the sequence number. */
export function readLogon(
  reader: ByteReader,
  form: ClientForm
): { user: string; pairs: ReadonlyMap<string, string> } {
  const hasUser = reader.u8() !== 0
  const length = reader.ub()
  reader.ub()
  reader.u8()
  const count = reader.ub()
  reader.u8()
  reader.u8()
  let user = ''
  if (hasUser) user = (form.prefixedTexts ? reader.bytes() : reader.raw(length))?.toString() ?? ''
  const pairs = new Map<string, string>()
  for (let index = 0; index < count; index++) {
    const { key, value } = reader.keyValue()
    pairs.set(key, value.replace(/\0$/, ''))
  }
  return { user, pairs }
}

type Pair = readonly [key: string, value: string, flags?: number]

/** One logon with the 12c verifier: PBKDF2 over SHA-512, then AES-256 without initialization vector. */
export class Logon {
  readonly user: string
  readonly #password: string
  readonly #salt = randomBytes(16)
  readonly #keySalt = randomBytes(16)
  readonly #serverPart = randomBytes(32)
  readonly #hash: Buffer

  /** `password` null: nobody has this name; the steps are the same and fail at the end. */
  constructor(user: string, password: string | null) {
    this.user = user
    this.#password = password ?? randomBytes(16).toString('hex')
    const salt = Buffer.concat([this.#salt, Buffer.from('AUTH_PBKDF2_SPEEDY_KEY')])
    const derived = pbkdf2Sync(this.#password, salt, VERIFIER_ROUNDS, 64, 'sha512')
    this.#hash = createHash('sha512').update(derived).update(this.#salt).digest().subarray(0, 32)
  }

  challenge(): Pair[] {
    return [
      ['AUTH_SESSKEY', hex(encrypt(this.#hash, this.#serverPart))],
      ['AUTH_VFR_DATA', hex(this.#salt), VERIFIER_12C],
      ['AUTH_PBKDF2_CSK_SALT', hex(this.#keySalt)],
      ['AUTH_PBKDF2_VGEN_COUNT', String(VERIFIER_ROUNDS)],
      ['AUTH_PBKDF2_SDER_COUNT', String(KEY_ROUNDS)],
      ['AUTH_GLOBALLY_UNIQUE_DBID\0', '8E3F1D5A27C94B60A1D2F3E4B5C6D7E8']
    ]
  }

  /** The server's proof when the password is right, else null. */
  verify(pairs: ReadonlyMap<string, string>): string | null {
    const clientPart = decrypt(this.#hash, bytesOf(pairs.get('AUTH_SESSKEY'))).subarray(0, 32)
    const both = hex(Buffer.concat([clientPart, this.#serverPart]))
    const key = pbkdf2Sync(both, this.#keySalt, KEY_ROUNDS, 32, 'sha512')
    const padded = decrypt(key, bytesOf(pairs.get('AUTH_PASSWORD'))).subarray(16)
    const password = padded.subarray(0, padded.length - (padded.at(-1) ?? 0)).toString()
    if (password !== this.#password) return null
    const proof = [randomBytes(16), Buffer.from('SERVER_TO_CLIENT'), Buffer.alloc(16, 16)]
    return hex(encrypt(key, Buffer.concat(proof)))
  }
}

/** What the client learns of its session. */
export function sessionFacts(
  proof: string,
  session: { id: number; serial: number; service: string; release: Release }
): Pair[] {
  return [
    ['AUTH_VERSION_STRING', '- Production'],
    ['AUTH_VERSION_SQL', '25'],
    ['AUTH_VERSION_NO', String(session.release.versionNumber)],
    ['AUTH_SESSION_ID', String(session.id)],
    ['AUTH_SERIAL_NUM', String(session.serial)],
    ['AUTH_SVR_RESPONSE', proof],
    ['AUTH_DBNAME', 'ORCL'],
    ['AUTH_INSTANCENAME', 'orcl'],
    ['AUTH_INSTANCE_NO', '1'],
    ['AUTH_SC_SERVER_HOST', 'localhost'],
    ['AUTH_SC_INSTANCE_NAME', 'orcl'],
    ['AUTH_SC_DBUNIQUE_NAME', 'ORCL'],
    ['AUTH_SC_SERVICE_NAME', session.service],
    ['AUTH_SC_DB_DOMAIN', ''],
    ['AUTH_MAX_OPEN_CURSORS', '300'],
    ['AUTH_MAX_IDEN_LENGTH', '128'],
    ['AUTH_NLS_LXLAN', 'AMERICAN'],
    ['AUTH_NLS_LXCTERRITORY', 'AMERICA'],
    ['AUTH_NLS_LXCDATEFM', 'DD-MON-RR'],
    ['AUTH_NLS_LXCDATELANG', 'AMERICAN']
  ]
}

function bytesOf(text: string | undefined): Buffer {
  return Buffer.from(text ?? '', 'hex')
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex').toUpperCase()
}

function encrypt(key: Buffer, bytes: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-cbc', key, Buffer.alloc(16)).setAutoPadding(false)
  return Buffer.concat([cipher.update(bytes), cipher.final()])
}

function decrypt(key: Buffer, bytes: Buffer): Buffer {
  const usable = bytes.subarray(0, bytes.length - (bytes.length % 16))
  const decipher = createDecipheriv('aes-256-cbc', key, Buffer.alloc(16)).setAutoPadding(false)
  return Buffer.concat([decipher.update(usable), decipher.final()])
}
