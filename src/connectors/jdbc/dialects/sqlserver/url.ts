import type { ConnectionConfiguration } from 'tedious'
import { materialOf, readCertificates } from '../../../../tls/key-material.ts'
import { readTrustStore } from '../../../../tls/key-store.ts'
import type { IsolationMode, OpenOptions } from '../../database/database.ts'
import { invalidUrl, portNumber } from '../../database/jdbc-url.ts'
import { DriverProperties } from '../shared/driver-properties.ts'
import { authenticationOf, ownCertificate } from './login.ts'
import { mssqlJdbcProperties } from './properties.ts'

export interface SqlServerAddress {
  readonly server: string
  /** What to look up at the server's browser service; null: the port says it. */
  readonly instance: string | null
  readonly port: number
  /** `host:port`, `host\\instance`, for messages. */
  readonly name: string
}

/** What a URL and its driver properties ask for. */
export interface SqlServerTarget {
  /** The server, and the one that may have taken over its database. */
  readonly addresses: readonly SqlServerAddress[]
  configuration(address: SqlServerAddress, limitMs: number): ConnectionConfiguration
  /** For the whole attempt; null: nothing is said. */
  readonly loginLimitMs: number | null
  /** Limit for one answer of the server (`socketTimeout`, `queryTimeout`); null: none. */
  readonly answerLimitMs: number | null
  readonly session: SqlServerSessionSettings
}

export interface SqlServerSessionSettings {
  readonly isolation: IsolationMode
  /** Milliseconds to wait for a lock; -1: for ever. */
  readonly lockTimeoutMs: number
  readonly quotedIdentifier: boolean
  readonly concatNullYieldsNull: boolean
}

/** Takes URL and properties apart; properties win over the URL, as in mssql-jdbc. ConfigError for what makes no sense. */
export function sqlServerTarget(options: OpenOptions): SqlServerTarget {
  const url = parseUrl(
    options.url.text,
    options.url.rest,
    options.url.subProtocol.startsWith('jtds')
  )
  const properties = new DriverProperties(mssqlJdbcProperties, [
    ...url.parameters.map(([name, value]) => ({ name, value, inUrl: true })),
    ...[...options.properties].map(([name, value]) => ({ name, value, inUrl: false })),
    ...(options.user === null ? [] : [{ name: 'user', value: options.user, inUrl: false }]),
    ...(options.password === null
      ? []
      : [{ name: 'password', value: options.password.value, inUrl: false }])
  ])
  properties.tell(options.log)
  const login = properties.count('loginTimeout') ?? 0
  const answer = properties.count('socketTimeout') || (properties.count('queryTimeout') ?? 0) * 1000
  const shared = sharedOptions(properties, url.database)
  const authentication = authenticationOf(properties)
  return {
    addresses: addressesOf(options.url.text, url, properties),
    configuration: ({ server, instance, port }, limitMs) => ({
      server,
      authentication,
      options: {
        ...(instance === null ? { port } : { instanceName: instance }),
        ...shared,
        connectTimeout: Math.max(1, Math.floor(limitMs))
      }
    }),
    loginLimitMs: login > 0 ? login * 1000 : null,
    answerLimitMs: answer > 0 ? answer : null,
    session: {
      isolation: isolationOf(options.isolation, properties),
      lockTimeoutMs: lockTimeout(properties, options.lockWaitMs ?? 0),
      quotedIdentifier: properties.flag('quotedIdentifier', true),
      concatNullYieldsNull: properties.flag('concatNullYieldsNull', true)
    }
  }
}

function addressesOf(
  text: string,
  url: UrlParts,
  properties: DriverProperties
): SqlServerAddress[] {
  const written = properties.word('portNumber')
  const port = written === null ? url.port : portNumber(text, written)
  const first = addressOf(properties.word('serverName') ?? url.host, {
    instance: properties.word('instanceName') ?? url.instance ?? null,
    port
  })
  const partner = properties.word('failoverPartner')
  if (partner === null) return [first]
  const [host = '', ofPartner] = partner.split(/[:,]/)
  const other = ofPartner === undefined ? null : portNumber(text, ofPartner)
  return [first, addressOf(host, { instance: null, port: other })]
}

/** A port says more than an instance's name, which has to be looked up. */
function addressOf(
  name: string,
  { instance, port }: { instance: string | null; port: number | null }
): SqlServerAddress {
  const [host = '', named] = name.split('\\')
  const server = host === '' ? 'localhost' : host
  const wanted = port === null ? (instance ?? named ?? null) : null
  return {
    server,
    instance: wanted,
    port: port ?? DEFAULT_PORT,
    name: wanted === null ? `${server}:${port ?? DEFAULT_PORT}` : `${server}\\${wanted}`
  }
}

const DEFAULT_PORT = 1433

function sharedOptions(
  properties: DriverProperties,
  ofUrl: string | null
): NonNullable<ConnectionConfiguration['options']> {
  const database = properties.word('databaseName') ?? ofUrl
  const hostInCertificate = properties.word('hostNameInCertificate')
  const workstation = properties.word('workstationID')
  const packetSize = properties.count('packetSize') ?? 0
  const credentials = { ...trusted(properties), ...ownCertificate(properties) }
  return {
    ...(database === null ? {} : { database }),
    encrypt: encryptionOf(properties),
    trustServerCertificate: properties.flag('trustServerCertificate', false),
    ...(hostInCertificate === null ? {} : { serverName: hostInCertificate }),
    ...(Object.keys(credentials).length === 0 ? {} : { cryptoCredentialsDetails: credentials }),
    appName: properties.word('applicationName') ?? 'kafka-connect-node',
    ...(workstation === null ? {} : { workstationId: workstation }),
    ...(packetSize === 0 ? {} : { packetSize }),
    readOnlyIntent: properties.oneOf('applicationIntent', ['ReadOnly', 'ReadWrite']) === 'ReadOnly',
    multiSubnetFailover: properties.flag('multiSubnetFailover', false),
    // Limits of ours are kept by ourselves.
    requestTimeout: 0,
    cancelTimeout: 1000,
    maxRetriesOnTransientErrors: 0,
    useUTC: true,
    useColumnNames: false,
    rowCollectionOnDone: false,
    rowCollectionOnRequestCompletion: false,
    dateFormat: 'ymd'
  }
}

const ENCRYPT: Readonly<Record<string, boolean | 'strict'>> = {
  strict: 'strict',
  true: true,
  mandatory: true,
  yes: true,
  false: false,
  optional: false,
  no: false
}

function encryptionOf(properties: DriverProperties): boolean | 'strict' {
  const word = properties.oneOf('encrypt', Object.keys(ENCRYPT)) ?? 'true'
  return ENCRYPT[word] ?? true
}

function trusted(properties: DriverProperties): { ca?: string[] } {
  const certificate = properties.word('serverCertificate')
  if (certificate !== null)
    return { ca: readCertificates(materialOf('serverCertificate', certificate)) }
  const store = properties.word('trustStore')
  if (store === null) return {}
  return {
    ca: readTrustStore(materialOf('trustStore', store), properties.text('trustStorePassword'))
  }
}

function isolationOf(isolation: IsolationMode, properties: DriverProperties): IsolationMode {
  const level = properties.oneOf('defaultTransactionIsolation', [
    'READ_UNCOMMITTED',
    'READ_COMMITTED',
    'REPEATABLE_READ',
    'SERIALIZABLE',
    'SNAPSHOT'
  ])
  if (isolation !== 'DEFAULT' || level === null) return isolation
  return level === 'SNAPSHOT' ? 'SQL_SERVER_SNAPSHOT' : level
}

function lockTimeout(properties: DriverProperties, lockWaitMs: number): number {
  const text = properties.word('lockTimeout')
  if (text === null) return lockWaitMs === 0 ? -1 : lockWaitMs
  return text.startsWith('-') ? -1 : (properties.count('lockTimeout') ?? -1)
}

interface UrlParts {
  readonly host: string
  readonly instance: string | undefined
  readonly port: number | null
  readonly database: string | null
  readonly parameters: readonly (readonly [string, string])[]
}

/** `//host[\\instance][:port][;name=value]…`; a value in braces may hold semicolons. jTDS has the database behind a slash. */
function parseUrl(url: string, rest: string, isJtds: boolean): UrlParts {
  const semicolon = rest.indexOf(';')
  const address = semicolon === -1 ? rest : rest.slice(0, semicolon)
  const match = /^\/\/(\[[^\]]*\]|[^:;/\\,]*)(?:\\([^:;/]+))?(?::(\d+))?(?:\/([^;]*))?$/.exec(
    address
  )
  const [, host = '', instance, port, database = ''] = match ?? []
  if (match === null || (database !== '' && !isJtds)) {
    throw invalidUrl(url, 'expected jdbc:sqlserver://host[\\instance][:port];databaseName=…')
  }
  return {
    host: host.replace(/^\[|\]$/g, ''),
    instance,
    port: port === undefined ? null : portNumber(url, port),
    database: database === '' ? null : database,
    parameters: semicolon === -1 ? [] : parseProperties(url, rest.slice(semicolon + 1))
  }
}

/** Longer values in braces are taken as they stand. */
const LONGEST_BRACED = 8192

/** `name=value` and semicolons, in one go over the text (I8). */
function parseProperties(url: string, text: string): [string, string][] {
  const pairs: [string, string][] = []
  let at = 0
  for (;;) {
    while (at < text.length && /[\s;]/.test(text.charAt(at))) at++
    if (at === text.length) return pairs
    const equals = text.indexOf('=', at)
    const end = text.indexOf(';', at)
    if (equals <= at || (end !== -1 && end < equals)) {
      // I7: what stands there may be part of a password.
      throw invalidUrl(
        url,
        'behind a semicolon stands name=value; a value with a semicolon stands in braces'
      )
    }
    const near = text.slice(equals + 1, equals + 1 + LONGEST_BRACED)
    const braced = /^\s*\{((?:[^}]|\}\})*)\}\s*(?:;|$)/.exec(near)
    const value = braced?.[1]?.replaceAll('}}', '}')
    const plain = text.slice(equals + 1, end === -1 ? undefined : end)
    pairs.push([text.slice(at, equals).trim(), value ?? plain.trim()])
    at = equals + 1 + (braced?.[0].length ?? plain.length)
  }
}
