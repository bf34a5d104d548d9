import { BlockList, isIP } from 'node:net'
import { ConfigError } from '../errors.ts'
import { basicAuth } from './basic-auth.ts'

/** A request, as far as it shows who asks. */
export interface Asking {
  readonly authorization: string | undefined
  /** Null when it has none of that name. */
  header(name: string): string | null
  /** Network address of the other side. */
  readonly address: string | null
  /** Common name of the client's certificate, where there is one and it is trusted. */
  readonly certificate: string | null
  /** The account that another worker of the group has found; null: none passes it on. */
  readonly passedOn: string | null
}

/** Who asks; null: whoever it is may not. `account` is null where nobody is asked for one. */
export type Authenticate = (asking: Asking) => { readonly account: string | null } | null

/** What lets requests in. */
export interface AccountSettings {
  /** Users file of basic auth, null when it is off. */
  readonly usersFile: string | null
  /** Proxies that have checked who asks, and the header in which they say it. */
  readonly proxies: { readonly header: string; readonly addresses: BlockList } | null
  /** Certificates of clients stand for accounts. */
  readonly certificates: boolean
}

/** null: nobody is asked who he is. Throws ConfigError when the users file cannot be read. */
export function authentication(settings: AccountSettings): Authenticate | null {
  const { usersFile, proxies, certificates } = settings
  const ways: Authenticate[] = []
  const named = (account: string | null): ReturnType<Authenticate> =>
    account === null ? null : { account }
  if (certificates) ways.push(({ certificate }) => named(certificate))
  if (proxies !== null) {
    const { header, addresses } = proxies
    ways.push((asking) => (isFrom(asking.address, addresses) ? named(asking.header(header)) : null))
  }
  if (usersFile !== null) {
    const basic = basicAuth(usersFile)
    ways.push(({ authorization }) => basic(authorization))
  }
  if (ways.length === 0) return null
  return (asking) => {
    if (asking.passedOn !== null) return { account: asking.passedOn }
    for (const way of ways) {
      const found = way(asking)
      if (found !== null) return found
    }
    return null
  }
}

/** Addresses, or networks as `10.1.0.0/16`. Throws ConfigError that names `key`. */
export function addressList(key: string, texts: readonly string[]): BlockList {
  const list = new BlockList()
  for (const text of texts) {
    const [address = '', bits, ...rest] = text.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    const most = family === 'ipv6' ? 128 : 32
    const length = bits === undefined ? most : Number(bits)
    const isNetwork = bits === undefined || /^\d{1,3}$/.test(bits)
    if (isIP(address) === 0 || !isNetwork || length > most || rest.length > 0) {
      throw new ConfigError(
        `Invalid value ${text} for configuration ${key}: an IP address, or a network such as 10.1.0.0/16, is wanted`
      )
    }
    list.addSubnet(address, length, family)
  }
  return list
}

function isFrom(address: string | null, list: BlockList): boolean {
  if (address === null) return false
  // An IPv4 address as a socket for both kinds shows it; an IPv6 address without the name of its link.
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  return list.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4')
}
