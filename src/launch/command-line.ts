import { ConfigError } from '../errors.ts'

export const USAGE = `Usage:
  worker --distributed [FILE]                  run a worker of a cluster
  worker --standalone FILE [CONNECTOR ...]     run one worker by itself; CONNECTOR is a .properties or .json file
  worker --check FILE                          check a worker file, print what is in force, exit
  worker --version | --help

Options:
  -o KEY=VALUE    overrides one key of FILE; may be repeated
  --env           overrides keys of FILE by CONNECT_* variables (CONNECT_GROUP_ID is group.id, __ is -, ___ is _)

Exit codes: 0 stopped as asked, 1 wrong use or a failure while running, 2 the worker could not start,
3 a connector given on the command line could not start.
`

export type Command =
  | { kind: 'help' }
  | { kind: 'version' }
  | { kind: 'usage-error'; message: string }
  | { kind: 'distributed'; file: string; overrides: Map<string, string> }
  | { kind: 'standalone'; file: string; connectors: string[]; overrides: Map<string, string> }
  | { kind: 'check'; file: string; overrides: Map<string, string> }

type Mode = 'distributed' | 'standalone' | 'check'

const DEFAULT_FILE = 'worker-config/connect-distributed.properties'

/** Arguments (without `node` and the script) and environment → what to do. Never throws. */
export function parseCommandLine(argv: readonly string[], env: NodeJS.ProcessEnv): Command {
  let mode: Mode | null = null
  const files: string[] = []
  const overrides = new Map<string, string>()
  const rest = [...argv]
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--help' || word === '-h') return { kind: 'help' }
    if (word === '--version') return { kind: 'version' }
    if (word === '--distributed' || word === '--standalone' || word === '--check') {
      if (mode !== null) return usageError(`--${mode} and ${word} exclude each other`)
      mode = word.slice(2) as Mode
    } else if (word === '--env') {
      for (const [key, value] of environmentOverrides(env)) overrides.set(key, value)
    } else if (word === '-o') {
      const pair = rest.shift() ?? ''
      const at = pair.indexOf('=')
      if (at <= 0) return usageError(`-o needs KEY=VALUE, not "${pair}"`)
      overrides.set(pair.slice(0, at).trim(), pair.slice(at + 1))
    } else if (word.startsWith('-') && word !== '') {
      return usageError(`Unknown option ${word}`)
    } else {
      files.push(word)
    }
  }
  return command(mode, files, overrides)
}

function command(mode: Mode | null, files: string[], overrides: Map<string, string>): Command {
  const [file, ...connectors] = files
  switch (mode) {
    case null:
      return usageError('Say --distributed or --standalone')
    case 'distributed':
      if (connectors.length > 0) return usageError('--distributed takes one file')
      return { kind: mode, file: file ?? DEFAULT_FILE, overrides }
    case 'check':
      if (file === undefined || connectors.length > 0) return usageError('--check takes one file')
      return { kind: mode, file, overrides }
    case 'standalone':
      if (file === undefined) return usageError('--standalone needs a worker file')
      return { kind: mode, file, connectors, overrides }
  }
}

function usageError(message: string): Command {
  return { kind: 'usage-error', message }
}

/** Variables of container images that are not worker properties. */
const NOT_PROPERTIES =
  /^CONNECT_(METRIC_REPORTERS|LOG4J_.*|CUB_.*|JMX_.*|HEAP_OPTS|LOG_DIR|BASIC_AUTH_.*)$/

/** `CONNECT_GROUP_ID=a` → `group.id` = `a`, as container images of Kafka Connect do it. */
export function environmentOverrides(env: NodeJS.ProcessEnv): Map<string, string> {
  const found = new Map<string, string>()
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('CONNECT_') || NOT_PROPERTIES.test(name) || value === undefined) continue
    const key = name
      .slice('CONNECT_'.length)
      .toLowerCase()
      .replaceAll(/_{1,3}/g, (run) => (run.length === 1 ? '.' : run.length === 2 ? '-' : '_'))
    found.set(key, value)
  }
  return found
}

/** Variables of the JVM start scripts; they are accepted, and said to have no effect. */
export const JVM_VARIABLES = [
  'KAFKA_LOG4J_OPTS',
  'KAFKA_OPTS',
  'KAFKA_JMX_OPTS',
  'KAFKA_JVM_PERFORMANCE_OPTS',
  'LOG_DIR',
  'EXTRA_ARGS',
  'CLASSPATH'
] as const

/**
 * The `-Xmx` of `KAFKA_HEAP_OPTS` in MiB, null when there is none. Throws ConfigError when it cannot be read.
 */
export function heapLimitMib(heapOptions: string | undefined): number | null {
  const match = /-Xmx(\S+)/.exec(heapOptions ?? '')
  if (match === null) return null
  const size = /^(\d+)([kmgKMG]?)$/.exec(match[1] ?? '')
  if (size === null) throw new ConfigError(`KAFKA_HEAP_OPTS: -Xmx${match[1]} is not a size`)
  const units: Record<string, number> = { '': 1 / 1048576, k: 1 / 1024, m: 1, g: 1024 }
  return Math.max(1, Math.floor(Number(size[1]) * (units[(size[2] ?? '').toLowerCase()] ?? 1)))
}
