import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from '../../../errors.ts'
import type { OpenOptions } from '../database.ts'

/** What a URL and its driver properties ask for, in the words of our driver. */
export interface OracleTarget {
  /** Easy Connect, a descriptor, or an alias of tnsnames.ora. */
  readonly connectString: string
  readonly user: string
  readonly password: string | null
  /** Thick mode with Oracle's client in this folder (null: where the system looks), thin mode, or null: nothing is said. */
  readonly client: { readonly libDir: string | null } | 'thin' | null
  /** Folder of tnsnames.ora. */
  readonly configDir: string | null
  /** Folder of ewallet.pem. */
  readonly walletLocation: string | null
  readonly walletPassword: string | null
  readonly sslServerDNMatch: boolean | null
  readonly sslServerCertDN: string | null
  readonly httpsProxy: { readonly host: string; readonly port: number } | null
  /** `SYSDBA` …; null: an ordinary session. */
  readonly privilege: string | null
  readonly connectTimeoutMs: number
  /** Limit for one answer of the server (`oracle.jdbc.ReadTimeout`); null: none. */
  readonly answerLimitMs: number | null
  /** Shown in V$SESSION.MODULE. */
  readonly module: string
  /** To be logged. */
  readonly warnings: readonly string[]
}

/** Properties of the JDBC driver that ask for what is always so here. */
const NEEDLESS = new Set([
  'oracle.net.keepalive',
  'defaultrowprefetch',
  'oracle.jdbc.j2ee13compliant',
  'oracle.jdbc.timezoneasregion',
  'oracle.jdbc.mapdatetotimestamp',
  'oracle.net.disableoob'
])

/** Takes URL and properties apart; ConfigError for forms the driver does not know in its mode. Properties win over the URL. */
export function oracleTarget(options: OpenOptions): OracleTarget {
  const warnings: string[] = []
  const [, kind = '', body = ''] = /^(\w+):(.*)$/s.exec(options.url.rest) ?? []
  if (!['thin', 'oci', 'oci8'].includes(kind)) {
    throw new ConfigError('Not a valid JDBC URL: expected jdbc:oracle:thin:@//host:port/service')
  }
  const { user, password, address } = splitCredentials(body)
  // I7: of user and password only the user is shown.
  const problem: Problem = (why) =>
    new ConfigError(
      `Not a valid JDBC URL: jdbc:oracle:${kind}:${user === null ? '' : `${user}/****`}@${address}: ${why}`
    )
  const { target, parameters } = splitParameters(address)
  if (!target.startsWith('(') && target.includes('@')) {
    throw new ConfigError(
      `Not a valid JDBC URL: jdbc:oracle:${kind}:****@${target.slice(target.lastIndexOf('@') + 1)}: a password with an @ in it has to stand in double quotes`
    )
  }
  const given = lowerCased([...parameters, ...options.properties], warnings)
  const client = clientOf(given)
  const isThick = client !== null && client !== 'thin'
  if (kind !== 'thin' && !isThick) {
    warnings.push(
      `The URL asks for Oracle's OCI driver (${kind}); the thin driver is used instead. Oracle's client is used with connection.oracle.thick=true`
    )
  }
  const { connectString, carriesParameters } = connectStringOf(target, isThick, problem)
  // Easy Connect knows these itself; everything else takes them from here.
  const easy = carriesParameters ? [...parameters].filter(([name]) => !name.includes('.')) : []
  const kept = easy.filter(([name]) => name.toLowerCase() !== 'tns_admin')
  const text = kept.map(([name, value]) => `${name}=${value}`).join('&')
  const wallet = isThick ? null : walletOf(given, kept, problem)
  const readTimeout = Number(
    given.take('oracle.jdbc.readtimeout') ?? given.take('oracle.net.read_timeout') ?? 0
  )
  const connectTimeout = Number(given.take('oracle.net.connect_timeout') ?? 0)
  const proxy = given.take('oracle.net.httpsproxyhost')
  const dnMatch = given.take('oracle.net.ssl_server_dn_match')
  const settings: Omit<OracleTarget, 'warnings'> = {
    connectString: text === '' ? connectString : `${connectString}?${text}`,
    user: options.user ?? given.take('user') ?? user ?? '',
    password: options.password?.value ?? given.take('password') ?? password,
    client,
    configDir:
      given.take('oracle.net.tns_admin') ??
      given.take('tns_admin') ??
      process.env['TNS_ADMIN'] ??
      null,
    walletLocation: wallet,
    walletPassword: given.take('oracle.net.wallet_password') ?? null,
    sslServerDNMatch: dnMatch === null ? null : /^(true|yes|on)$/i.test(dnMatch),
    sslServerCertDN: given.take('oracle.net.ssl_server_cert_dn'),
    httpsProxy:
      proxy === null
        ? null
        : { host: proxy, port: Number(given.take('oracle.net.httpsproxyport') ?? 80) },
    privilege: given.take('internal_logon')?.toUpperCase() ?? null,
    connectTimeoutMs:
      connectTimeout > 0 ? Math.min(connectTimeout, options.timeoutMs) : options.timeoutMs,
    answerLimitMs: readTimeout > 0 ? readTimeout : null,
    module: given.take('v$session.program') ?? 'kafka-connect-node'
  }
  for (const name of given.left(kept.map(([key]) => key.toLowerCase()))) {
    warnings.push(`The driver property ${name} has no effect with Oracle`)
  }
  return { ...settings, warnings }
}

type Problem = (why: string) => ConfigError

/** `oracle.thick` and `oracle.client.lib.dir`, which the JDBC driver does not have. */
function clientOf(given: Settings): OracleTarget['client'] {
  const thick = given.take('oracle.thick')?.trim().toLowerCase() ?? null
  if (thick === null || thick === '') return null
  if (thick === 'false') return 'thin'
  if (thick !== 'true') {
    throw new ConfigError(`connection.oracle.thick is true or false, not ${thick}`)
  }
  return { libDir: given.take('oracle.client.lib.dir') }
}

/** `user/password@address`, both optional, either in double quotes. */
function splitCredentials(body: string): {
  user: string | null
  password: string | null
  address: string
} {
  const match = /^("[^"]*"|[^/@"]*)(?:\/("[^"]*"|[^@]*))?@(.*)$/s.exec(body)
  if (match === null) {
    throw new ConfigError(
      'Not a valid JDBC URL: an @ stands before the address, as in jdbc:oracle:thin:@//host:port/service'
    )
  }
  const [, user = '', password, address = ''] = match
  const bare = (text: string): string => text.replace(/^"(.*)"$/s, '$1')
  return {
    user: user === '' ? null : bare(user),
    password: password === undefined || password === '' ? null : bare(password),
    address: address.trim()
  }
}

function splitParameters(address: string): { target: string; parameters: Map<string, string> } {
  const question = address.startsWith('(') ? -1 : address.indexOf('?')
  const parameters = new Map<string, string>()
  if (question === -1) return { target: address, parameters }
  for (const pair of address.slice(question + 1).split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    parameters.set(
      equals === -1 ? pair : pair.slice(0, equals),
      equals === -1 ? '' : pair.slice(equals + 1)
    )
  }
  return { target: address.slice(0, question), parameters }
}

function connectStringOf(
  target: string,
  isThick: boolean,
  problem: Problem
): { connectString: string; carriesParameters: boolean } {
  if (target.startsWith('(')) return { connectString: target, carriesParameters: false }
  if (/^ldaps?:/i.test(target)) {
    throw problem(
      isThick
        ? "Oracle's client takes the directory from its ldap.ora: write the name alone"
        : 'names in an LDAP directory cannot be looked up in thin mode; write the address or descriptor itself'
    )
  }
  const scheme = /^([a-z][a-z0-9-]*):\/\//i.exec(target)?.[1]?.toLowerCase()
  if (scheme !== undefined && !['tcp', 'tcps', 'wss'].includes(scheme)) {
    throw problem(`addresses by ${scheme}:// are not supported`)
  }
  const sid = /^(\[[^\]]+\]|[^:/[\]]+):(\d+):([\w$#.-]+)$/.exec(target)
  if (sid !== null) {
    const host = (sid[1] ?? '').replace(/^\[|\]$/g, '')
    return {
      connectString: `(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=${host})(PORT=${sid[2]}))(CONNECT_DATA=(SID=${sid[3]})))`,
      carriesParameters: false
    }
  }
  const plain = target.replace(/^\/\//, '')
  if (plain === '') throw problem('there is no address behind the @')
  // A word without colon or slash is an alias of tnsnames.ora.
  const isAlias = scheme === undefined && !/[:/]/.test(plain) && !target.startsWith('//')
  return { connectString: plain, carriesParameters: !isAlias }
}

/** The folder of the wallet: `/dir`, `file:/dir`, `(SOURCE=(METHOD=file)(METHOD_DATA=(DIRECTORY=/dir)))`. It has to hold PEM. */
function walletOf(
  given: Settings,
  easy: readonly (readonly [string, string])[],
  problem: Problem
): string | null {
  const ofUrl = easy.find(([name]) => /^(wallet_location|my_wallet_directory)$/i.test(name))?.[1]
  const written = given.take('oracle.net.wallet_location') ?? ofUrl ?? null
  if (written === null || /^system$/i.test(written)) return null
  const folder =
    /DIRECTORY\s*=\s*([^)]+)\)/i.exec(written)?.[1]?.trim() ?? written.replace(/^file:(\/\/)?/i, '')
  if (existsSync(folder) && !existsSync(join(folder, 'ewallet.pem'))) {
    throw problem(
      `the wallet folder ${folder} holds no ewallet.pem; cwallet.sso and ewallet.p12 have to be converted: orapki wallet export, or openssl pkcs12`
    )
  }
  return folder
}

interface Settings {
  /** The value of a property, lower case name; null when not given. */
  take(name: string): string | null
  /** Names nobody took, as they were given. */
  left(known: readonly string[]): string[]
}

function lowerCased(given: readonly (readonly [string, string])[], warnings: string[]): Settings {
  const values = new Map<string, { name: string; value: string }>()
  for (const [name, value] of given) values.set(name.toLowerCase(), { name, value })
  const taken = new Set<string>()
  for (const name of values.keys()) {
    if (!name.startsWith('javax.net.ssl.')) continue
    warnings.push(
      `The driver property ${name} has no effect with Oracle: certificates come from a wallet folder with ewallet.pem (oracle.net.wallet_location)`
    )
    taken.add(name)
  }
  return {
    take(name) {
      taken.add(name)
      return values.get(name)?.value ?? null
    },
    left: (known) =>
      [...values]
        .filter(([key]) => !taken.has(key) && !known.includes(key) && !NEEDLESS.has(key))
        .map(([, { name }]) => name)
  }
}
