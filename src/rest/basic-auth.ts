import { timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { decodeProperties, parseProperties } from '../config/properties.ts'
import { ConfigError } from '../errors.ts'
import { loggers } from '../log.ts'
import { BASIC_AUTH_EXTENSION } from '../settings/worker/rest-keys.ts'

const LOGIN_MODULE = 'org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule'

const log = loggers.get(BASIC_AUTH_EXTENSION)

/**
 * Whom the Authorization header of a request shows to ask; null: it does not let him in. `account` is null
 * where nobody is asked for one.
 */
type BasicAuth = (authorization: string | undefined) => { readonly account: string | null } | null

/**
 * Reads the users file (`user=password`, a `.properties` file) once. An empty file lets everybody in, as the
 * JVM worker's does; that is logged. Throws ConfigError when the file cannot be read.
 */
export function basicAuth(usersFile: string): BasicAuth {
  const users = parseProperties(decodeProperties(read(usersFile, 'credentials file')))
  if (users.size === 0) {
    log.warn('The credentials file is empty: every request is accepted', { file: usersFile })
    return () => ({ account: null })
  }
  return (authorization) => {
    const given = basicCredentials(authorization)
    const expected = given === null ? undefined : users.get(given.user)
    if (given === null || expected === undefined) return null
    return same(expected, given.password) ? { account: given.user } : null
  }
}

/** Account and password of an Authorization header, unchecked; null when it has none. */
export function basicCredentials(
  authorization: string | undefined
): { user: string; password: string } | null {
  const encoded = /^basic\s+(\S+)\s*$/i.exec(authorization ?? '')?.[1]
  if (encoded === undefined) return null
  const credentials = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = credentials.indexOf(':')
  if (colon === -1) return null
  return { user: credentials.slice(0, colon), password: credentials.slice(colon + 1) }
}

/** Requests between workers are signed instead. */
export function isInternal(method: string, path: string): boolean {
  return (
    (method === 'POST' && /^\/connectors\/[^/]+\/tasks\/?$/.test(path)) ||
    (method === 'PUT' && /^\/connectors\/[^/]+\/fence\/?$/.test(path))
  )
}

/** The users file named by the entry `KafkaConnect` of a JAAS file; throws ConfigError when there is none. */
export function usersFileOfJaas(jaasFile: string): string {
  const text = read(jaasFile, 'JAAS file')
    .toString('utf8')
    .replaceAll(/\/\*[\s\S]*?\*\/|^\s*(?:\/\/|#).*$/gm, '')
  const entry = /(?:^|[\s;}])KafkaConnect\s*\{([^}]*)\}/.exec(text)?.[1]
  if (entry === undefined) {
    throw new ConfigError(`The JAAS file ${jaasFile} has no entry KafkaConnect`)
  }
  const escaped = LOGIN_MODULE.replaceAll('.', '\\.')
  const options = new RegExp(`${escaped}\\s+\\w+\\s+([^;]*);`).exec(entry)?.[1]
  const file = /\bfile\s*=\s*"([^"]*)"/.exec(options ?? '')?.[1]
  if (file === undefined) {
    throw new ConfigError(
      `The entry KafkaConnect of the JAAS file ${jaasFile} must use ${LOGIN_MODULE} with the option file="…"; other login modules exist only in Java`
    )
  }
  return file
}

function read(file: string, what: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new ConfigError(`The ${what} ${file} cannot be read`, { cause })
  }
}

function same(expected: string, given: string): boolean {
  const left = Buffer.from(expected)
  const right = Buffer.from(given)
  // Comparing against itself keeps the time independent of the length's first difference.
  return (
    timingSafeEqual(left, left.length === right.length ? right : left) &&
    left.length === right.length
  )
}
