import { readFileSync } from 'node:fs'
import type { ConnectionConfiguration } from 'tedious'
import { ConfigError } from '../../../errors.ts'
import type { OpenOptions } from '../database.ts'

/** What a URL and its driver properties ask for. */
export interface SqlServerTarget {
  readonly configuration: ConnectionConfiguration
  /** `host:port`, `host\instance`, for messages. */
  readonly name: string
  /** Limit for one answer of the server (`socketTimeout`, `queryTimeout`); null: none. */
  readonly answerLimitMs: number | null
  /** Milliseconds to wait for a lock; -1: for ever. */
  readonly lockTimeoutMs: number
  readonly warnings: readonly string[]
}

/** Properties that ask for what is always so here. */
const NEEDLESS = new Set([
  'selectmethod',
  'responsebuffering',
  'sendstringparametersasunicode',
  'sendtimeasdatetime',
  'lastupdatecount',
  'disablestatementpooling',
  'statementpoolingcachesize',
  'xopenstates',
  'usefmtonly',
  'columnencryptionsetting'
])

/** Takes URL and properties apart, names without case; properties win over the URL. ConfigError for what makes no sense. */
export function sqlServerTarget(options: OpenOptions): SqlServerTarget {
  const url = parseUrl(options.url.rest)
  const settings = new Settings([...url.parameters, ...options.properties])
  const serverName = settings.take('servername', 'server') ?? url.host
  const [server = '', namedInstance] = serverName.split('\\')
  const instance = settings.take('instancename', 'instance') ?? url.instance ?? namedInstance
  const portText = settings.take('portnumber', 'port')
  const port = portText === null ? url.port : portNumber(portText)
  const encrypt = settings.take('encrypt')?.toLowerCase() ?? 'true'
  const authority = settings.take('servercertificate')
  const hostInCertificate = settings.take('hostnameincertificate')
  const database = settings.take('databasename', 'database') ?? url.database
  const loginTimeout = Number(settings.take('logintimeout') ?? 0) * 1000
  const answerLimit =
    Number(settings.take('sockettimeout') ?? 0) ||
    Math.max(0, Number(settings.take('querytimeout') ?? 0)) * 1000
  const workstation = settings.take('workstationid')
  const packetSize = settings.take('packetsize')
  const authentication = authenticationOf(settings, options)
  const configuration: ConnectionConfiguration = {
    server: server === '' ? 'localhost' : server,
    authentication,
    options: {
      // A port says more than an instance's name, which has to be looked up.
      ...(port !== null
        ? { port }
        : instance === undefined || instance === null
          ? { port: 1433 }
          : { instanceName: instance }),
      ...(database === null ? {} : { database }),
      encrypt: encryptionOf(encrypt),
      trustServerCertificate: isTrue(settings.take('trustservercertificate')),
      ...(hostInCertificate === null ? {} : { serverName: hostInCertificate }),
      ...(authority === null ? {} : { cryptoCredentialsDetails: { ca: certificate(authority) } }),
      appName: settings.take('applicationname') ?? 'kafka-connect-node',
      ...(workstation === null ? {} : { workstationId: workstation }),
      ...(packetSize === null || Number(packetSize) <= 0 ? {} : { packetSize: Number(packetSize) }),
      readOnlyIntent: /^readonly$/i.test(settings.take('applicationintent') ?? ''),
      multiSubnetFailover: isTrue(settings.take('multisubnetfailover')),
      connectTimeout:
        loginTimeout > 0 ? Math.min(loginTimeout, options.timeoutMs) : options.timeoutMs,
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
  return {
    configuration,
    name:
      instance !== undefined && port === null
        ? `${server}\\${instance}`
        : `${server}:${port ?? 1433}`,
    answerLimitMs: answerLimit > 0 ? answerLimit : null,
    lockTimeoutMs: Number(settings.take('locktimeout') ?? -1),
    warnings: settings
      .left()
      .map((name) => `The driver property ${name} has no effect with SQL Server`)
  }
}

function authenticationOf(
  settings: Settings,
  options: OpenOptions
): NonNullable<ConnectionConfiguration['authentication']> {
  const ofUrl = settings.take('username', 'user')
  const ofProperties = settings.take('password')
  const userName = options.user ?? ofUrl ?? ''
  const password = options.password?.value ?? ofProperties ?? ''
  const token = settings.take('accesstoken')
  const method = settings.take('authentication')?.toLowerCase() ?? 'sqlpassword'
  const scheme = settings.take('authenticationscheme')?.toLowerCase()
  const domain = settings.take('domain', 'domainname')
  if (isTrue(settings.take('integratedsecurity'))) {
    if (scheme !== 'ntlm') {
      throw new ConfigError(
        'integratedSecurity needs authenticationScheme=NTLM with user, password and domain; Kerberos is not supported with SQL Server'
      )
    }
    return { type: 'ntlm', options: { userName, password, domain: domain ?? '' } }
  }
  if (method !== 'sqlpassword' && method !== 'notspecified') {
    throw new ConfigError(
      `authentication=${method} is not supported with SQL Server: use a login with password, NTLM, or an access token`
    )
  }
  // As the JVM connector: a password without a user is an access token.
  const bearer = token ?? (userName === '' && password !== '' ? password : null)
  return bearer === null
    ? { type: 'default', options: { userName, password } }
    : { type: 'azure-active-directory-access-token', options: { token: bearer } }
}

interface UrlParts {
  readonly host: string
  readonly instance: string | undefined
  readonly port: number | null
  readonly database: string | null
  readonly parameters: readonly (readonly [string, string])[]
}

/** `//host[\instance][:port][/database][;name=value]…`; a value in braces may hold semicolons. */
function parseUrl(rest: string): UrlParts {
  const semicolon = rest.indexOf(';')
  const address = semicolon === -1 ? rest : rest.slice(0, semicolon)
  const match = /^\/\/(\[[^\]]*\]|[^:;/\\]*)(?:\\([^:;/]+))?(?::(\d+))?(?:\/([^;]*))?$/.exec(
    address
  )
  if (match === null) {
    throw new ConfigError(
      `Not a valid JDBC URL: expected jdbc:sqlserver://host[\\instance][:port];databaseName=…, got an address of '${address}'`
    )
  }
  const [, host = '', instance, port, database] = match
  return {
    host: host.replace(/^\[|\]$/g, ''),
    instance,
    port: port === undefined ? null : portNumber(port),
    database: database === undefined || database === '' ? null : database,
    parameters: semicolon === -1 ? [] : parseProperties(rest.slice(semicolon + 1))
  }
}

function parseProperties(text: string): [string, string][] {
  const pairs: [string, string][] = []
  const property = /\s*([^=;]+?)\s*=\s*(?:\{((?:[^}]|\}\})*)\}|([^;]*))\s*(?:;|$)/y
  let at = 0
  while (at < text.length) {
    if (/^[\s;]*$/.test(text.slice(at))) break
    property.lastIndex = at
    const match = property.exec(text)
    if (match === null) {
      // I7: what stands there may be part of a password.
      throw new ConfigError(
        `Not a valid JDBC URL: after '${pairs.at(-1)?.[0] ?? 'the address'}' expected name=value; a value with a semicolon stands in braces`
      )
    }
    const [, name = '', braced, plain = ''] = match
    pairs.push([name, braced === undefined ? plain.trim() : braced.replaceAll('}}', '}')])
    at = property.lastIndex
  }
  return pairs
}

class Settings {
  readonly #values = new Map<string, { name: string; value: string }>()
  readonly #taken = new Set<string>()

  constructor(given: readonly (readonly [string, string])[]) {
    for (const [name, value] of given) this.#values.set(name.toLowerCase(), { name, value })
  }

  /** The value of the first of these (lower case) that was given; null when none was. */
  take(...names: string[]): string | null {
    for (const name of names) this.#taken.add(name)
    const found = names.find((name) => this.#values.has(name))
    return found === undefined ? null : (this.#values.get(found)?.value ?? null)
  }

  left(): string[] {
    return [...this.#values]
      .filter(([key]) => !this.#taken.has(key) && !NEEDLESS.has(key))
      .map(([, { name }]) => name)
  }
}

const isTrue = (value: string | null): boolean => value !== null && /^(true|yes|1)$/i.test(value)

function encryptionOf(word: string): boolean | 'strict' {
  if (word === 'strict') return 'strict'
  if (['true', 'mandatory', 'yes'].includes(word)) return true
  if (['false', 'optional', 'no'].includes(word)) return false
  throw new ConfigError(`encrypt=${word} is none of true, false, strict`)
}

function portNumber(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw new ConfigError(`Not a valid JDBC URL: port ${text} does not exist`)
}

function certificate(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigError(`serverCertificate: the file ${file} cannot be read`, { cause: error })
  }
}
