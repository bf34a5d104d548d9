import { createHash, createPrivateKey, timingSafeEqual, X509Certificate } from 'node:crypto'
import { ConfigError } from '../errors.ts'
import { KeyFileError } from './key-file-error.ts'
import { type Material, pemOf, type StoreEntry, type StorePasswords } from './key-material.ts'

/*
 * The form of a JKS store, as OpenJDK's sun.security.provider.JavaKeyStore and KeyProtector write it (all
 * numbers big-endian):
 *   magic 0xfeedfeed, version 1 or 2, count of entries
 *   entry: tag 1 (key) or 2 (certificate), alias (modified UTF-8), date (8 bytes)
 *     key: length, EncryptedPrivateKeyInfo; count of certificates
 *     certificate: type (UTF; version 2 only), length, DER
 *   SHA-1 over the password in UTF-16BE, the text "Mighty Aphrodite", and everything before
 */
const WHITENER = 'Mighty Aphrodite'
const SHA1_BYTES = 20
/** 1.3.6.1.4.1.42.2.17.1.1, the key protector of JKS, in DER. */
const KEY_PROTECTOR = Buffer.from('060a2b060104012a02110101', 'hex')

/** Entries of a JKS store. Without a password its certificates are read unchecked, as Java does. */
export function readJks(material: Material, passwords: StorePasswords): StoreEntry[] {
  const { bytes, name } = material
  if (passwords.store !== null) checkIntegrity(bytes, passwords.store, name)
  try {
    return readEntries(bytes, passwords.key ?? passwords.store, name)
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause
    throw new KeyFileError(`${name} is a JKS store that is cut off or damaged`, { cause })
  }
}

function checkIntegrity(bytes: Buffer, password: string, name: string): void {
  const body = bytes.subarray(0, -SHA1_BYTES)
  const digest = createHash('sha1').update(utf16(password)).update(WHITENER).update(body).digest()
  const written = bytes.subarray(-SHA1_BYTES)
  if (written.length !== SHA1_BYTES || !timingSafeEqual(digest, written)) {
    throw new KeyFileError(`${name} is a JKS store that cannot be opened: its password is wrong`)
  }
}

function readEntries(bytes: Buffer, password: string | null, name: string): StoreEntry[] {
  let at = 4
  const number = (): number => bytes.readUInt32BE((at += 4) - 4)
  const taken = (length: number): Buffer => {
    if (at + length > bytes.length) throw new RangeError('beyond the end')
    at += length
    return bytes.subarray(at - length, at)
  }
  const text = (): string => taken(bytes.readUInt16BE((at += 2) - 2)).toString('utf8')
  const version = number()
  const certificate = (): string => {
    if (version === 2) text()
    return new X509Certificate(taken(number())).toString()
  }
  const entries: StoreEntry[] = []
  for (let left = number(); left > 0; left--) {
    const isKey = number() === 1
    const alias = text()
    at += 8
    if (!isKey) {
      entries.push({ alias, key: null, certificates: [certificate()] })
      continue
    }
    const sealed = Buffer.from(taken(number()))
    const certificates = Array.from({ length: number() }, certificate)
    const open = (): string => openKey(sealed, password, `${name}, alias ${alias}`)
    entries.push({ alias, key: open, certificates })
  }
  return entries
}

/**
 * A key is XORed with SHA-1(password + last digest) …, beginning with a salt, and followed by SHA-1(password
 * + key).
 */
function openKey(sealed: Buffer, password: string | null, name: string): string {
  if (password === null) throw new KeyFileError(`${name}: the key needs a password`)
  const start = sealed.indexOf(KEY_PROTECTOR)
  if (start === -1) throw new KeyFileError(`${name}: the key is protected in an unknown way`)
  // Behind the identifier: NULL (2 bytes), then an OCTET STRING that goes to the end.
  const body = octets(sealed.subarray(start + KEY_PROTECTOR.length + 2))
  const secret = utf16(password)
  const cipher = body.subarray(SHA1_BYTES, -SHA1_BYTES)
  const plain = Buffer.alloc(cipher.length)
  let digest = body.subarray(0, SHA1_BYTES)
  for (let at = 0; at < cipher.length; at += SHA1_BYTES) {
    digest = createHash('sha1').update(secret).update(digest).digest()
    for (let i = at; i < Math.min(at + SHA1_BYTES, cipher.length); i++) {
      plain[i] = (cipher[i] ?? 0) ^ (digest[i - at] ?? 0)
    }
  }
  const check = createHash('sha1').update(secret).update(plain).digest()
  if (!check.equals(body.subarray(-SHA1_BYTES))) {
    throw new KeyFileError(`${name}: the password of the key is wrong`)
  }
  return pemOf(createPrivateKey({ key: plain, format: 'der', type: 'pkcs8' }))
}

function octets(der: Buffer): Buffer {
  const length = der[1] ?? 0
  return length < 0x80 ? der.subarray(2) : der.subarray(2 + (length & 0x7f))
}

function utf16(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16()
}
