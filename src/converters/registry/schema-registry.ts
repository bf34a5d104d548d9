import { pauseAfter } from '../../wait.ts'
import type { Clock } from '../../clock.ts'
import { asError, ConfigError, DataError, RetriableError } from '../../errors.ts'
import { type RegistryAnswer, RegistryApi, type RegistryCall } from './registry-api.ts'
import type { RegistryOptions } from './schema-registry-config.ts'

/** Formats of the registry, in its words. */
export type RegistrySchemaType = 'AVRO' | 'JSON' | 'PROTOBUF'

export interface SchemaReference {
  readonly name: string
  readonly subject: string
  readonly version: number
}

/** A schema as the registry takes it. */
export interface SchemaText {
  readonly schema: string
  readonly references: readonly SchemaReference[]
}

export interface RegisteredSchema extends SchemaText {
  readonly id: number
}

interface RegisterOptions {
  /** Otherwise it must be there already. */
  readonly register: boolean
  readonly normalize: boolean
}

const MAX_ID = 0x7fff_ffff

/**
 * Client of Confluent's registry interface for one format. Addresses are asked one after the other, beginning
 * with the one that answered last; no answer in time, 429 and 5xx go on to the next. When none is left all
 * are asked again, `max.retries` times, with a growing pause; then it is a RetriableError (I8: requests,
 * pauses and their number are limited). Any other refusal is final: DataError, or ConfigError where access is
 * denied. Messages name subject and host, nothing secret (I7).
 */
export class SchemaRegistry {
  readonly #type: RegistrySchemaType
  readonly #options: RegistryOptions
  readonly #apis: readonly RegistryApi[]
  readonly #clock: Clock
  readonly #closed = new AbortController()
  #current = 0
  /** By subject, by schema text; the oldest go first. A promise while the registry is being asked. */
  readonly #ids = new Map<string, Map<string, number | Promise<number>>>()

  constructor(type: RegistrySchemaType, options: RegistryOptions, clock: Clock) {
    this.#type = type
    this.#options = options
    this.#apis = options.addresses.map((address) => new RegistryApi(address, options, clock))
    this.#clock = clock
  }

  /** Ends requests and pauses. */
  close(): void {
    this.#closed.abort()
  }

  /**
   * The id under which a schema stands in a subject; registers it when asked to. At once when it is known.
   */
  id(subject: string, text: SchemaText, how: RegisterOptions): number | Promise<number> {
    let ids = this.#ids.get(subject)
    if (ids === undefined) {
      ids = new Map()
      this.#ids.set(subject, ids)
    }
    const known = ids.get(text.schema)
    if (known !== undefined) return known
    const asked = this.#askId(subject, text, how, ids)
    ids.set(text.schema, asked)
    return asked
  }

  async #askId(
    subject: string,
    text: SchemaText,
    how: RegisterOptions,
    ids: Map<string, number | Promise<number>>
  ): Promise<number> {
    try {
      const answer = await this.#ask(subject, (api, limits) => {
        const request = {
          ...limits,
          subject,
          body: this.#body(text),
          ...(how.normalize && { normalize: true })
        }
        return how.register ? api.Subject.register(request) : api.Subject.registered(request)
      })
      const id = idOf(answer, subject)
      ids.set(text.schema, id)
      for (const oldest of ids.keys()) {
        if (ids.size <= this.#options.maxSchemas) break
        ids.delete(oldest)
      }
      return id
    } catch (error) {
      // The next record asks again.
      ids.delete(text.schema)
      throw error
    }
  }

  async latest(subject: string): Promise<RegisteredSchema> {
    const answer = await this.#ask(subject, (api, limits) =>
      api.Subject.latestVersion({ ...limits, subject })
    )
    return this.#registered(answer, idOf(answer, subject))
  }

  async byId(id: number): Promise<RegisteredSchema> {
    const answer = await this.#ask(`of schema id ${id}`, (api, limits) =>
      api.Schema.find({ ...limits, id })
    )
    return this.#registered(answer, id)
  }

  async byVersion({ subject, version }: SchemaReference): Promise<RegisteredSchema> {
    const answer = await this.#ask(subject, (api, limits) =>
      api.Subject.version({ ...limits, subject, version })
    )
    return this.#registered(answer, idOf(answer, subject))
  }

  /** The version a schema has in a subject; undefined when it is not registered there. */
  async version(subject: string, text: SchemaText): Promise<number | undefined> {
    try {
      const { body } = await this.#ask(subject, (api, limits) =>
        api.Subject.registered({ ...limits, subject, body: this.#body(text) })
      )
      return typeof body['version'] === 'number' ? body['version'] : undefined
    } catch (error) {
      if (error instanceof DataError && error.facts['status'] === 404) return undefined
      throw error
    }
  }

  #body({ schema, references }: SchemaText): Record<string, unknown> {
    return {
      schema,
      ...(this.#type === 'AVRO' ? {} : { schemaType: this.#type }),
      ...(references.length === 0 ? {} : { references })
    }
  }

  async #ask(subject: string, call: RegistryCall): Promise<RegistryAnswer> {
    const { timeoutMs, retry } = this.#options
    for (let round = 0; ; round++) {
      const failures: string[] = []
      const answer = await this.#askEach(subject, call, failures)
      if (answer !== null) return answer
      if (round >= retry.max || this.#closed.signal.aborted) {
        throw new RetriableError(
          `No schema registry could be asked about subject ${subject}: ${failures.join('; ')} (limit of a request: ${timeoutMs} ms, rounds: ${round + 1})`,
          { subject, outage: true }
        )
      }
      const pauses = { firstMs: retry.waitMs, lastMs: retry.maxWaitMs, spread: [0.5, 1] } as const
      await this.#clock.sleep(pauseAfter(round + 1, pauses), this.#closed.signal)
    }
  }

  /**
   * The first answer that is one; null, with the reasons in `failures`, when no address gave any. Throws what
   * is final.
   */
  async #askEach(
    subject: string,
    call: RegistryCall,
    failures: string[]
  ): Promise<RegistryAnswer | null> {
    for (let tried = 0; tried < this.#apis.length; tried++) {
      const index = (this.#current + tried) % this.#apis.length
      const api = this.#apis[index] as RegistryApi
      let answer: RegistryAnswer
      try {
        answer = await api.ask(call, this.#closed.signal)
      } catch (cause) {
        failures.push(asError(cause).message)
        continue
      }
      if (answer.status === 429 || answer.status >= 500) {
        failures.push(`${api.host} answered ${describe(answer)}`)
        continue
      }
      this.#current = index
      if (answer.status >= 200 && answer.status < 300) return answer
      throw refusal(answer, api.host, subject)
    }
    return null
  }

  #registered({ body }: RegistryAnswer, id: number): RegisteredSchema {
    const { schema, schemaType = 'AVRO' } = body
    if (schemaType !== this.#type) {
      throw new DataError(
        `Schema ${id} in the registry is of type ${String(schemaType)}, not ${this.#type}`
      )
    }
    if (typeof schema !== 'string') throw new DataError(`The registry has no text for schema ${id}`)
    const references = (
      Array.isArray(body['references']) ? body['references'] : []
    ) as SchemaReference[]
    return { id, schema, references }
  }
}

function describe({ status, body }: RegistryAnswer): string {
  const message = body['message']
  const code = typeof body['error_code'] === 'number' ? `, error code ${body['error_code']}` : ''
  return `${status}${typeof message === 'string' ? ` (${message.slice(0, 1000)}${code})` : ''}`
}

const REASONS: Readonly<Record<number, string>> = {
  401: 'does not accept the credentials',
  403: 'does not allow this',
  404: 'does not know the subject, version or schema',
  409: 'says that the schema is incompatible with an earlier one',
  422: 'says that the schema is invalid'
}

function refusal(answer: RegistryAnswer, host: string, subject: string): Error {
  const { status } = answer
  const reason = REASONS[status] ?? 'refused'
  const message = `The schema registry at ${host} ${reason}. Subject ${subject}, answer ${describe(answer)}`
  return status === 401 || status === 403
    ? new ConfigError(message, { subject })
    : new DataError(message, { subject, status })
}

function idOf({ body }: RegistryAnswer, subject: string): number {
  const { id } = body
  // I5: a record with a wrong id would be read as something else.
  if (typeof id === 'number' && Number.isInteger(id) && id >= 0 && id <= MAX_ID) return id
  throw new DataError(`The schema registry answered without a schema id for subject ${subject}`)
}
