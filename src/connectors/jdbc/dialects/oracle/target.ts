import { ConfigError } from '../../../../errors.ts'
import type { OpenOptions } from '../../database/database.ts'
import { invalidUrl } from '../../database/jdbc-url.ts'
import { DriverProperties, type GivenProperty } from '../shared/driver-properties.ts'
import { addressCount } from './address-count.ts'
import { ojdbcProperties } from './properties.ts'
import { connectStringOf, type Problem, splitCredentials, splitParameters } from './url.ts'
import { NO_WALLET, type OracleWallet, walletOf } from './wallet.ts'

/** What a URL and its driver properties ask for, in the words of our driver. */
export interface OracleTarget {
  /** Easy Connect, a descriptor, or an alias of tnsnames.ora. */
  readonly connectString: string
  readonly user: string
  readonly password: string | null
  /**
   * Thick mode with Oracle's client in this folder (null: where the system looks), thin mode, or null:
   * nothing is said.
   */
  readonly client: { readonly libDir: string | null } | 'thin' | null
  /** Folder of tnsnames.ora. */
  readonly configDir: string | null
  readonly wallet: OracleWallet
  /** What else of TLS, names and paths the driver is told, in its words. */
  readonly more: Readonly<Record<string, unknown>>
  readonly httpsProxy: { readonly host: string; readonly port: number } | null
  /** `SYSDBA` …; null: an ordinary session. */
  readonly privilege: string | null
  readonly connectTimeoutMs: number
  /** For one address of several. */
  readonly addressLimitMs: number
  /** Limit for one answer of the server (`oracle.jdbc.ReadTimeout`); null: none. */
  readonly answerLimitMs: number | null
  /** Shown in V$SESSION.MODULE. */
  readonly module: string
}

/** Parameters of Easy Connect Plus, which the driver understands in the address itself. */
const EASY_CONNECT = new Set(
  'enable compression failover load_balance recv_buf_size send_buf_size sdu source_route retry_count retry_delay https_proxy https_proxy_port connect_timeout transport_connect_timeout recv_timeout ssl_server_cert_dn ssl_server_dn_match tls_server_cert_dn tls_server_dn_match ssl_allow_weak_dn_match tls_allow_weak_dn_match wallet_location my_wallet_directory pool_connection_class pool_purity service_tag connection_id_prefix pool_boundary use_sni expire_time'.split(
    ' '
  )
)

/**
 * Takes URL and properties apart; ConfigError for forms the driver does not know in its mode. Properties win
 * over the URL, as in ojdbc.
 */
export function oracleTarget(options: OpenOptions): OracleTarget {
  const [, kind = '', body = ''] = /^(\w+):(.*)$/s.exec(options.url.rest) ?? []
  if (!['thin', 'oci', 'oci8'].includes(kind.toLowerCase())) {
    throw invalidUrl(options.url.text, 'expected jdbc:oracle:thin:@//host:port/service')
  }
  const problem: Problem = (why) => invalidUrl(options.url.text, why)
  const { user, password, address } = splitCredentials(body, problem)
  const { target, parameters } = splitParameters(address)
  if (!target.startsWith('(') && target.includes('@')) {
    throw problem('a password with an @ in it has to stand in double quotes')
  }
  const isEasy = (name: string): boolean => EASY_CONNECT.has(name.toLowerCase())
  const properties = new DriverProperties(ojdbcProperties, [
    ...given('user', user, true),
    ...given('password', password, true),
    ...parameters
      .filter(([name]) => !isEasy(name))
      .map(([name, value]) => ({ name, value: value ?? '', inUrl: true })),
    ...[...options.properties].map(([name, value]) => ({ name, value, inUrl: false })),
    ...given('user', options.user, false),
    ...given('password', options.password?.value ?? null, false)
  ])
  properties.tell(options.log)
  const client = clientOf(properties)
  const isThick = client !== null && client !== 'thin'
  if (kind.toLowerCase() !== 'thin' && !isThick) {
    options.log.warn(
      `The URL asks for Oracle's OCI driver (${kind}); the thin driver is used instead. Oracle's client is used with connection.oracle.thick=true`
    )
  }
  for (const name of unusedInMode(properties, client)) {
    options.log.warn(
      `The driver property ${name} has no effect: ${isThick ? "Oracle's client has files of its own for that" : 'it belongs to connection.oracle.thick=true'}`
    )
  }
  const easy = parameters.filter(([name]) => isEasy(name))
  const { connectString, carriesParameters } = connectStringOf(target, isThick, problem)
  if (!carriesParameters && easy.length > 0) {
    throw problem(
      `the parameter ${easy[0]?.[0]} belongs to an address of the form //host:port/service; in a descriptor or tnsnames.ora it is written there`
    )
  }
  const text = easy.map(([name, value]) => `${name}=${value ?? ''}`).join('&')
  const ofUrl = easy.find(([name]) => /^(wallet_location|my_wallet_directory)$/i.test(name))?.[1]
  const written = properties.word('oracle.net.wallet_location') ?? ofUrl ?? null
  const readTimeout = properties.count('oracle.jdbc.ReadTimeout') ?? 0
  const configDir = properties.word('oracle.net.tns_admin') ?? process.env['TNS_ADMIN'] ?? null
  const limits = connectLimits(
    properties,
    options.timeoutMs,
    addressCount(connectString, configDir)
  )
  return {
    connectString: text === '' ? connectString : `${connectString}?${text}`,
    user: properties.text('user') ?? '',
    password: properties.text('password'),
    client,
    configDir,
    wallet: isThick ? NO_WALLET : walletOf(written, properties, problem),
    more: moreAttributes(properties),
    httpsProxy: proxyOf(properties),
    privilege: properties.word('internal_logon')?.toUpperCase() ?? null,
    ...limits,
    answerLimitMs: readTimeout > 0 ? readTimeout : null,
    module: properties.word('v$session.program') ?? 'kafka-connect-node'
  }
}

/** Thick mode leaves wallets to Oracle's client; without it there is no library to look for. */
function unusedInMode(properties: DriverProperties, client: OracleTarget['client']): string[] {
  const isThick = client !== null && client !== 'thin'
  const names = isThick
    ? [
        'oracle.net.wallet_location',
        'oracle.net.wallet_password',
        'javax.net.ssl.keyStore',
        'javax.net.ssl.trustStore'
      ]
    : ['oracle.client.lib.dir']
  return names.filter((name) => properties.word(name) !== null)
}

function given(name: string, value: string | null, inUrl: boolean): GivenProperty[] {
  return value === null ? [] : [{ name, value, inUrl }]
}

/**
 * ojdbc's own limits are one for an address and one for all; I8: no address may use up the time of the next.
 */
function connectLimits(
  properties: DriverProperties,
  timeoutMs: number,
  addresses: number
): Pick<OracleTarget, 'connectTimeoutMs' | 'addressLimitMs'> {
  const positive = (count: number | null): number =>
    count === null || count === 0 ? Infinity : count
  const login = positive(properties.count('oracle.jdbc.loginTimeout')) * 1000
  const whole = Math.min(timeoutMs, login)
  const each = Math.min(
    positive(properties.count('oracle.net.CONNECT_TIMEOUT')),
    positive(properties.count('oracle.net.OUTBOUND_CONNECT_TIMEOUT'))
  )
  return {
    connectTimeoutMs: addresses === 1 ? Math.min(whole, each) : whole,
    addressLimitMs: Math.min(whole / addresses, each)
  }
}

function proxyOf(properties: DriverProperties): OracleTarget['httpsProxy'] {
  const host = properties.word('oracle.net.httpsProxyHost')
  return host === null ? null : { host, port: properties.count('oracle.net.httpsProxyPort') || 80 }
}

function moreAttributes(properties: DriverProperties): Record<string, unknown> {
  const more: Record<string, unknown> = {}
  const isGiven = (name: string): boolean => properties.word(name) !== null
  for (const [attribute, name] of [
    ['sslServerDNMatch', 'oracle.net.ssl_server_dn_match'],
    ['sslAllowWeakDNMatch', 'oracle.net.ssl_allow_weak_dn_match'],
    ['useSNI', 'oracle.net.useSNI']
  ] as const) {
    if (isGiven(name)) more[attribute] = properties.flag(name, false)
  }
  for (const [attribute, name] of [
    ['sslServerCertDN', 'oracle.net.ssl_server_cert_dn'],
    ['connectionIdPrefix', 'oracle.net.connectionIdPrefix'],
    ['edition', 'oracle.jdbc.editionName'],
    ['accessToken', 'oracle.jdbc.accessToken'],
    ['program', 'v$session.program'],
    ['machine', 'v$session.machine'],
    ['osUser', 'v$session.osuser'],
    ['terminal', 'v$session.terminal']
  ] as const) {
    if (isGiven(name)) more[attribute] = properties.word(name)
  }
  return more
}

/** `oracle.thick` and `oracle.client.lib.dir`, which the JDBC driver does not have. */
function clientOf(properties: DriverProperties): OracleTarget['client'] {
  const thick = properties.word('oracle.thick')?.toLowerCase() ?? null
  if (thick === null) return null
  if (thick === 'false') return 'thin'
  if (thick !== 'true') {
    throw new ConfigError(`connection.oracle.thick is true or false, not ${thick}`)
  }
  return { libDir: properties.word('oracle.client.lib.dir') }
}
