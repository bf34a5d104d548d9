import type { ConfigError } from '../../../../errors.ts'
import { urlParameters } from '../../database/jdbc-url.ts'

/** The error for an address, which it names. */
export type Problem = (why: string) => ConfigError

/** `user/password@address`, both optional, either in double quotes. */
export function splitCredentials(
  body: string,
  problem: Problem
): {
  user: string | null
  password: string | null
  address: string
} {
  const match = /^("[^"]*"|[^/@"]*)(?:\/("[^"]*"|[^@]*))?@(.*)$/s.exec(body)
  if (match === null) {
    throw problem('an @ stands before the address, as in jdbc:oracle:thin:@//host:port/service')
  }
  const [, user = '', password, address = ''] = match
  const bare = (text: string): string => text.replace(/^"(.*)"$/s, '$1')
  return {
    user: user === '' ? null : bare(user),
    password: password === undefined || password === '' ? null : bare(password),
    address: address.trim()
  }
}

export function splitParameters(address: string): {
  target: string
  parameters: [name: string, value: string | null][]
} {
  const question = address.startsWith('(') ? -1 : address.indexOf('?')
  if (question === -1) return { target: address, parameters: [] }
  return {
    target: address.slice(0, question),
    parameters: urlParameters(address.slice(question + 1))
  }
}

export function connectStringOf(
  target: string,
  isThick: boolean,
  problem: Problem
): { connectString: string; carriesParameters: boolean } {
  if (target.startsWith('(')) {
    if (!target.endsWith(')')) throw problem('a descriptor ends with the last of its parentheses')
    return { connectString: target, carriesParameters: false }
  }
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
  const bare = target.replace(/^\/\//, '')
  // Two slashes make a host of a word, which would be an alias without them.
  const plain = target.startsWith('//') && /^[^:/]+$/.test(bare) ? `${bare}:1521` : bare
  if (plain === '') throw problem('there is no address behind the @')
  // A word without colon or slash is an alias of tnsnames.ora.
  const isAlias = scheme === undefined && !/[:/]/.test(plain) && !target.startsWith('//')
  return { connectString: plain, carriesParameters: !isAlias }
}
