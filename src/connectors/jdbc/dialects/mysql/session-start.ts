import { ConfigError } from '../../../../errors.ts'
import type { IsolationMode, OpenOptions } from '../../database/database.ts'
import type { DriverProperties } from '../shared/driver-properties.ts'

const READ_ONLY = 'SET SESSION TRANSACTION READ ONLY'
/** A slow reader must not be thrown out in the middle of a long result. */
const WRITE_TIMEOUT_S = 3600

/** What a session is for: one that reads must not change anything. */
export type SessionUse = 'reads' | 'writes'

/** Statements for the start of a session, in their order. */
export function startOfSession(
  use: SessionUse,
  properties: DriverProperties,
  isMariaDb: boolean,
  { isolation, lockWaitMs = 0 }: Pick<OpenOptions, 'isolation' | 'lockWaitMs'>
): string[] {
  const readOnly = use === 'reads' ? [READ_ONLY] : []
  const timeout = isMariaDb ? null : properties.count('netTimeoutForStreamingResults')
  const asked = [
    ...timeZone(properties, isMariaDb),
    ...variables(properties),
    ...initial(properties, isMariaDb)
  ]
  return [
    `SET SESSION net_write_timeout = ${timeout === null || timeout === 0 ? WRITE_TIMEOUT_S : timeout}`,
    // LOCK TABLES and changes of a table make readers wait for a day.
    ...(lockWaitMs === 0
      ? []
      : [
          `SET SESSION lock_wait_timeout = LEAST(@@SESSION.lock_wait_timeout, ${Math.ceil(lockWaitMs / 1000)})`
        ]),
    ...readOnly,
    ...isolationLevel(isolation, properties, isMariaDb),
    ...asked,
    // What was asked for has not made the session writable.
    ...(asked.length > 0 ? readOnly : [])
  ]
}

const LEVELS = ['READ-UNCOMMITTED', 'READ-COMMITTED', 'REPEATABLE-READ', 'SERIALIZABLE']

function isolationLevel(
  isolation: IsolationMode,
  properties: DriverProperties,
  isMariaDb: boolean
): string[] {
  if (isolation === 'SQL_SERVER_SNAPSHOT') {
    throw new ConfigError(
      'Isolation mode of `SQL_SERVER_SNAPSHOT` can only be configured with a Sql Server Dialect'
    )
  }
  const word = isMariaDb
    ? properties.word('transactionIsolation')?.toUpperCase().replaceAll('_', '-')
    : null
  if (typeof word === 'string' && !LEVELS.includes(word)) {
    throw new ConfigError(
      `${properties.at('transactionIsolation')} is none of ${LEVELS.join(', ')}`
    )
  }
  const level = isolation === 'DEFAULT' ? word : isolation
  if (typeof level !== 'string') return []
  return [`SET SESSION TRANSACTION ISOLATION LEVEL ${level.replace(/[-_]/, ' ')}`]
}

/**
 * Only where the driver would tell the server; else the zone is a matter of reading, which `db.timezone`
 * says.
 */
function timeZone(properties: DriverProperties, isMariaDb: boolean): string[] {
  const older = isMariaDb ? properties.word('timezone') : null
  const zone = older ?? properties.word('connectionTimeZone')
  const isForced = properties.flag('forceConnectionTimeZoneToSession', older !== null)
  if (zone === null || !isForced || /^(SERVER|disable)$/i.test(zone)) return []
  const name = /^(LOCAL|auto)$/i.test(zone)
    ? Intl.DateTimeFormat().resolvedOptions().timeZone
    : zone
  if (!/^[\w/+:-]{1,64}$/.test(name))
    throw new ConfigError(`${properties.at('connectionTimeZone')} is no time zone`)
  return [`SET SESSION time_zone = '${/^(UTC|GMT|Z)$/i.test(name) ? '+00:00' : name}'`]
}

/**
 * `name=value`, separated by commas or semicolons outside quotes and parentheses; user variables (`@name`)
 * too.
 */
function variables(properties: DriverProperties): string[] {
  return splitAssignments(properties.text('sessionVariables') ?? '').map((assignment) => {
    const match = /^(@?(?:@(?:session\.|local\.)?)?)([\w.]+)\s*:?=\s*(.+)$/is.exec(assignment)
    const [, prefix = '', name = '', value = ''] = match ?? []
    if (match === null || name.includes('.')) {
      throw new ConfigError(
        `${properties.at('sessionVariables')} is no list of name=value: variables of the session, or @name`
      )
    }
    return `SET ${prefix === '@' ? '@' : 'SESSION '}${name} = ${value}`
  })
}

function splitAssignments(text: string): string[] {
  const parts =
    text.match(
      /(?:'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|\((?:[^()]|\([^()]*\))*\)|[^,;'"(])+/g
    ) ?? []
  return parts.map((part) => part.trim()).filter((part) => part !== '')
}

/**
 * `initSql` runs whatever it holds, also when somebody only validates: only settings of the session are let
 * through.
 */
function initial(properties: DriverProperties, isMariaDb: boolean): string[] {
  const sql = isMariaDb ? properties.word('initSql')?.replace(/;$/, '') : undefined
  if (sql === undefined) return []
  if (/^SET\s+(?!GLOBAL\b|PERSIST|PASSWORD\b|ROLE\b|@@global|@@persist)[^;]*$/i.test(sql))
    return [sql]
  throw new ConfigError(
    `${properties.at('initSql')} may only hold one SET of variables of the session`
  )
}
