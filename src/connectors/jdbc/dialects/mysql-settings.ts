import { readFileSync } from 'node:fs'
import type { ConnectionOptions, SslOptions } from 'mysql2'
import { ConfigError } from '../../../errors.ts'
import type { IsolationMode, OpenOptions } from '../database.ts'
import { parseNetworkUrl } from '../jdbc-url.ts'
import type { MysqlTypeSettings } from './mysql-types.ts'

/** What a URL and its driver properties ask for. */
export interface MysqlSettings {
  readonly hosts: readonly { host: string; port: number }[]
  readonly database: string
  readonly user: string
  readonly password: string | undefined
  readonly ssl: SslOptions | undefined
  /** Without TLS when the server has none (`sslMode=PREFERRED`). */
  readonly sslOptional: boolean
  readonly connectTimeoutMs: number
  /** `socketTimeout`: limit for the wait for rows; null: none. */
  readonly answerLimitMs: number | null
  /** `zeroDateTimeBehavior=convertToNull` */
  readonly zeroDatesAreNull: boolean
  readonly types: MysqlTypeSettings
  /** Statements for the start of the session. */
  readonly session: readonly string[]
  /** Properties that have no effect here. */
  readonly unused: readonly string[]
}

const USED = new Set([
  'user',
  'password',
  'connecttimeout',
  'sockettimeout',
  // What they ask for is always so here.
  'usecursorfetch',
  'defaultfetchsize',
  'tcpkeepalive',
  'characterencoding',
  'useunicode',
  'allowpublickeyretrieval',
  'sslmode',
  'usessl',
  'requiressl',
  'verifyservercertificate',
  'trustservercertificate',
  'serversslcert',
  'sslca',
  'zerodatetimebehavior',
  'yearisdatetype',
  'tinyint1isbit',
  'transformedbitisboolean',
  'sessionvariables'
])

/** Parameters of the URL and `connection.*` properties, the latter winning; names without case. Throws ConfigError. */
export function mysqlSettings(options: OpenOptions): MysqlSettings {
  const url = parseNetworkUrl(options.url)
  const given = new Map<string, string>()
  const names = new Map<string, string>()
  for (const [name, value] of [...url.parameters, ...options.properties]) {
    given.set(name.toLowerCase(), value)
    names.set(name.toLowerCase(), name)
  }
  const timeout = Number(given.get('connecttimeout') ?? 0)
  const answerLimit = Number(given.get('sockettimeout') ?? 0)
  const sslMode = sslModeOf(given)
  return {
    hosts: url.hosts.map(({ host, port }) => ({ host, port: port ?? 3306 })),
    database: url.database,
    user: options.user ?? given.get('user') ?? url.user ?? '',
    password: options.password?.value ?? given.get('password') ?? url.password ?? undefined,
    ssl: sslOptions(sslMode, given),
    sslOptional: sslMode === 'PREFERRED',
    connectTimeoutMs: timeout > 0 ? Math.min(timeout, options.timeoutMs) : options.timeoutMs,
    answerLimitMs: answerLimit > 0 ? answerLimit : null,
    zeroDatesAreNull: /^convert_?to_?null$/i.test(given.get('zerodatetimebehavior') ?? ''),
    types: typeSettings(options.url.subProtocol === 'mariadb', given),
    session: sessionStatements(options.isolation, given.get('sessionvariables')),
    unused: [...given.keys()]
      .filter((name) => !USED.has(name))
      .map((name) => names.get(name) ?? name)
  }
}

function typeSettings(isMariaDb: boolean, given: ReadonlyMap<string, string>): MysqlTypeSettings {
  const flag = (name: string, otherwise: boolean): boolean =>
    (given.get(name) ?? String(otherwise)).toLowerCase() === 'true'
  const transformed = flag('transformedbitisboolean', isMariaDb)
  const isBit = flag('tinyint1isbit', true)
  return {
    isMariaDb,
    yearIsDate: given.get('yearisdatetype')?.toLowerCase() !== 'false',
    tinyInt1: isBit ? (transformed ? 'boolean' : 'bit') : 'integer',
    bit1IsBoolean: transformed
  }
}

const SSL_MODES = ['DISABLED', 'PREFERRED', 'REQUIRED', 'VERIFY_CA', 'VERIFY_IDENTITY'] as const
type SslMode = (typeof SSL_MODES)[number]
/** MariaDB's driver has other words. */
const MARIADB_SSL_MODES: Record<string, SslMode> = {
  DISABLE: 'DISABLED',
  TRUST: 'REQUIRED',
  'VERIFY-CA': 'VERIFY_CA',
  'VERIFY-FULL': 'VERIFY_IDENTITY'
}

function sslModeOf(given: ReadonlyMap<string, string>): SslMode {
  const flag = (name: string): boolean | undefined => {
    const value = given.get(name)
    return value === undefined ? undefined : value.toLowerCase() === 'true'
  }
  const word = given.get('sslmode')?.toUpperCase()
  if (word !== undefined) {
    const mode = SSL_MODES.find((known) => known === word) ?? MARIADB_SSL_MODES[word]
    if (mode === undefined) {
      throw new ConfigError(`sslMode ${word} is none of ${SSL_MODES.join(', ')}`)
    }
    return mode
  }
  if (flag('usessl') === false) return 'DISABLED'
  if (flag('verifyservercertificate') === true) return 'VERIFY_CA'
  if (flag('trustservercertificate') === true) return 'REQUIRED'
  return flag('requiressl') === true || flag('usessl') === true ? 'REQUIRED' : 'PREFERRED'
}

function sslOptions(mode: SslMode, given: ReadonlyMap<string, string>): SslOptions | undefined {
  if (mode === 'DISABLED') return undefined
  const file = given.get('serversslcert') ?? given.get('sslca')
  const verify = mode === 'VERIFY_CA' || mode === 'VERIFY_IDENTITY'
  return {
    rejectUnauthorized: verify,
    verifyIdentity: mode === 'VERIFY_IDENTITY',
    ...(file === undefined ? {} : { ca: certificate(file) })
  }
}

function certificate(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new ConfigError(`The certificate ${file} cannot be read: ${(cause as Error).message}`, {
      cause
    })
  }
}

function sessionStatements(isolation: IsolationMode, variables: string | undefined): string[] {
  const statements = [
    // A slow reader must not be thrown out in the middle of a long result.
    'SET SESSION net_write_timeout = 3600',
    'SET SESSION TRANSACTION READ ONLY'
  ]
  if (isolation === 'SQL_SERVER_SNAPSHOT') {
    throw new ConfigError(
      'Isolation mode of `SQL_SERVER_SNAPSHOT` can only be configured with a Sql Server Dialect'
    )
  }
  if (isolation !== 'DEFAULT') {
    statements.push(`SET SESSION TRANSACTION ISOLATION LEVEL ${isolation.replace('_', ' ')}`)
  }
  for (const assignment of variables?.split(/[,;]/) ?? []) {
    const match = /^\s*(?:@@(?:session\.)?)?(\w+)\s*=\s*('[^'\\]*'|[\w.+:-]+)\s*$/i.exec(assignment)
    if (match === null) throw new ConfigError(`sessionVariables: '${assignment}' is not name=value`)
    statements.push(`SET SESSION ${match[1]} = ${match[2]}`)
  }
  return statements
}

/** Options of the driver; every value comes back exactly: big numbers, decimals and times as text. */
export function driverOptions(
  settings: MysqlSettings,
  address: { host: string; port: number },
  withSsl: boolean
): ConnectionOptions {
  return {
    host: address.host,
    port: address.port,
    user: settings.user,
    ...(settings.password === undefined ? {} : { password: settings.password }),
    ...(settings.database === '' ? {} : { database: settings.database }),
    ...(withSsl && settings.ssl !== undefined ? { ssl: settings.ssl } : {}),
    connectTimeout: settings.connectTimeoutMs,
    rowsAsArray: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
    decimalNumbers: false,
    jsonStrings: true,
    multipleStatements: false,
    enableKeepAlive: true,
    maxPreparedStatements: 20,
    flags: ['-LOCAL_FILES']
  }
}
