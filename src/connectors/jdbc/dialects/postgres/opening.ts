import { ConfigError } from '../../../../errors.ts'
import {
  type Connection,
  databaseError,
  type Dialect,
  type OpenOptions
} from '../../database/database.ts'
import type { WriterOptions, WriteSession } from '../../database/writing.ts'
import { firstAnswer } from '../shared/first-answer.ts'
import type { PostgresConnection, PostgresSettings } from './connection.ts'
import { type PostgresTarget, postgresTarget, type WantedRole } from './target.ts'
import type { PostgresAddress } from './url.ts'
import { within } from '../../../../wait.ts'
import type { Client } from 'pg'

/** Makes a session of ours out of the driver's. */
type MakeSession<T> = (client: Client, settings: PostgresSettings) => T

export async function openPostgres(dialect: Dialect, options: OpenOptions): Promise<Connection> {
  const { PostgresConnection: Session } = await import('./connection.ts')
  return await openAs(
    postgresTarget(options),
    options,
    (client, settings) => new Session(dialect, client, settings)
  )
}

export async function openPostgresWriter(
  dialect: Dialect,
  options: OpenOptions & WriterOptions
): Promise<WriteSession> {
  const { PostgresWriteSession } = await import('./write-session.ts')
  const target = postgresTarget(options)
  const named = options.properties.has('ApplicationName')
    ? target
    : { ...target, startup: { ...target.startup, application_name: options.applicationName } }
  return await openAs(
    named,
    options,
    (client, settings) => new PostgresWriteSession(dialect, client, settings, options)
  )
}

async function openAs<T extends PostgresConnection>(
  target: PostgresTarget,
  options: OpenOptions,
  make: MakeSession<T>
): Promise<T> {
  const deadline =
    options.clock.monotonicMs() +
    Math.min(options.timeoutMs, target.loginLimitMs ?? options.timeoutMs)
  const { role } = target
  const connect = (wanted: WantedRole | null, share: number): Promise<T> =>
    firstAnswer({
      addresses: target.hosts,
      timeoutMs: Math.max(1, (deadline - options.clock.monotonicMs()) * share),
      eachMs: target.connectLimitMs,
      signal: options.signal,
      clock: options.clock,
      // As the JDBC driver: even a password that one server does not take may be right for the next.
      goesOn: () => true,
      what: 'Could not connect to PostgreSQL',
      tryOne: (address, limitMs) => openSession(target, address, wanted, { options, limitMs, make })
    })
  if (role?.isOnlyPreferred !== true) return await connect(role, 1)
  try {
    return await connect(role, 1 / 2)
  } catch (error) {
    if (options.signal.aborted || error instanceof ConfigError) throw error
    return await connect(null, 1)
  }
}

async function openSession<T extends PostgresConnection>(
  target: PostgresTarget,
  address: PostgresAddress,
  wanted: WantedRole | null,
  { options, limitMs, make }: { options: OpenOptions; limitMs: number; make: MakeSession<T> }
): Promise<T> {
  const { cancelOnServer, destroy, connectPostgres } = await import('./session.ts')
  const client = await connectPostgres(target, address, options, limitMs)
  const connection = make(client, {
    clock: options.clock,
    database: target.database,
    isolation: options.isolation,
    readOnly: options.readOnly === true,
    lockWaitMs: options.lockWaitMs ?? 0,
    answerLimitMs: target.answerLimitMs,
    onlyAllowed: target.onlyAllowed,
    settings: target.settings,
    cancel: () => cancelOnServer(client, address)
  })
  try {
    // I8: a server that falls silent behind the log-in is one that does not answer.
    const inTime = <T>(work: Promise<T>): Promise<T> =>
      within(options.clock, work, limitMs, () =>
        databaseError(`PostgreSQL did not say its role or encoding in ${Math.round(limitMs)} ms`, {
          retriable: true
        })
      )
    const asked = wanted === null ? null : await inTime(connection.role())
    if (wanted !== null && asked !== wanted.role) {
      throw databaseError(
        `PostgreSQL at ${address.host}:${address.port} is no ${wanted.role}, which targetServerType=${wanted.word} asks for`,
        { retriable: true }
      )
    }
    await inTime(connection.prepare())
    return connection
  } catch (error) {
    destroy(client)
    throw error
  }
}
