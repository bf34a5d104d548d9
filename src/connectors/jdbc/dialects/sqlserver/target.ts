import type { ConnectionConfiguration } from 'tedious'
import { materialOf, readCertificates } from '../../../../tls/key-material.ts'
import { readTrustStore } from '../../../../tls/key-store.ts'
import type { IsolationMode, OpenOptions } from '../../database/database.ts'
import { portNumber } from '../../database/jdbc-url.ts'
import { DriverProperties } from '../shared/driver-properties.ts'
import { authenticationOf, ownCertificate } from './login.ts'
import { mssqlJdbcProperties } from './properties.ts'
import { parseUrl, type SqlServerUrl } from './url.ts'

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

/**
 * Takes URL and properties apart; properties win over the URL, as in mssql-jdbc. ConfigError for what makes
 * no sense.
 */
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
  url: SqlServerUrl,
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
