import type { ClientConfig } from 'pg'
import { ConfigError } from '../../../../errors.ts'
import type { OpenOptions } from '../../database/database.ts'
import type { DriverProperties } from '../shared/driver-properties.ts'
import { shuffled } from '../shared/first-answer.ts'
import { type PostgresAddress, postgresAddresses } from './url.ts'
import { type Encryption, type Encryptions, encryptionsOf } from './tls.ts'

/** What a server has to be: where a role is only preferred, any serves when none has it. */
export interface WantedRole {
  readonly role: 'primary' | 'secondary'
  readonly isOnlyPreferred: boolean
  readonly word: string
}

/** How this side lets itself be asked for its password. */
export interface Authentication {
  /** Methods that are accepted; null: all. */
  readonly methods: ReadonlySet<string> | null
  readonly channelBinding: 'disable' | 'prefer' | 'require'
}

/** What URL and driver properties ask for. */
export interface PostgresTarget {
  /** In the order to try. */
  readonly hosts: readonly PostgresAddress[]
  readonly database: string
  readonly role: WantedRole | null
  readonly authentication: Authentication
  /** For the whole attempt, and for one host of several; null: nothing is said. */
  readonly loginLimitMs: number | null
  readonly connectLimitMs: number | null
  /** Limit for one answer of the server (`socketTimeout`, `queryTimeout`); null: none. */
  readonly answerLimitMs: number | null
  /** Whether tables the user may do nothing with are left out (`hideUnprivilegedObjects`). */
  readonly onlyAllowed: boolean
  /** Settings of every transaction: behind a pooler a session may be another one each time. */
  readonly settings: ReadonlyMap<string, string>
  encryptions(host: string): Encryptions
  /** Settings of the driver for one host. */
  client(address: PostgresAddress, encryption: Encryption): ClientConfig
  /** What the server is told before it lets anybody in. */
  readonly startup: Readonly<Record<string, string>>
}

/** How the server prints values, whatever its configuration says. */
const EXACT_VALUES: readonly (readonly [string, string])[] = [
  ['TimeZone', 'UTC'],
  ['DateStyle', 'ISO'],
  ['IntervalStyle', 'iso_8601'],
  ['extra_float_digits', '3'],
  ['bytea_output', 'hex']
]

/**
 * The URL and driver properties of pgjdbc. Throws ConfigError for what makes no sense or is refused; tells
 * what has no effect.
 */
export function postgresTarget(options: OpenOptions): PostgresTarget {
  const { hosts, database, user, password, properties } = postgresAddresses(options)
  properties.tell(options.log)
  const authentication = authenticationOf(properties)
  const keepAlive = properties.flag('tcpKeepAlive', true)
  const direct = properties.oneOf('sslNegotiation', ['postgres', 'direct']) ?? 'postgres'
  const iterations = properties.count('scramMaxIterations')
  const extra = properties.word('options')
  const target: PostgresTarget = {
    hosts: properties.flag('loadBalanceHosts', false) ? shuffled(hosts) : hosts,
    database,
    role: roleOf(properties),
    authentication,
    loginLimitMs: seconds(properties, 'loginTimeout'),
    connectLimitMs: seconds(properties, 'connectTimeout'),
    answerLimitMs: smaller(
      seconds(properties, 'socketTimeout'),
      seconds(properties, 'queryTimeout')
    ),
    onlyAllowed: properties.flag('hideUnprivilegedObjects', false),
    settings: transactionSettings(properties),
    encryptions: (host) => encryptionsOf(properties, host),
    startup: {
      user,
      database,
      client_encoding: 'UTF8',
      application_name: properties.word('ApplicationName') ?? 'kafka-connect-node',
      ...(extra === null ? {} : { options: extra })
    },
    client: ({ host, port }, { tls }) => ({
      // Everything is said, so that no variable of the environment is asked.
      user,
      database,
      host,
      port,
      // A function, so that a printed client does not hold it.
      password: () => password ?? '',
      ssl: tls,
      sslnegotiation: tls === false ? 'postgres' : direct,
      keepAlive,
      keepAliveInitialDelayMillis: 10_000,
      enableChannelBinding: tls !== false && authentication.channelBinding !== 'disable',
      ...(iterations === null ? {} : { scramMaxIterations: iterations })
    })
  }
  // What is wrong with keys and certificates is said before anybody is asked.
  for (const { host } of hosts) target.encryptions(host)
  return target
}

function transactionSettings(properties: DriverProperties): Map<string, string> {
  const settings = new Map(EXACT_VALUES)
  const schema = properties.word('currentSchema')
  if (schema !== null) settings.set('search_path', schema)
  const mode = properties.oneOf('readOnlyMode', ['ignore', 'transaction', 'always'])
  if (properties.flag('readOnly', false) && mode !== 'ignore')
    settings.set('transaction_read_only', 'on')
  return settings
}

const ROLES: Readonly<Record<string, Omit<WantedRole, 'word'> | null>> = {
  any: null,
  primary: { role: 'primary', isOnlyPreferred: false },
  master: { role: 'primary', isOnlyPreferred: false },
  secondary: { role: 'secondary', isOnlyPreferred: false },
  slave: { role: 'secondary', isOnlyPreferred: false },
  preferPrimary: { role: 'primary', isOnlyPreferred: true },
  preferSecondary: { role: 'secondary', isOnlyPreferred: true },
  preferSlave: { role: 'secondary', isOnlyPreferred: true }
}

function roleOf(properties: DriverProperties): WantedRole | null {
  const word = properties.oneOf('targetServerType', Object.keys(ROLES)) ?? 'any'
  const role = ROLES[word] ?? null
  return role === null ? null : { ...role, word }
}

const METHODS = ['password', 'md5', 'gss', 'sspi', 'scram-sha-256', 'none']

function authenticationOf(properties: DriverProperties): Authentication {
  const channelBinding =
    properties.oneOf('channelBinding', ['disable', 'prefer', 'require']) ?? 'prefer'
  const wanted = properties
    .word('requireAuth')
    ?.split(',')
    .map((word) => word.trim().toLowerCase())
  if (wanted === undefined) return { methods: null, channelBinding }
  const negative = wanted.filter((word) => word.startsWith('!'))
  const names = wanted.map((word) => word.replace(/^!/, ''))
  if (
    names.some((name) => !METHODS.includes(name)) ||
    ![0, wanted.length].includes(negative.length)
  ) {
    throw new ConfigError(
      `${properties.at('requireAuth')} is a list of ${METHODS.join(', ')}, or of these with ! before each`
    )
  }
  const methods = negative.length === 0 ? names : METHODS.filter((name) => !names.includes(name))
  return { methods: new Set(methods), channelBinding }
}

function seconds(properties: DriverProperties, name: string): number | null {
  const count = properties.count(name) ?? 0
  return count === 0 ? null : count * 1000
}

function smaller(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other)
}
