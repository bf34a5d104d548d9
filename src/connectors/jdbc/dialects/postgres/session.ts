import { connect as connectSocket } from 'node:net'
import { checkServerIdentity, type TLSSocket } from 'node:tls'
import type { Client } from 'pg'
import type { Clock } from '../../../../clock.ts'
import { ConfigError } from '../../../../errors.ts'
import { abortedError, databaseError, type OpenOptions } from '../../database/database.ts'
import { postgresError } from './errors.ts'
import type { Authentication, PostgresTarget } from './target.ts'
import type { Encryption } from './tls.ts'
import type { PostgresAddress } from './url.ts'
import { within } from '../../../../wait.ts'

/** The parts of the driver's client that its types leave out. */
interface ClientInside {
  readonly connection: NodeJS.EventEmitter & { readonly stream: { destroy(error?: Error): void } }
  readonly processID: number | null
  readonly secretKey: number | null
  getStartupConf: () => Record<string, string>
}

function inside(client: Client): ClientInside {
  return client as unknown as ClientInside
}

/** A session on one server, encrypted as pgjdbc would have it. Errors are of this room. */
export async function connectPostgres(
  target: PostgresTarget,
  address: PostgresAddress,
  { signal, clock }: Pick<OpenOptions, 'signal' | 'clock'>,
  limitMs: number
): Promise<Client> {
  const deadline = clock.monotonicMs() + limitMs
  const { first, second } = target.encryptions(address.host)
  const attempt = async (encryption: Encryption): Promise<Client> => {
    const left = Math.max(1, deadline - clock.monotonicMs())
    const limits = { signal, clock, limitMs: left, wholeMs: limitMs }
    return await logInOnce(target, address, encryption, limits)
  }
  let refusal: unknown
  try {
    return await attempt(first)
  } catch (error) {
    refusal = error
    // The password is never given without encryption because encrypting failed: only when the server says
    // that it does not encrypt.
    if (second === null || signal.aborted || !asksForOther(error, first))
      throw shown(error, address, target)
  }
  try {
    return await attempt(second)
  } catch (error) {
    // A server that refuses the second way says nothing of the cause: its answer to the first one does.
    throw shown(refusesTls(error) ? refusal : error, address, target)
  }
}

function refusesTls(error: unknown): boolean {
  return (error as { message?: string }).message === 'The server does not support SSL connections'
}

/** No encryption there at all, or no entry in pg_hba.conf for a session with (or without) it. */
function asksForOther(error: unknown, { tls }: Encryption): boolean {
  return (error as { code?: unknown }).code === '28000' || (tls !== false && refusesTls(error))
}

function shown(error: unknown, address: PostgresAddress, target: PostgresTarget): Error {
  return postgresError(error, failed(target, address))
}

function failed({ database }: PostgresTarget, { host, port }: PostgresAddress): string {
  return `Could not connect to PostgreSQL at ${host}:${port}/${database}`
}

async function logInOnce(
  target: PostgresTarget,
  address: PostgresAddress,
  encryption: Encryption,
  limits: {
    readonly signal: AbortSignal
    readonly clock: Clock
    readonly limitMs: number
    readonly wholeMs: number
  }
): Promise<Client> {
  const { Client: PgClient } = (await import('pg')).default
  if (limits.signal.aborted) throw abortedError()
  const settings = target.client(address, encryption)
  const watch = new AuthenticationWatch(target.authentication)
  const client = new PgClient({
    ...settings,
    password: watch.guarded(settings.password as () => string)
  })
  // An error on an idle connection is noticed by the next call; without a listener it would end the process.
  client.on('error', () => undefined)
  // The driver would take what is missing from the environment: PGOPTIONS, PGREPLICATION, PGAPPNAME …
  inside(client).getStartupConf = () => ({ ...target.startup })
  watch.listen(inside(client).connection)
  if (encryption.checksNameItself) checkName(client, address.host)
  const stop = (): void => destroy(client)
  limits.signal.addEventListener('abort', stop, { once: true })
  try {
    await within(limits.clock, client.connect(), limits.limitMs, () =>
      databaseError(`${failed(target, address)}: no answer in ${Math.round(limits.wholeMs)} ms`, {
        retriable: true
      })
    )
    watch.checkEnd()
    return client
  } catch (error) {
    destroy(client)
    throw limits.signal.aborted ? abortedError() : error
  } finally {
    limits.signal.removeEventListener('abort', stop)
  }
}

/**
 * Sees which way of proving himself the server asks for before the driver answers it, and refuses those that
 * are not wanted.
 */
class AuthenticationWatch {
  readonly #wanted: Authentication
  #method = 'none'
  #canBind = false

  constructor(wanted: Authentication) {
    this.#wanted = wanted
  }

  listen(connection: NodeJS.EventEmitter): void {
    connection.once('authenticationCleartextPassword', () => (this.#method = 'password'))
    connection.once('authenticationMD5Password', () => (this.#method = 'md5'))
    connection.once('authenticationSASL', ({ mechanisms }: { mechanisms: string[] }) => {
      this.#method = 'scram-sha-256'
      this.#canBind = mechanisms.includes('SCRAM-SHA-256-PLUS')
    })
  }

  /** The password, for a server that asks for it in a way that is wanted. */
  guarded(password: () => string): () => string {
    return () => {
      this.#check()
      return password()
    }
  }

  /** A server that asks for nothing has proved nothing. */
  checkEnd(): void {
    if (this.#method === 'none') this.#check()
  }

  #check(): void {
    const { methods, channelBinding } = this.#wanted
    if (methods !== null && !methods.has(this.#method)) {
      throw new ConfigError(
        `the server asks for the authentication ${this.#method}, which requireAuth does not allow`
      )
    }
    if (channelBinding === 'require' && !this.#canBind) {
      throw new ConfigError(
        'channelBinding=require: the server does not bind the password to its certificate'
      )
    }
  }
}

/** The name in the certificate of a server whose issuer is not looked at. */
function checkName(client: Client, host: string): void {
  const { connection } = inside(client)
  connection.once('sslconnect', () => {
    const stream = connection.stream as unknown as TLSSocket
    stream.once('secureConnect', () => {
      const problem = checkServerIdentity(host, stream.getPeerCertificate())
      if (problem !== undefined) stream.destroy(problem)
    })
  })
}

/**
 * Aborts when the session ends. When it does between two messages of an answer the driver's cursor forgets
 * who waits for it, who has to look here (I8).
 */
export function endOf(client: Client): AbortSignal {
  const ended = new AbortController()
  client.once('end', () => ended.abort(new Error('The connection has ended')))
  return ended.signal
}

export function destroy(client: Client): void {
  inside(client).connection.stream.destroy()
}

/**
 * Asks the server to end what the session does, over a connection of its own, then cuts the session. Bounded
 * to a second.
 */
export function cancelOnServer(client: Client, { host, port }: PostgresAddress): void {
  const { processID, secretKey } = inside(client)
  if (typeof processID === 'number' && typeof secretKey === 'number') {
    const request = Buffer.alloc(16)
    request.writeInt32BE(16, 0)
    request.writeInt32BE(80_877_102, 4)
    request.writeInt32BE(processID, 8)
    request.writeInt32BE(secretKey, 12)
    const socket = connectSocket({ host, port })
    socket.setTimeout(1000, () => socket.destroy())
    // The session is cut in any case: a server that cannot be asked ends the query when it finds nobody
    // there.
    socket.on('error', () => socket.destroy())
    socket.end(request)
    socket.unref()
  }
  destroy(client)
}
