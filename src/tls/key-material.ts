import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readSmallFile } from '../small-file.ts'
import { KeyFileError } from './key-file-error.ts'

/** Bytes of a key, a certificate or a store, and what to call them in a message. */
export interface Material {
  readonly bytes: Buffer
  /** The setting and its file: `sslkey (/etc/client.pk8)`. */
  readonly name: string
}

/** The form a text or file is in, told from its bytes alone. */
export type Form = 'PEM' | 'PKCS12' | 'JKS' | 'JCEKS' | 'BCFKS' | 'DER' | 'unknown'

/** A private key and the certificates that prove it, its own first; both PEM, the key not encrypted. */
export interface OwnIdentity {
  readonly key: string
  readonly cert: string
}

/** One name of a store: a key with its certificates, or a certificate that is trusted. */
export interface StoreEntry {
  readonly alias: string
  /** PEM without a password; ConfigError when the key's own password is wrong. null: a certificate only. */
  readonly key: (() => string) | null
  /** PEM; of a key its own first. */
  readonly certificates: readonly string[]
}

export interface StorePasswords {
  readonly store: string | null
  /** Of the key inside, where it is another. */
  readonly key: string | null
}

/** The file a setting names. ConfigError says which setting and file when it cannot be read. */
export function materialOf(setting: string, file: string): Material {
  const name = `${setting} (${file})`
  try {
    return { bytes: readSmallFile(file), name }
  } catch (cause) {
    const { code } = cause as { code?: string }
    throw new KeyFileError(`${name} cannot be read: ${code ?? 'unknown reason'}`, { cause })
  }
}

/** I8: what takes a text apart below may look at it once for each of its beginnings. */
const LONGEST_TEXT = 200_000

/**
 * PEM given in a setting itself; in properties it often stands on one line, or with the line ends written as
 * `\n`.
 */
export function materialOfText(setting: string, text: string): Material {
  if (text.length > LONGEST_TEXT) {
    throw new KeyFileError(`${setting} is longer than certificates and keys are`)
  }
  const lines = text
    .replaceAll('\\n', '\n')
    .replaceAll(
      /(-----BEGIN [^-]+-----)([\s\S]*?)(-----END [^-]+-----)/g,
      (_, begin: string, body: string, end: string) =>
        `${begin}\n${body.includes(':') ? body.trim() : body.trim().replaceAll(/\s+/g, '\n')}\n${end}\n`
    )
  return { bytes: Buffer.from(lines), name: setting }
}

const MAGIC: Record<number, Form> = { 0xfeedfeed: 'JKS', 0xcececece: 'JCEKS' }
/**
 * Object identifiers in DER: of PKCS#7 data, the first thing inside a PKCS#12 store, and of PKCS#5 and #12
 * ciphers.
 */
const PKCS7 = Buffer.from('06092a864886f70d0107', 'hex')

export function formOf({ bytes }: Material): Form {
  if (bytes.includes('-----BEGIN ')) return 'PEM'
  const magic = bytes.length >= 4 ? MAGIC[bytes.readUInt32BE(0)] : undefined
  if (magic !== undefined) return magic
  if (bytes[0] !== 0x30) return 'unknown'
  // PFX ::= SEQUENCE { version INTEGER 3, authSafe ContentInfo … }
  const head = bytes.subarray(0, 40)
  return head.includes(Buffer.from('020103', 'hex')) && head.includes(PKCS7) ? 'PKCS12' : 'DER'
}

const CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]*?-----END [^-]+-----/g
const PRIVATE_KEY = /-----BEGIN ([A-Z ]*)PRIVATE KEY-----[\s\S]*?-----END \1PRIVATE KEY-----/

/** All certificates of a PEM text, or the one of a DER file, in their order. */
export function readCertificates(material: Material): string[] {
  const blocks =
    formOf(material) === 'PEM'
      ? (material.bytes.toString('latin1').match(CERTIFICATE) ?? [])
      : [material.bytes]
  if (blocks.length === 0) throw new KeyFileError(`${material.name} holds no PEM block CERTIFICATE`)
  return blocks.map((block) => {
    try {
      return new X509Certificate(block).toString()
    } catch (cause) {
      throw new KeyFileError(`${material.name} holds no certificate that can be read`, { cause })
    }
  })
}

/**
 * A private key as PEM without a password, from PEM or DER: PKCS#8 (encrypted or not), PKCS#1 and SEC1.
 * ConfigError names the file and the form that was found; the password is never part of it (I7).
 */
export function readPrivateKey(material: Material, password: string | null): string {
  const form = formOf(material)
  const pem = form === 'PEM' ? PRIVATE_KEY.exec(material.bytes.toString('latin1'))?.[0] : undefined
  if (form === 'PEM' && pem === undefined) {
    throw new KeyFileError(`${material.name} holds no PEM block PRIVATE KEY`)
  }
  if (form !== 'PEM' && form !== 'DER') {
    throw new KeyFileError(`${material.name} is no private key: ${describeForm(form)}`)
  }
  const passphrase = password === null ? {} : { passphrase: password }
  try {
    if (pem !== undefined) return pemOf(createPrivateKey({ key: pem, ...passphrase }))
    return pemOf(derKey(material.bytes, passphrase))
  } catch (cause) {
    const shape = `${form}${isEncrypted(pem, material) ? ', encrypted' : ''}`
    const hint =
      password === null ? 'no password is given' : 'the password is wrong, or its cipher is unknown'
    const why = isEncrypted(pem, material) ? hint : 'it is damaged, or of a kind that is not known'
    throw new KeyFileError(`${material.name} (${shape}) cannot be read as a private key: ${why}`, {
      cause
    })
  }
}

export function describeForm(form: Form): string {
  if (form === 'unknown') return 'its form is not known (PEM, DER, PKCS12 and JKS are)'
  return form === 'JCEKS' || form === 'BCFKS'
    ? `it is a ${form} store, which only Java reads; convert it: keytool -importkeystore -deststoretype PKCS12`
    : `it is in the form ${form}`
}

export function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** DER does not say what it holds: the forms are tried one after the other, the commonest first. */
function derKey(key: Buffer, passphrase: { passphrase?: string }): KeyObject {
  const tried = (['pkcs8', 'pkcs1', 'sec1'] as const).map((type) => {
    try {
      return createPrivateKey({ key, format: 'der', type, ...passphrase })
    } catch (error) {
      return error as Error
    }
  })
  const found = tried.find((one) => !(one instanceof Error))
  if (found === undefined) throw tried[0] as Error
  return found as KeyObject
}

/** An EncryptedPrivateKeyInfo begins with an algorithm, every other key with its version. */
function isEncrypted(pem: string | undefined, { bytes }: Material): boolean {
  if (pem !== undefined) return /ENCRYPTED/.test(pem)
  const inner = bytes[1] === undefined || bytes[1] < 0x80 ? 2 : 2 + (bytes[1] & 0x7f)
  return bytes[inner] === 0x30
}
