import { javaFullMatch } from '../config/java-regex.ts'
import { decodeProperties, parseProperties } from '../config/properties.ts'
import { ConfigError, ConnectError, messageOf } from '../errors.ts'
import { readSmallFile } from '../small-file.ts'

/** Each may do what those before it may. */
export const roles = ['viewer', 'operator', 'editor'] as const
export type Role = (typeof roles)[number]

/** What somebody may do. */
export interface Rights {
  readonly role: Role
  /** With which of the connectors; null: with all of them, and what is of all together. */
  readonly connectors: ((name: string) => boolean) | null
}

/** Where nobody is asked for a role. */
export const ALL_RIGHTS: Rights = { role: 'editor', connectors: null }

/** The rights of an account, null for somebody without one; null: it has none. */
export type RightsOf = (account: string | null) => Rights | null

/** Stands for everybody without a line of his own. */
const OTHERS = '*'

/**
 * Reads the roles file once: a `.properties` file with a line for each account, `account=role`, or
 * `account=role pattern`, a Java regular expression that the whole name of a connector has to match. Throws
 * ConfigError that names file and account.
 */
export function rolesOf(file: string): RightsOf {
  const rights = new Map(
    [...entries(file)].map(([account, text]) => [account, rightsIn(text, file, account)])
  )
  const others = rights.get(OTHERS) ?? null
  return (account) => (account === null ? others : (rights.get(account) ?? others))
}

function entries(file: string): Map<string, string> {
  try {
    return parseProperties(decodeProperties(readSmallFile(file)))
  } catch (error) {
    throw new ConfigError(`The roles file ${file} cannot be read: ${messageOf(error)}`, {
      cause: error
    })
  }
}

function rightsIn(text: string, file: string, account: string): Rights {
  const [name = '', ...rest] = text.trim().split(/\s+/)
  const role = roles.find((known) => known === name)
  if (role === undefined || rest.length > 1) {
    throw new ConfigError(
      `The roles file ${file} has '${text}' for account ${account}: a role (${roles.join(', ')}), and a pattern without blanks behind it, is wanted`
    )
  }
  const [pattern] = rest
  if (pattern === undefined) return { role, connectors: null }
  try {
    return { role, connectors: javaFullMatch(pattern) }
  } catch (error) {
    throw new ConfigError(
      `The roles file ${file} has no Java regular expression for account ${account}: ${messageOf(error)}`,
      { cause: error }
    )
  }
}

/** What a request is about: which role it takes, and of which connector, if of one. */
interface Wish {
  /** For people: method and path. */
  readonly what: string
  readonly needs: Role
  readonly connector: string | null
  /** Of all connectors together. */
  readonly isOfAll: boolean
}

/** Throws FORBIDDEN, which says who may not do what, and why. */
export function requireRights(account: string | null, rights: Rights | null, wish: Wish): Rights {
  const { what, needs, connector, isOfAll } = wish
  const refuse = (why: string): never => {
    const who = account === null ? 'Who has no account' : `Account ${account}`
    throw new ConnectError('FORBIDDEN', `${who} may not ${what}: ${why}`)
  }
  if (rights === null) return refuse('there is no role for it')
  if (roles.indexOf(rights.role) < roles.indexOf(needs)) {
    return refuse(`its role is ${rights.role}, and this takes ${needs}`)
  }
  if (rights.connectors === null) return rights
  if (isOfAll) return refuse('its role is for some connectors only')
  if (connector !== null && !rights.connectors(connector)) {
    return refuse(`its role is not for connector ${connector}`)
  }
  return rights
}
