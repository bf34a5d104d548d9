import { createHmac, getHashes, randomBytes, timingSafeEqual } from 'node:crypto'
import { ConfigError, ConnectError } from '../../errors.ts'
import type { SessionKey } from '../../storage/cluster-config.ts'
import type { Origins, RequestSignature } from '../herder.ts'

export interface SessionKeyOptions {
  /** `inter.worker.key.generation.algorithm` and `inter.worker.key.size` in bits; null: what the algorithm implies. */
  readonly generationAlgorithm: string
  readonly sizeBits: number | null
  /** `inter.worker.key.ttl.ms`; 0: never expires. */
  readonly ttlMs: number
  /** `inter.worker.signature.algorithm` */
  readonly signatureAlgorithm: string
  /** `inter.worker.verification.algorithms` */
  readonly verificationAlgorithms: readonly string[]
}

export const signatureHeader = 'X-Connect-Authorization'
export const signatureAlgorithmHeader = 'X-Connect-Request-Signature-Algorithm'

/** Java's names of MAC algorithms → Node's digests, with the length of the keys Java generates for them. */
const algorithms: Record<string, { digest: string; keyBytes: number }> = {
  hmacmd5: { digest: 'md5', keyBytes: 64 },
  hmacsha1: { digest: 'sha1', keyBytes: 64 },
  hmacsha224: { digest: 'sha224', keyBytes: 28 },
  hmacsha256: { digest: 'sha256', keyBytes: 32 },
  hmacsha384: { digest: 'sha384', keyBytes: 48 },
  hmacsha512: { digest: 'sha512', keyBytes: 64 },
  'hmacsha512/224': { digest: 'sha512-224', keyBytes: 28 },
  'hmacsha512/256': { digest: 'sha512-256', keyBytes: 32 },
  'hmacsha3-224': { digest: 'sha3-224', keyBytes: 28 },
  'hmacsha3-256': { digest: 'sha3-256', keyBytes: 32 },
  'hmacsha3-384': { digest: 'sha3-384', keyBytes: 48 },
  'hmacsha3-512': { digest: 'sha3-512', keyBytes: 64 }
}

function algorithm(name: string, property: string): { digest: string; keyBytes: number } {
  const found = algorithms[name.toLowerCase()]
  if (found === undefined || !getHashes().includes(found.digest)) {
    throw new ConfigError(`${property}: the algorithm ${name} is not available on this worker`)
  }
  return found
}

/** Signs and checks requests between workers and what they say of others, and knows when the leader has to hand out another key. */
export class SessionKeys implements Origins {
  readonly #options: SessionKeyOptions
  #current: SessionKey | null = null

  /** Throws ConfigError for algorithms this runtime does not have. */
  constructor(options: SessionKeyOptions) {
    algorithm(options.generationAlgorithm, 'inter.worker.key.generation.algorithm')
    algorithm(options.signatureAlgorithm, 'inter.worker.signature.algorithm')
    for (const name of options.verificationAlgorithms) {
      algorithm(name, 'inter.worker.verification.algorithms')
    }
    this.#options = options
  }

  /** The key read last; the one before it is worth nothing from now on. */
  use(key: SessionKey): void {
    this.#current = key
  }

  get known(): boolean {
    return this.#current !== null
  }

  /** When the key in use expires, epoch ms; null: never, or there is none. */
  expiresAt(): number | null {
    if (this.#current === null || this.#options.ttlMs <= 0) return null
    return this.#current.createdAt + this.#options.ttlMs
  }

  /** Whether the leader has to write another key now. */
  rotationDue(now: number): boolean {
    const key = this.#current
    if (key === null) return true
    if ((this.expiresAt() ?? Number.POSITIVE_INFINITY) <= now) return true
    const { generationAlgorithm } = this.#options
    return key.algorithm !== generationAlgorithm || key.key.length !== this.#keyBytes()
  }

  generate(now: number): SessionKey {
    return {
      key: randomBytes(this.#keyBytes()),
      algorithm: this.#options.generationAlgorithm,
      createdAt: now
    }
  }

  /** Headers that prove to another worker where a request comes from; none while no key is known. */
  headers(body: Uint8Array): Record<string, string> {
    if (this.#current === null) return {}
    const name = this.#options.signatureAlgorithm
    return {
      [signatureHeader]: macOf(name, this.#current, body).toString('base64'),
      [signatureAlgorithmHeader]: name
    }
  }

  /** Throws a ConnectError with the JVM worker's status and text unless `body` was signed with the key in use. */
  verify(body: Uint8Array, signature: RequestSignature | null): void {
    if (signature === null) {
      throw new ConnectError('BAD_REQUEST', 'Internal request missing required signature')
    }
    const permitted = this.#options.verificationAlgorithms
    if (!permitted.includes(signature.algorithm)) {
      throw new ConnectError(
        'BAD_REQUEST',
        `This worker does not support the '${signature.algorithm}' key signing algorithm used by other workers. This worker is currently configured to use: [${permitted.join(', ')}]. Check that all workers' configuration files permit the same set of signature algorithms, and correct any misconfigured worker and restart it.`
      )
    }
    if (this.#current === null) {
      throw new ConnectError(
        'NOT_READY',
        'This worker is still starting up and has not been able to read a session key from the config topic yet'
      )
    }
    const expected = macOf(signature.algorithm, this.#current, body)
    const given = Buffer.from(signature.signature, 'base64')
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new ConnectError('FORBIDDEN', 'Internal request contained invalid signature.')
    }
  }

  /** Proves to the workers of the group that one of them says so. */
  proof(origin: string): string | null {
    if (this.#current === null) return null
    return macOf(this.#options.signatureAlgorithm, this.#current, originBytes(origin)).toString(
      'base64'
    )
  }

  isProved(origin: string, proof: string): boolean {
    const [expected, given] = [this.proof(origin), Buffer.from(proof)]
    if (expected === null || expected.length !== given.length) return false
    return timingSafeEqual(Buffer.from(expected), given)
  }

  #keyBytes(): number {
    const { sizeBits, generationAlgorithm } = this.#options
    if (sizeBits !== null) return Math.ceil(sizeBits / 8)
    return algorithm(generationAlgorithm, 'inter.worker.key.generation.algorithm').keyBytes
  }
}

/** No body of a signed request begins like this, so that neither signature can stand for the other. */
function originBytes(origin: string): Buffer {
  return Buffer.from(`origin ${origin}`)
}

function macOf(name: string, key: SessionKey, body: Uint8Array): Buffer {
  const { digest } = algorithm(name, 'inter.worker.signature.algorithm')
  return createHmac(digest, key.key).update(body).digest()
}
