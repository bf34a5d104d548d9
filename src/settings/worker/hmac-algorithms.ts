import { getHashes } from 'node:crypto'

/** A MAC algorithm by Java's name. */
export interface HmacAlgorithm {
  /** Node's name of the digest. */
  readonly digest: string
  /** Length of the keys that Java's generator makes for it. */
  readonly keyBytes: number
}

const ALGORITHMS: Readonly<Record<string, HmacAlgorithm>> = {
  HmacMD5: { digest: 'md5', keyBytes: 64 },
  HmacSHA1: { digest: 'sha1', keyBytes: 64 },
  HmacSHA224: { digest: 'sha224', keyBytes: 28 },
  HmacSHA256: { digest: 'sha256', keyBytes: 32 },
  HmacSHA384: { digest: 'sha384', keyBytes: 48 },
  HmacSHA512: { digest: 'sha512', keyBytes: 64 },
  'HmacSHA512/224': { digest: 'sha512-224', keyBytes: 28 },
  'HmacSHA512/256': { digest: 'sha512-256', keyBytes: 32 },
  'HmacSHA3-224': { digest: 'sha3-224', keyBytes: 28 },
  'HmacSHA3-256': { digest: 'sha3-256', keyBytes: 32 },
  'HmacSHA3-384': { digest: 'sha3-384', keyBytes: 48 },
  'HmacSHA3-512': { digest: 'sha3-512', keyBytes: 64 }
}

const byLowerCase = new Map(
  Object.entries(ALGORITHMS).map(([name, algorithm]) => [name.toLowerCase(), algorithm])
)

/**
 * The algorithm of a name, which is compared without case, as Java does; null when this build of Node.js has
 * none (FIPS refuses some).
 */
export function hmacAlgorithm(name: string): HmacAlgorithm | null {
  const known = byLowerCase.get(name.toLowerCase())
  return known !== undefined && getHashes().includes(known.digest) ? known : null
}

/** What is wrong with the name of an algorithm, or null. */
export function hmacProblem(name: string): string | null {
  return hmacAlgorithm(name) !== null
    ? null
    : `the algorithm is not supported by this worker; the supported algorithms are: [${Object.keys(ALGORITHMS).join(', ')}]`
}
