import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import type { ClientConfig } from 'pg'
import { ConfigError } from '../../../errors.ts'
import type { OpenOptions } from '../database.ts'
import { parseNetworkUrl } from '../jdbc-url.ts'

/** Settings to try one after the other until a server lets us in. */
export interface PostgresTarget {
  readonly attempts: readonly ClientConfig[]
  /** `host:port/database`, for messages. */
  readonly name: string
  readonly searchPath: string | null
  /** Limit for one answer of the server (`socketTimeout`); null: none. */
  readonly answerLimitMs: number | null
}

const KNOWN = new Set([
  'user',
  'password',
  'ssl',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'ApplicationName',
  'connectTimeout',
  'loginTimeout',
  'socketTimeout',
  'tcpKeepAlive',
  'options',
  'currentSchema'
])

/** The URL and driver properties of pgjdbc as settings of our driver; warns of those without effect. */
export function postgresTarget(options: OpenOptions): PostgresTarget {
  const url = parseNetworkUrl(options.url)
  const settings = new Map([...options.properties, ...url.parameters])
  for (const key of settings.keys()) {
    if (!KNOWN.has(key))
      options.log.warn(`The driver property ${key} has no effect with PostgreSQL`)
  }
  const user = options.user ?? settings.get('user') ?? url.user ?? userInfo().username
  const password = options.password?.value ?? settings.get('password') ?? url.password ?? undefined
  const database = url.database === '' ? user : url.database
  const base: ClientConfig = {
    user,
    database,
    // A function, so that neither an environment variable nor a printed client can hold it.
    password: () => password ?? '',
    keepAlive: settings.get('tcpKeepAlive') !== 'false',
    keepAliveInitialDelayMillis: 10_000,
    application_name: settings.get('ApplicationName') ?? 'kafka-connect-node',
    ...(settings.has('options') ? { options: settings.get('options') ?? '' } : {})
  }
  const attempts = url.hosts.flatMap(({ host, port }) =>
    encryption(settings, host).map((ssl) => ({ ...base, host, port: port ?? 5432, ssl }))
  )
  const first = url.hosts[0]
  const answerLimit = Number(settings.get('socketTimeout') ?? 0) * 1000
  return {
    attempts,
    name: `${first?.host ?? ''}:${first?.port ?? 5432}/${database}`,
    searchPath: settings.get('currentSchema') ?? null,
    answerLimitMs: answerLimit > 0 ? answerLimit : null
  }
}

type Encryption = NonNullable<ClientConfig['ssl']>

/** Ways to encrypt, in the order to try them. Default as in pgjdbc: encrypted if the server can; on this machine the other way round. */
function encryption(settings: ReadonlyMap<string, string>, host: string): Encryption[] {
  const ssl = settings.get('ssl')
  const mode =
    settings.get('sslmode') ?? (ssl === undefined || ssl === 'false' ? 'prefer' : 'verify-full')
  const unchecked: Encryption = { ...certificates(settings), rejectUnauthorized: false }
  const explicit = settings.has('sslmode')
  switch (mode) {
    case 'disable':
      return [false]
    case 'allow':
      return [false, unchecked]
    case 'prefer':
      return !explicit && /^(localhost|127\.|::1)/.test(host)
        ? [false, unchecked]
        : [unchecked, false]
    case 'require':
      return [unchecked]
    case 'verify-ca':
      return [
        {
          ...certificates(settings),
          rejectUnauthorized: true,
          checkServerIdentity: () => undefined
        }
      ]
    case 'verify-full':
      return [{ ...certificates(settings), rejectUnauthorized: true }]
    default:
      throw new ConfigError(
        `sslmode ${mode} is not one of disable, allow, prefer, require, verify-ca, verify-full`
      )
  }
}

function certificates(settings: ReadonlyMap<string, string>): Record<string, string> {
  const files: Record<string, string> = {}
  for (const [option, key] of [
    ['ca', 'sslrootcert'],
    ['cert', 'sslcert'],
    ['key', 'sslkey']
  ] as const) {
    const path = settings.get(key)
    if (path === undefined) continue
    try {
      files[option] = readFileSync(path, 'utf8')
    } catch (error) {
      throw new ConfigError(`${key}: the file ${path} cannot be read`, { cause: error })
    }
  }
  return files
}
