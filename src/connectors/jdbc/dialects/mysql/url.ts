import type { OpenOptions } from '../../database/database.ts'
import {
  decodeForm,
  hostAndPort,
  hostName,
  invalidUrl,
  portNumber,
  urlParameters
} from '../../database/jdbc-url.ts'
import { DriverProperties, type GivenProperty } from '../shared/driver-properties.ts'
import { shuffled } from '../shared/first-answer.ts'
import { mariadbProperties } from './mariadb-properties.ts'
import { connectorJProperties } from './properties.ts'

export interface MysqlAddress {
  readonly host: string
  readonly port: number
  /** A local socket instead of host and port; null: none. */
  readonly socketPath: string | null
  /** Of this host alone, written before it; null: those of the properties. */
  readonly user: string | null
  readonly password: string | null
}

/** Whom to ask for what, as Connector/J of MySQL or of MariaDB understands URL and properties. */
interface MysqlAddresses {
  readonly isMariaDb: boolean
  /** At least one, in the order to try. */
  readonly hosts: readonly MysqlAddress[]
  readonly database: string
  readonly properties: DriverProperties
}

/** One host as it is written, `isReplica` as far as it says so. */
type WrittenHost = MysqlAddress & { readonly isReplica: boolean | null }

const DEFAULT_PORT = 3306

export function mysqlAddresses(options: OpenOptions): MysqlAddresses {
  const isMariaDb = options.url.subProtocol === 'mariadb'
  const url = options.url.text
  if (options.url.subProtocol === 'mysql+srv') {
    throw invalidUrl(url, 'DNS SRV records are not looked up; write the hosts')
  }
  const decode = isMariaDb ? (text: string) => text : (text: string) => decodeForm(url, text)
  const { mode, authority, database, parameters } = splitUrl(url, options.url.rest, isMariaDb)
  const ofUrl: GivenProperty[] = urlParameters(parameters).map(([name, value]) => ({
    name: decode(name),
    value: value === null ? '' : decode(value),
    inUrl: true
  }))
  const properties = new DriverProperties(
    isMariaDb ? mariadbProperties : connectorJProperties,
    // The last counts: MariaDB's driver believes its URL, MySQL's the properties.
    isMariaDb ? [...ofProperties(options), ...ofUrl] : [...ofUrl, ...ofProperties(options)]
  )
  const written = splitHosts(authority).map((entry) => hostOf(url, entry, isMariaDb, decode))
  const socketPath = isMariaDb ? properties.word('localSocket') : null
  const ofList = written.length === 0 ? [hostOf(url, '', isMariaDb, decode)] : written
  const port = isMariaDb ? null : properties.word('port')
  const hosts = hostsOf(mode, ofList, properties, isMariaDb).map((host) => ({
    ...host,
    socketPath: host.socketPath ?? socketPath,
    port: host.port > 0 ? host.port : port === null ? DEFAULT_PORT : portNumber(url, port)
  }))
  return { isMariaDb, hosts, database: decode(database), properties }
}

function ofProperties({ properties, user, password }: OpenOptions): GivenProperty[] {
  return [
    ...[...properties].map(([name, value]) => ({ name, value, inUrl: false })),
    ...(user === null ? [] : [{ name: 'user', value: user, inUrl: false }]),
    ...(password === null ? [] : [{ name: 'password', value: password.value, inUrl: false }])
  ]
}

interface UrlParts {
  readonly mode: string
  readonly authority: string
  readonly database: string
  readonly parameters: string
}

const MODES = {
  mysql: ['', 'loadbalance', 'replication'],
  mariadb: ['', 'sequential', 'loadbalance', 'failover', 'load-balance-read', 'replication']
}

/** `[mode:]//hosts/database?parameters#fragment` */
function splitUrl(url: string, rest: string, isMariaDb: boolean): UrlParts {
  const slashes = rest.indexOf('//')
  if (slashes === -1) throw invalidUrl(url, 'two slashes stand before the host')
  // MariaDB's driver looks at the first word only.
  const [mode = ''] = rest.slice(0, slashes).toLowerCase().split(':')
  const known = isMariaDb ? MODES.mariadb : MODES.mysql
  if (!known.includes(mode)) {
    throw invalidUrl(url, `what stands before the slashes is none of ${known.slice(1).join(', ')}`)
  }
  const body = rest.slice(slashes + 2)
  const whole = isMariaDb ? body : (body.split('#')[0] ?? '')
  const question = whole.indexOf('?')
  const address = question === -1 ? whole : whole.slice(0, question)
  const slash = slashBehindHosts(address)
  return {
    mode,
    authority: slash === -1 ? address : address.slice(0, slash),
    database: slash === -1 ? '' : address.slice(slash + 1),
    parameters: question === -1 ? '' : whole.slice(question + 1)
  }
}

/** A path inside the parentheses of a host has slashes of its own. */
function slashBehindHosts(address: string): number {
  let depth = 0
  for (let at = 0; at < address.length; at++) {
    if (address[at] === '(') depth += 1
    else if (address[at] === ')') depth -= 1
    else if (address[at] === '/' && depth <= 0) return at
  }
  return -1
}

/** At commas outside brackets; `user:password@[h1,h2]` is one host for each in the brackets. */
function splitHosts(authority: string): string[] {
  const list = /^(.*@)?\[((?:[^[\]]*,[^[\]]*|\(.*|address=.*))\]$/is.exec(authority)
  if (list !== null) {
    const login = list[1] ?? ''
    return splitHosts(list[2] ?? '').map((host) => (host.includes('@') ? host : `${login}${host}`))
  }
  const hosts: string[] = []
  let depth = 0
  let from = 0
  for (let at = 0; at <= authority.length; at++) {
    const char = authority[at]
    if (char === '(' || char === '[') depth += 1
    else if (char === ')' || char === ']') depth -= 1
    else if (char === undefined || (char === ',' && depth <= 0)) {
      hosts.push(authority.slice(from, at).trim())
      from = at + 1
    }
  }
  return hosts.filter((host) => host !== '')
}

function hostOf(
  url: string,
  entry: string,
  isMariaDb: boolean,
  decode: (text: string) => string
): WrittenHost {
  // An @ inside the parentheses of a host belongs to one of its values.
  const inKeys = entry.search(/(?:^|@)(?:address\s*=\s*)?\(/i)
  const at = inKeys === -1 ? entry.lastIndexOf('@') : entry[inKeys] === '@' ? inKeys : -1
  if (at !== -1 && isMariaDb) {
    throw invalidUrl(
      url,
      'user and password stand behind the question mark, or in the connector’s own keys'
    )
  }
  const [user = null, password = null] =
    at === -1 ? [] : entry.slice(0, at).split(/:(.*)/s).map(decode)
  const login = { user: user === '' ? null : user, password }
  const text = entry.slice(at + 1)
  if (/^(?:address\s*=\s*)?\(/i.test(text))
    return { ...login, ...keyedHost(url, text, isMariaDb, decode) }
  const { host, port } = hostAndPort(url, text)
  return {
    ...login,
    host: host === '' ? 'localhost' : host,
    port: port ?? 0,
    socketPath: null,
    isReplica: null
  }
}

/** `address=(host=h)(port=3306)`, and MySQL's `(host=h,port=3306)`. */
function keyedHost(
  url: string,
  text: string,
  isMariaDb: boolean,
  decode: (text: string) => string
): Partial<MysqlAddress> & Omit<WrittenHost, 'user' | 'password'> {
  const isAddress = /^address/i.test(text)
  if (isMariaDb && !isAddress) {
    throw invalidUrl(url, 'a host is written host:port or address=(host=…)(port=…)')
  }
  const inner = isAddress
    ? [...text.matchAll(/\(([^()]*)\)/g)].map(([, pair = '']) => pair)
    : text.replace(/^\(|\)$/g, '').split(',')
  const given = new Map<string, string>()
  for (const pair of inner) {
    const [key = '', value = ''] = pair.split(/=(.*)/s)
    given.set(key.trim().toLowerCase(), decode(value.trim()))
  }
  const take = (key: string): string | null => {
    const value = given.get(key) ?? null
    given.delete(key)
    return value
  }
  const protocol = take('protocol')?.toLowerCase() ?? 'tcp'
  const port = take('port')
  const type = take('type')?.toLowerCase() ?? null
  const user = isMariaDb ? null : take('user')
  const password = isMariaDb ? null : take('password')
  take('priority')
  const host = take('host')
  const socketPath = isMariaDb ? take('localsocket') : null
  const [other] = given.keys()
  if (other !== undefined || protocol !== 'tcp') {
    throw invalidUrl(
      url,
      `of an address only host, port, type${isMariaDb ? ' and localSocket' : ', user and password'} are known; other properties stand behind the question mark`
    )
  }
  return {
    host: hostName(url, host ?? '') || 'localhost',
    port: port === null || port === '' ? 0 : portNumber(url, port),
    socketPath,
    isReplica: type === null ? null : /^(replica|slave)$/.test(type),
    ...(user === null ? {} : { user }),
    ...(password === null ? {} : { password })
  }
}

/**
 * Which of the hosts a session may be opened on, in which order. A source only reads, but as the driver does
 * it asks the writable one.
 */
function hostsOf(
  mode: string,
  written: readonly WrittenHost[],
  properties: DriverProperties,
  isMariaDb: boolean
): readonly WrittenHost[] {
  switch (mode) {
    case 'loadbalance':
    case 'failover':
      return shuffled(written)
    case 'replication': {
      const isSource = (host: WrittenHost, index: number): boolean =>
        host.isReplica === null
          ? index === 0 || written.some((one) => one.isReplica !== null)
          : !host.isReplica
      const sources = written.filter(isSource)
      const alone = isMariaDb || !properties.flag('allowSourceDownConnections', false)
      return alone ? sources : [...sources, ...written.filter((host) => !sources.includes(host))]
    }
    case 'load-balance-read': {
      const writable = written.filter((host) => host.isReplica !== true)
      return writable.length === 0 ? written : writable
    }
    default:
      return written
  }
}
