import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createRequire } from 'node:module'
import type forge from 'node-forge'
import { KeyFileError } from './key-file-error.ts'
import { type Material, pemOf, type StoreEntry, type StorePasswords } from './key-material.ts'

type Bag = forge.pkcs12.Bag

/**
 * Entries of a PKCS#12 store, whatever protects it: the ciphers of old Java versions too, which OpenSSL has
 * given up. Certificates that belong to no key are entries of their own.
 */
export function readPkcs12(material: Material, passwords: StorePasswords): StoreEntry[] {
  // Loaded with the first store of this form: most workers never see one.
  const library = createRequire(import.meta.url)('node-forge') as typeof forge
  const bags = openStore(library, material, passwords)
  const certificates = bags.filter(({ type }) => type === library.pki.oids['certBag'])
  const keys = bags.filter(
    ({ type }) =>
      type === library.pki.oids['keyBag'] || type === library.pki.oids['pkcs8ShroudedKeyBag']
  )
  const chained = certificates.map((bag) => ({ bag, certificate: certificateOf(library, bag) }))
  const entries: StoreEntry[] = keys.map((bag, index) => {
    const key = keyOf(library, bag)
    const own = chained.find(({ certificate }) => certificate.checkPrivateKey(key))
    const chain = own === undefined ? [] : chainOf(own.certificate, chained)
    const alias = aliasOf(bag) ?? String(index + 1)
    return { alias, key: () => pemOf(key), certificates: chain.map(String) }
  })
  const used = new Set(entries.flatMap((entry) => entry.certificates))
  for (const { bag, certificate } of chained) {
    const text = certificate.toString()
    if (!used.has(text))
      entries.push({ alias: aliasOf(bag) ?? '', key: null, certificates: [text] })
  }
  return entries
}

function openStore(
  library: typeof forge,
  { bytes, name }: Material,
  passwords: StorePasswords
): Bag[] {
  const { asn1, pkcs12 } = library
  let structure: forge.asn1.Asn1
  try {
    structure = asn1.fromDer(library.util.createBuffer(bytes.toString('binary')))
  } catch (cause) {
    throw new KeyFileError(`${name} is a PKCS12 store that is cut off or damaged`, { cause })
  }
  // A store may have been written with an empty password or with none, which is not the same; Java takes the
  // one for the other.
  const tries =
    passwords.store === null || passwords.store === '' ? [undefined, ''] : [passwords.store]
  let failure: unknown
  for (const password of tries) {
    try {
      const store = pkcs12.pkcs12FromAsn1(structure, false, password as string)
      return store.safeContents.flatMap(({ safeBags }) => safeBags)
    } catch (error) {
      failure = error
    }
  }
  const why = passwords.store === null ? 'no password is given' : 'its password is wrong'
  const detail = (failure as Error).message.replace(/\s+/g, ' ')
  throw new KeyFileError(`${name} is a PKCS12 store that cannot be opened: ${why} (${detail})`)
}

/** The library reads RSA keys only; of all others it hands out the structure. */
function keyOf(library: typeof forge, bag: Bag): ReturnType<typeof createPrivateKey> {
  const { asn1, pki } = library
  const structure =
    bag.key === undefined || bag.key === null
      ? (bag.asn1 as forge.asn1.Asn1)
      : pki.wrapRsaPrivateKey(pki.privateKeyToAsn1(bag.key))
  const key = Buffer.from(asn1.toDer(structure).getBytes(), 'binary')
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
}

function certificateOf(library: typeof forge, bag: Bag): X509Certificate {
  const { asn1, pki } = library
  const structure =
    bag.cert === undefined || bag.cert === null
      ? (bag.asn1 as forge.asn1.Asn1)
      : pki.certificateToAsn1(bag.cert)
  return new X509Certificate(Buffer.from(asn1.toDer(structure).getBytes(), 'binary'))
}

/** From a certificate up to the root, as far as the store has it. */
function chainOf(
  own: X509Certificate,
  all: readonly { readonly certificate: X509Certificate }[]
): X509Certificate[] {
  const chain = [own]
  for (let last = own; ; ) {
    const above = all.find(
      ({ certificate }) => !chain.includes(certificate) && last.checkIssued(certificate)
    )
    if (above === undefined) return chain
    last = above.certificate
    chain.push(last)
  }
}

function aliasOf(bag: Bag): string | null {
  const names = (bag.attributes as { friendlyName?: string[] } | undefined)?.friendlyName
  return names?.[0] ?? null
}
