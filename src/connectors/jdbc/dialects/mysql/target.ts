import type { ConnectionOptions, SslOptions } from 'mysql2'
import type { OpenOptions } from '../../database/database.ts'
import type { DriverProperties } from '../shared/driver-properties.ts'
import {
  authenticationOf,
  authPlugins,
  type DriverPlugins,
  type MysqlAuthentication
} from './authentication.ts'
import { type SessionUse, startOfSession } from './session-start.ts'
import { sslModeOf, sslOptions } from './tls.ts'
import type { MysqlTypeSettings } from './types.ts'
import { type MysqlAddress, mysqlAddresses } from './url.ts'

/** What a URL and its driver properties ask for. */
export interface MysqlTarget {
  /** In the order to try. */
  readonly hosts: readonly MysqlAddress[]
  readonly database: string
  readonly user: string
  readonly password: string | null
  /** Of a second and third step of proving who one is. */
  readonly furtherPasswords: { readonly password2?: string; readonly password3?: string }
  readonly authentication: MysqlAuthentication
  readonly ssl: SslOptions | undefined
  /** Without TLS when the server has none (`sslMode=PREFERRED`). */
  readonly sslOptional: boolean
  /** `connectTimeout`: limit for one host; null: its share of the time there is. */
  readonly connectLimitMs: number | null
  /** `socketTimeout`: limit for the wait for rows; null: none. */
  readonly answerLimitMs: number | null
  /** `zeroDateTimeBehavior=CONVERT_TO_NULL` */
  readonly zeroDatesAreNull: boolean
  readonly types: MysqlTypeSettings
  /** The configuration says at which level of isolation statements run. */
  readonly setsIsolation: boolean
  /** Statements for the start of the session. */
  readonly session: readonly string[]
  readonly keepAlive: boolean
  readonly compress: boolean
  readonly isInteractive: boolean
}

/** MariaDB's driver gives up a host after half a minute by itself. */
const MARIADB_CONNECT_LIMIT_MS = 30_000

/** Throws ConfigError for what makes no sense or is refused; tells what has no effect. */
export function mysqlTarget(options: OpenOptions, use: SessionUse = 'reads'): MysqlTarget {
  const { hosts, database, isMariaDb, properties } = mysqlAddresses(options)
  properties.tell(options.log)
  const sslMode = sslModeOf(properties, isMariaDb)
  const connectLimit =
    properties.count('connectTimeout') ?? (isMariaDb ? MARIADB_CONNECT_LIMIT_MS : 0)
  const answerLimit = properties.count('socketTimeout') ?? 0
  return {
    hosts,
    database,
    user: properties.text('user') ?? '',
    password: properties.text('password'),
    furtherPasswords: isMariaDb ? {} : furtherPasswords(properties),
    authentication: authenticationOf(properties, isMariaDb),
    ssl: sslOptions(sslMode, properties, isMariaDb),
    sslOptional: sslMode === 'PREFERRED',
    connectLimitMs: connectLimit > 0 ? connectLimit : null,
    answerLimitMs: answerLimit > 0 ? answerLimit : null,
    zeroDatesAreNull: zeroDatesAreNull(properties),
    types: typeSettings(isMariaDb, properties),
    setsIsolation:
      options.isolation !== 'DEFAULT' ||
      (isMariaDb && properties.word('transactionIsolation') !== null),
    session: startOfSession(use, properties, isMariaDb, options),
    keepAlive: properties.flag('tcpKeepAlive', true),
    compress: properties.flag('useCompression', false),
    isInteractive: !isMariaDb && properties.flag('interactiveClient', false)
  }
}

function furtherPasswords(properties: DriverProperties): MysqlTarget['furtherPasswords'] {
  const [password2, password3] = [properties.text('password2'), properties.text('password3')]
  return {
    ...(password2 === null ? {} : { password2 }),
    ...(password3 === null ? {} : { password3 })
  }
}

/** The words of today, of Connector/J 5 (`convertToNull`), and both without their separators. */
const ZERO_DATES = ['EXCEPTION', 'CONVERT_TO_NULL', 'convertToNull', 'ROUND']

/**
 * A zero date is no date: rounding it to the first of the year 1 would make one up, so that stays an error.
 */
function zeroDatesAreNull(properties: DriverProperties): boolean {
  const word = properties.oneOf('zeroDateTimeBehavior', ZERO_DATES)
  return word !== null && /^convert/i.test(word)
}

function typeSettings(isMariaDb: boolean, properties: DriverProperties): MysqlTypeSettings {
  const transformed = properties.flag('transformedBitIsBoolean', isMariaDb)
  const isBit = properties.flag('tinyInt1isBit', true)
  return {
    isMariaDb,
    yearIsDate: properties.flag('yearIsDateType', true),
    tinyInt1: isBit ? (transformed ? 'boolean' : 'bit') : 'integer',
    bit1IsBoolean: transformed
  }
}

/** Options of the driver; every value comes back exactly: big numbers, decimals and times as text. */
export function driverOptions(
  settings: MysqlTarget,
  address: MysqlAddress,
  over: {
    readonly withSsl: boolean
    readonly limitMs: number
    readonly plugins: DriverPlugins
    readonly checkServer: ((stream: unknown) => void) | null
  }
): ConnectionOptions {
  const password = address.password ?? settings.password
  const encrypts = over.withSsl && settings.ssl !== undefined
  const isEncrypted = encrypts || address.socketPath !== null
  const checkServer = over.checkServer ?? (() => undefined)
  return {
    ...(address.socketPath === null
      ? { host: address.host, port: address.port }
      : { socketPath: address.socketPath }),
    user: address.user ?? settings.user,
    ...(password === null ? {} : { password }),
    ...settings.furtherPasswords,
    ...(settings.database === '' ? {} : { database: settings.database }),
    ...(encrypts
      ? {
          ssl: over.checkServer === null ? settings.ssl : { ...settings.ssl, verifyIdentity: false }
        }
      : {}),
    authPlugins: authPlugins(over.plugins, settings.authentication, {
      isEncrypted,
      checkServer
    }) as unknown as NonNullable<ConnectionOptions['authPlugins']>,
    connectTimeout: Math.ceil(over.limitMs),
    ...(settings.compress ? { compress: true } : {}),
    rowsAsArray: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
    decimalNumbers: false,
    jsonStrings: true,
    multipleStatements: false,
    enableKeepAlive: settings.keepAlive,
    maxPreparedStatements: 20,
    flags: ['-LOCAL_FILES', ...(settings.isInteractive ? ['INTERACTIVE'] : [])]
  }
}
