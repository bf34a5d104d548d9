import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { ConfigError, ConnectError } from '../../errors.ts'
import {
  type HmacAlgorithm,
  hmacAlgorithm,
  hmacProblem
} from '../../settings/worker/hmac-algorithms.ts'
import type { SessionKey } from '../../storage/cluster-config.ts'
import type { Origins, RequestSignature } from '../herder.ts'

export interface SessionKeyOptions {
  /**
   * `inter.worker.key.generation.algorithm` and `inter.worker.key.size` in bits; null: what the algorithm
   * implies.
   */
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

function algorithm(name: string): HmacAlgorithm {
  const found = hmacAlgorithm(name)
  if (found !== null) return found
  throw new ConfigError(`Invalid value ${name} for a signature: ${hmacProblem(name)}`)
}

/**
 * Signs and checks requests between workers and what they say of others, and knows when the leader has to
 * hand out another key.
 */
export class SessionKeys implements Origins {
  readonly #options: SessionKeyOptions
  #current: SessionKey | null = null

  /** Throws ConfigError for algorithms this runtime does not have. */
  constructor(options: SessionKeyOptions) {
    algorithm(options.generationAlgorithm)
    algorithm(options.signatureAlgorithm)
    options.verificationAlgorithms.forEach(algorithm)
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

  /**
   * Throws a ConnectError with the JVM worker's status and text unless `body` was signed with the key in use.
   */
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
    return algorithm(generationAlgorithm).keyBytes
  }
}

/** No body of a signed request begins like this, so that neither signature can stand for the other. */
function originBytes(origin: string): Buffer {
  return Buffer.from(`origin ${origin}`)
}

function macOf(name: string, key: SessionKey, body: Uint8Array): Buffer {
  const { digest } = algorithm(name)
  return createHmac(digest, key.key).update(body).digest()
}
