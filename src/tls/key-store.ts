import { KeyFileError } from './key-file-error.ts'
import { readJks } from './jks.ts'
import {
  describeForm,
  type Form,
  formOf,
  type Material,
  type OwnIdentity,
  readCertificates,
  readPrivateKey,
  type StoreEntry,
  type StorePasswords
} from './key-material.ts'
import { readPkcs12 } from './pkcs12.ts'

/**
 * The key of a store and its certificates. PEM (both in one text), PKCS#12 and JKS are told apart by their
 * bytes, so that a type set wrongly does no harm. `alias` null: the first key there is, as Java takes it.
 */
export function readKeyStore(
  material: Material,
  passwords: StorePasswords,
  alias: string | null = null
): OwnIdentity {
  if (formOf(material) === 'PEM') {
    const key = readPrivateKey(material, passwords.key ?? passwords.store)
    return { key, cert: readCertificates(material).join('') }
  }
  const entries = storeEntries(material, passwords)
  const keys = entries.filter(({ key }) => key !== null)
  // Aliases of Java's stores have no case.
  const wanted = alias?.toLowerCase() ?? null
  const entry = keys.find((one) => wanted === null || one.alias.toLowerCase() === wanted)
  if (entry === undefined || entry.key === null) {
    const known = keys.map((one) => one.alias).join(', ')
    throw new KeyFileError(
      wanted === null || known === ''
        ? `${material.name} holds no private key`
        : `${material.name} holds no private key of the alias ${alias}; there is: ${known}`
    )
  }
  if (entry.certificates.length === 0) {
    throw new KeyFileError(`${material.name} holds no certificate for its private key`)
  }
  return { key: entry.key(), cert: entry.certificates.join('') }
}

/** All certificates of a trust store: PEM, a single DER certificate, PKCS#12 or JKS. */
export function readTrustStore(material: Material, password: string | null): string[] {
  const form = formOf(material)
  if (form === 'PEM' || form === 'DER') return readCertificates(material)
  const entries = storeEntries(material, { store: password, key: null })
  const certificates = entries.flatMap((entry) => entry.certificates)
  if (certificates.length === 0) throw new KeyFileError(`${material.name} holds no certificate`)
  return certificates
}

function storeEntries(material: Material, passwords: StorePasswords): StoreEntry[] {
  const form: Form = formOf(material)
  if (form === 'PKCS12') return readPkcs12(material, passwords)
  if (form === 'JKS') return readJks(material, passwords)
  throw new KeyFileError(`${material.name} cannot be read as a key store: ${describeForm(form)}`)
}
