import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { asError, ConfigError, DataError, RetriableError } from '../errors.ts'
import type { RegistryAddress, RegistryOptions } from './schema-registry-config.ts'

export interface SchemaReference {
  readonly name: string
  readonly subject: string
  readonly version: number
}

export interface RegisteredSchema {
  readonly id: number
  /** Avro schema as JSON text. */
  readonly schema: string
  readonly references: readonly SchemaReference[]
}

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json'
const MAX_ANSWER_BYTES = 16 * 1024 * 1024
const MAX_ID = 0x7fff_ffff

/**
 * Client of Confluent's registry interface. Addresses are asked one after the other, beginning with the one that answered last;
 * no answer in time, 429 and 5xx go on to the next, and are a RetriableError when none is left (I8: each request is limited).
 * Any other refusal is final: DataError, or ConfigError where access is denied. Messages name subject and host, nothing secret (I7).
 */
export class SchemaRegistry {
  readonly #options: RegistryOptions
  #current = 0
  /** By subject, by schema text; the oldest go first. A promise while the registry is being asked. */
  readonly #ids = new Map<string, Map<string, number | Promise<number>>>()

  constructor(options: RegistryOptions) {
    this.#options = options
  }

  /** The id under which a schema stands in a subject; registers it when asked to. At once when it is known. */
  id(
    subject: string,
    schema: string,
    how: { register: boolean; normalize: boolean }
  ): number | Promise<number> {
    let ids = this.#ids.get(subject)
    if (ids === undefined) {
      ids = new Map()
      this.#ids.set(subject, ids)
    }
    const known = ids.get(schema)
    if (known !== undefined) return known
    const asked = this.#askId(subject, schema, how, ids)
    ids.set(schema, asked)
    return asked
  }

  async #askId(
    subject: string,
    schema: string,
    how: { register: boolean; normalize: boolean },
    ids: Map<string, number | Promise<number>>
  ): Promise<number> {
    const path = `/subjects/${encodeURIComponent(subject)}${how.register ? '/versions' : ''}`
    const query = how.normalize ? '?normalize=true' : ''
    try {
      const answer = await this.#ask('POST', `${path}${query}`, subject, JSON.stringify({ schema }))
      const id = idOf(answer, subject)
      ids.set(schema, id)
      for (const oldest of ids.keys()) {
        if (ids.size <= this.#options.maxSchemas) break
        ids.delete(oldest)
      }
      return id
    } catch (error) {
      // The next record asks again.
      ids.delete(schema)
      throw error
    }
  }

  async latest(subject: string): Promise<RegisteredSchema> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions/latest`
    const answer = await this.#ask('GET', path, subject)
    return registered(answer, idOf(answer, subject))
  }

  async byId(id: number): Promise<RegisteredSchema> {
    return registered(await this.#ask('GET', `/schemas/ids/${id}`, `of schema id ${id}`), id)
  }

  async byVersion({ subject, version }: SchemaReference): Promise<RegisteredSchema> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`
    const answer = await this.#ask('GET', path, subject)
    return registered(answer, idOf(answer, subject))
  }

  /** The version a schema has in a subject; undefined when it is not registered there. */
  async version(subject: string, schema: string): Promise<number | undefined> {
    const path = `/subjects/${encodeURIComponent(subject)}`
    try {
      const { body } = await this.#ask('POST', path, subject, JSON.stringify({ schema }))
      return typeof body['version'] === 'number' ? body['version'] : undefined
    } catch (error) {
      if (error instanceof DataError && error.facts['status'] === 404) return undefined
      throw error
    }
  }

  async #ask(
    method: 'GET' | 'POST',
    path: string,
    subject: string,
    body?: string
  ): Promise<Answer> {
    const { addresses, timeoutMs } = this.#options
    const failures: unknown[] = []
    for (let tried = 0; tried < addresses.length; tried++) {
      const index = (this.#current + tried) % addresses.length
      const address = addresses[index] as RegistryAddress
      let answer: Answer
      try {
        answer = await send(address, method, path, body, this.#options)
      } catch (cause) {
        failures.push(asError(cause).message)
        continue
      }
      if (answer.status === 429 || answer.status >= 500) {
        failures.push(`${address.host} answered ${describe(answer)}`)
        continue
      }
      this.#current = index
      if (answer.status >= 200 && answer.status < 300) return answer
      throw refusal(answer, address.host, subject)
    }
    throw new RetriableError(
      `No schema registry could be asked about subject ${subject}: ${failures.join('; ')} (limit of a request: ${timeoutMs} ms)`,
      { subject }
    )
  }
}

function describe({ status, body }: Answer): string {
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

function refusal(answer: Answer, host: string, subject: string): Error {
  const { status } = answer
  const reason = REASONS[status] ?? 'refused'
  const message = `The schema registry at ${host} ${reason}. Subject ${subject}, answer ${describe(answer)}`
  return status === 401 || status === 403
    ? new ConfigError(message, { subject })
    : new DataError(message, { subject, status })
}

function idOf({ body }: Answer, subject: string): number {
  const { id } = body
  // I5: a record with a wrong id would be read as something else.
  if (typeof id === 'number' && Number.isInteger(id) && id >= 0 && id <= MAX_ID) return id
  throw new DataError(`The schema registry answered without a schema id for subject ${subject}`)
}

function registered({ body }: Answer, id: number): RegisteredSchema {
  const { schema, schemaType } = body
  if (typeof schemaType === 'string' && schemaType !== 'AVRO') {
    throw new DataError(
      `Schema ${id} in the registry is a ${schemaType} schema, not an Avro schema`
    )
  }
  if (typeof schema !== 'string') throw new DataError(`The registry has no text for schema ${id}`)
  const references = (
    Array.isArray(body['references']) ? body['references'] : []
  ) as SchemaReference[]
  return { id, schema, references }
}

/** One request to one address; rejects when there is no whole answer in time. Redirects are not followed: credentials stay. */
function send(
  address: RegistryAddress,
  method: string,
  path: string,
  body: string | undefined,
  { timeoutMs, tls }: RegistryOptions
): Promise<Answer> {
  const { checkHost, ...secure } = tls
  const secured = address.url.startsWith('https:')
  const headers = {
    Accept: `${MEDIA_TYPE}, application/json`,
    ...(body === undefined
      ? {}
      : { 'Content-Type': MEDIA_TYPE, 'Content-Length': Buffer.byteLength(body) }),
    ...(address.authorization === null ? {} : { Authorization: address.authorization })
  }
  const options = {
    method,
    headers,
    agent: false,
    ...(secured ? secure : {}),
    ...(secured && !checkHost ? { checkServerIdentity: () => undefined } : {})
  } as const
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      clearTimeout(limit)
      reject(new Error(`${address.host}: ${error.message || asError(error).name}`))
      request.destroy()
    }
    const request = (secured ? httpsRequest : httpRequest)(
      `${address.url}${path}`,
      options,
      (response) => {
        const chunks: Buffer[] = []
        let size = 0
        response.on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size > MAX_ANSWER_BYTES) fail(new Error('the answer is too long'))
          else chunks.push(chunk)
        })
        response.on('error', fail)
        response.on('end', () => {
          clearTimeout(limit)
          const text = Buffer.concat(chunks).toString('utf8')
          resolve({ status: response.statusCode ?? 0, body: objectFrom(text) })
        })
      }
    )
    const limit = setTimeout(() => fail(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs)
    request.on('error', fail)
    request.end(body)
  })
}

/** Anything that is no JSON object counts as an empty one: the status says enough. */
function objectFrom(text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
