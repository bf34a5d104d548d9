import type { Clock } from '../../../clock.ts'
import { type Logger, loggers } from '../../../log.ts'
import type { ConnectionSettings } from '../settings/source-settings.ts'
import { openConnection } from './connection-keeper.ts'
import type { Session } from './session.ts'

export interface Question {
  /** Ends the connection at once, with what is asked over it. */
  readonly signal: AbortSignal
  readonly clock: Clock
  /** Default: the log of the connector. */
  readonly log?: Logger
}

export const connectorLog = (): Logger =>
  loggers.get('io.confluent.connect.jdbc.JdbcSourceConnector')

/** A connection for one question of an operator, over which nothing can be changed. */
export async function withConnection<T>(
  settings: ConnectionSettings,
  { signal, clock, log = connectorLog() }: Question,
  work: (connection: Session) => Promise<T>
): Promise<T> {
  const connection = await openConnection({ ...settings, readOnly: true }, { log, signal, clock })
  const abort = (): void => connection.abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await work(connection)
  } finally {
    signal.removeEventListener('abort', abort)
    await connection.close()
  }
}
