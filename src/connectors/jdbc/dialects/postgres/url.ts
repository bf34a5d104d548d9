import { userInfo } from 'node:os'
import type { OpenOptions } from '../../database/database.ts'
import {
  decodeForm,
  hostAndPort,
  invalidUrl,
  portNumber,
  urlParameters
} from '../../database/jdbc-url.ts'
import { DriverProperties, type GivenProperty } from '../shared/driver-properties.ts'
import { pgjdbcProperties } from './properties.ts'

export interface PostgresAddress {
  readonly host: string
  readonly port: number
}

/** Whom to ask for what, as pgjdbc understands URL and properties. */
interface PostgresAddresses {
  /** At least one, in the order of the URL. */
  readonly hosts: readonly PostgresAddress[]
  readonly database: string
  readonly user: string
  readonly password: string | null
  readonly properties: DriverProperties
}

const DEFAULT_PORT = 5432

/**
 * As `org.postgresql.Driver.parseURL`: the URL wins over properties, user and password among them.
 * ConfigError for all else.
 */
export function postgresAddresses(options: OpenOptions): PostgresAddresses {
  const { text, rest } = options.url
  const question = rest.indexOf('?')
  const address = question === -1 ? rest : rest.slice(0, question)
  const { authority, database } = splitAddress(text, address)
  const at = authority?.lastIndexOf('@') ?? -1
  const login = at === -1 ? null : (authority ?? '').slice(0, at)
  const given: GivenProperty[] = [
    ...loginOf(text, login),
    ...[...options.properties].map(([name, value]) => ({ name, value, inUrl: false })),
    ...(options.user === null ? [] : [{ name: 'user', value: options.user, inUrl: false }]),
    ...(options.password === null
      ? []
      : [{ name: 'password', value: options.password.value, inUrl: false }]),
    ...urlParameters(question === -1 ? '' : rest.slice(question + 1)).map(([name, value]) => ({
      name: /^(host|port|dbname)$/i.test(name) ? name.toLowerCase() : name,
      value: value === null ? '' : decodeForm(text, value),
      inUrl: true
    }))
  ]
  const properties = new DriverProperties(pgjdbcProperties, given)
  const user = properties.word('user') ?? userInfo().username
  // What the properties name counts only where the address says nothing, unless it is a parameter of the URL
  // itself.
  const inUrl = new Set(given.filter((one) => one.inUrl).map(({ name }) => name.toLowerCase()))
  const isSaid = (name: string): boolean => inUrl.has(name) || inUrl.has(`pg${name}`)
  const named = (name: string, property: string, written: string): string =>
    written === '' || isSaid(name) ? (properties.word(property) ?? written) : written
  const hosts = named('host', 'PGHOST', authority?.slice(at + 1) ?? '')
  const ports =
    isSaid('host') || isSaid('port') || authority === null ? properties.word('PGPORT') : null
  return {
    hosts: hostList(text, hosts, ports),
    database: named('dbname', 'PGDBNAME', database) || user,
    user,
    password: properties.text('password'),
    properties
  }
}

function splitAddress(
  url: string,
  address: string
): { authority: string | null; database: string } {
  if (!address.startsWith('//')) {
    if (address.startsWith('/')) throw invalidUrl(url, 'two slashes stand before the host')
    return { authority: null, database: decodeForm(url, address) }
  }
  const slash = address.indexOf('/', 2)
  const authority = slash === -1 ? address.slice(2) : address.slice(2, slash)
  const database = slash === -1 ? '' : address.slice(slash + 1)
  if (database.includes('/')) throw invalidUrl(url, 'there are too many slashes in it')
  return { authority, database: decodeForm(url, database) }
}

/** `user:password@`, which libpq knows and pgjdbc does not: it counts last. */
function loginOf(url: string, login: string | null): GivenProperty[] {
  if (login === null) return []
  const colon = login.indexOf(':')
  const user = colon === -1 ? login : login.slice(0, colon)
  const given = [{ name: 'user', value: decodeForm(url, user), inUrl: false }]
  if (colon === -1) return given
  return [
    ...given,
    { name: 'password', value: decodeForm(url, login.slice(colon + 1)), inUrl: false }
  ]
}

function hostList(url: string, hosts: string, ports: string | null): PostgresAddress[] {
  const ofList = ports?.split(',') ?? []
  return hosts.split(',').map((entry, index) => {
    const { host, port } = hostAndPort(url, entry)
    const other = ofList.length === 1 ? ofList[0] : ofList[index]
    const given = port ?? (other === undefined ? null : portNumber(url, other.trim()))
    return { host: host === '' ? 'localhost' : host, port: given ?? DEFAULT_PORT }
  })
}
