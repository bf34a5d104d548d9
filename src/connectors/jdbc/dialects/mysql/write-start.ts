import type { Row } from '../../database/database.ts'
import type { MysqlWords } from './write-statements.ts'

/** What a session that writes has to know of its server. */
export interface ServerFacts extends MysqlWords {
  /** `max_allowed_packet` */
  readonly packetBytes: number
  /** The number of a refused row can be asked for: MariaDB since 10.7. */
  readonly tellsRow: boolean
}

/** Whatever the server is set to: what does not fit is an error, a zero is a zero, a backslash is one. */
const SQL_MODE = [
  'STRICT_ALL_TABLES',
  'STRICT_TRANS_TABLES',
  'NO_ZERO_DATE',
  'NO_ZERO_IN_DATE',
  'ERROR_FOR_DIVISION_BY_ZERO',
  'NO_ENGINE_SUBSTITUTION',
  'NO_AUTO_VALUE_ON_ZERO',
  'NO_BACKSLASH_ESCAPES'
].join(',')

/** Makes a session one that writes. */
export async function startOfWriting(
  send: (sql: string) => Promise<Row[]>,
  {
    limitMs,
    idleMs,
    hasIsolation
  }: {
    readonly limitMs: number
    readonly idleMs: number | null
    readonly hasIsolation: boolean
  }
): Promise<ServerFacts> {
  // One by one they would be an error where a server has dropped one.
  const variables = new Map(
    (
      await send(
        `SHOW VARIABLES WHERE Variable_name IN ('version', 'max_allowed_packet', 'binlog_format', 'idle_transaction_timeout')`
      )
    ).map(([name, value]) => [String(name), String(value)])
  )
  const packetBytes = Number(variables.get('max_allowed_packet'))
  const server = serverFacts(variables.get('version') ?? '', packetBytes)
  const seconds = Math.max(1, Math.ceil(limitMs / 1000))
  await send(
    `SET SESSION sql_mode = '${SQL_MODE}', autocommit = 1, innodb_lock_wait_timeout = ${seconds}, lock_wait_timeout = ${seconds}, foreign_key_checks = 1, unique_checks = 1`
  )
  // A server that writes down statements, and not rows, takes no changes of this level.
  if (!hasIsolation && variables.get('binlog_format') !== 'STATEMENT') {
    await send('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED')
  }
  // MySQL has such a limit for queries alone.
  if (server.isMariaDb) await send(`SET SESSION max_statement_time = ${limitMs / 1000}`)
  // MariaDB alone has such a limit.
  if (idleMs !== null && variables.has('idle_transaction_timeout')) {
    await send(`SET SESSION idle_transaction_timeout = ${Math.ceil(idleMs / 1000)}`)
  }
  return server
}

export function serverFacts(version: string, packetBytes: number): ServerFacts {
  const isMariaDb = /mariadb/i.test(version)
  // MariaDB may stand behind a number that old clients expect.
  const match = /(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)/.exec(version)
  const [major = 0, minor = 0, patch = 0] = (match ?? []).slice(1).map(Number)
  const number = major * 1_000_000 + minor * 1000 + patch
  return {
    isMariaDb,
    packetBytes,
    namesRows: !isMariaDb && number >= 8_000_019,
    tellsRow: isMariaDb && number >= 10_007_000
  }
}
