import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino'
import { ConnectError } from './errors.ts'
import { cited, shown } from './secrets/redact.ts'
import { HIDDEN } from './secrets/rewrite.ts'
import { isSecretName } from './secrets/secret-names.ts'

/**
 * Loggers are named as in Kafka Connect (`org.apache.kafka.connect.runtime.WorkerSourceTask`, …) so that
 * level changes over `/admin/loggers` mean what operators expect. Levels are Connect's words; pino does the
 * writing.
 */
const levelNames = ['OFF', 'FATAL', 'ERROR', 'WARN', 'INFO', 'DEBUG', 'TRACE', 'ALL'] as const
export type LevelName = (typeof levelNames)[number]

/** Facts beside the message; `error` is written with stack and causes. */
type LogFacts = { error?: unknown } & Record<string, unknown>

export interface Logger {
  readonly name: string
  error(message: string, facts?: LogFacts): void
  warn(message: string, facts?: LogFacts): void
  info(message: string, facts?: LogFacts): void
  debug(message: string, facts?: LogFacts): void
  trace(message: string, facts?: LogFacts): void
  /** A logger of the same name whose lines carry `facts` (connector, task …). */
  with(facts: Record<string, unknown>): Logger
}

/** Levels may be set for namespaces that have no logger yet: so many, and of such a length. */
const MOST_FOREIGN_NAMES = 1000
const LONGEST_NAME = 1000

interface LoggerLevel {
  level: LevelName
  /** Epoch ms of the last change over REST, null when never changed. */
  lastModified: number | null
}

const pinoLevels: Record<LevelName, string> = {
  OFF: 'silent',
  FATAL: 'fatal',
  ERROR: 'error',
  WARN: 'warn',
  INFO: 'info',
  DEBUG: 'debug',
  TRACE: 'trace',
  ALL: 'trace'
}
const severity: Record<LevelName, number> = {
  OFF: 100,
  FATAL: 60,
  ERROR: 50,
  WARN: 40,
  INFO: 30,
  DEBUG: 20,
  TRACE: 10,
  ALL: 0
}

/** What may wait for a slow reader of standard output. */
const MOST_WAITING_BYTES = 8_388_608

/**
 * Lines go to standard output as fast as it takes them. Whoever reads them there and stops, stops nobody:
 * beyond a bound lines are left out and counted (I8), and once the reader is gone they are lost.
 */
class StandardOutput implements DestinationStream {
  #started = false
  #leftOut = 0

  write(line: string): void {
    const { stdout } = process
    if (!this.#started) {
      this.#started = true
      // A pipe that nobody reads any more is no reason to end.
      stdout.on('error', () => undefined)
    }
    if (stdout.writableLength <= MOST_WAITING_BYTES || stdout.writableLength === undefined) {
      stdout.write(line)
      return
    }
    this.#leftOut += 1
    if (this.#leftOut === 1) stdout.once('drain', () => this.#tell())
  }

  #tell(): void {
    const msg = `${this.#leftOut} lines of this log were left out, because standard output was not read`
    this.#leftOut = 0
    const line = { level: 'WARN', time: new Date().toISOString(), logger: 'root', msg }
    process.stdout.write(`${JSON.stringify(line)}\n`)
  }
}

/**
 * All loggers of the process with their levels. One instance, `loggers`, serves the worker; tests may make
 * their own.
 */
export class Loggers {
  readonly #root: PinoLogger
  readonly #known = new Set<string>()
  readonly #levels = new Map<string, LoggerLevel>()
  readonly #effective = new Map<string, number>()
  #rootLevel: LoggerLevel = { level: 'INFO', lastModified: null }

  constructor(destination?: DestinationStream) {
    this.#root = pino(
      {
        level: 'trace',
        base: null,
        // What went wrong is written as errorFacts() tells it.
        serializers: { err: (facts: unknown) => facts },
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label.toUpperCase() }) }
      },
      destination ?? new StandardOutput()
    )
  }

  /** The logger of that name; made on first use. */
  get(name: string): Logger {
    this.#known.add(name)
    return this.#make(name, this.#root.child({ logger: name }))
  }

  /** Level of one logger: its own, or the one it inherits; null when no logger of that name is known. */
  level(name: string): LoggerLevel | null {
    if (name.length > LONGEST_NAME) return null
    if (name.toLowerCase() === 'root') return this.#rootLevel
    if (!this.#known.has(name) && !this.#levels.has(name)) return null
    return this.#levels.get(name) ?? { level: this.#inherited(name).level, lastModified: null }
  }

  /** Loggers with a level of their own, by name, root included. */
  levels(): Map<string, LoggerLevel> {
    const all = new Map([...this.#levels, ['root', this.#rootLevel] as const])
    return new Map([...all].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  /**
   * Sets the level of a namespace (a plain string prefix; `root` is every logger) and answers the names that
   * changed, sorted. The namespace itself becomes known. Throws BAD_REQUEST as {@link requireRoom} does.
   */
  setLevel(namespace: string, level: LevelName, now: number): string[] {
    this.requireRoom(namespace)
    const all = namespace.toLowerCase() === 'root'
    const names = new Set<string>([...this.#known, ...this.#levels.keys()])
    if (!all) names.add(namespace)
    const changed: string[] = []
    for (const name of names) {
      if (!all && !name.startsWith(namespace)) continue
      if (this.#levels.get(name)?.level === level) continue
      this.#levels.set(name, { level, lastModified: now })
      changed.push(name)
    }
    if (all && this.#rootLevel.level !== level) {
      this.#rootLevel = { level, lastModified: now }
      changed.push('root')
    }
    this.#effective.clear()
    return changed.sort()
  }

  /** I8: names that nobody but a client knows are few and short. Throws BAD_REQUEST for one too many. */
  requireRoom(namespace: string): void {
    if (namespace.length > LONGEST_NAME) {
      throw new ConnectError(
        'BAD_REQUEST',
        `The name of a logger has at most ${LONGEST_NAME} characters, not ${namespace.length}`
      )
    }
    const isKnown = this.#known.has(namespace) || this.#levels.has(namespace)
    if (isKnown || namespace.toLowerCase() === 'root') return
    if (this.#levels.size < this.#known.size + MOST_FOREIGN_NAMES) return
    throw new ConnectError(
      'BAD_REQUEST',
      `${this.#levels.size} loggers have levels of their own already; ${cited(namespace)} is one too many`
    )
  }

  #inherited(name: string): LoggerLevel {
    for (let end = name.length; end > 0; end = name.lastIndexOf('.', end - 1)) {
      const own = this.#levels.get(name.slice(0, end))
      if (own !== undefined) return own
    }
    return this.#rootLevel
  }

  #enabled(name: string, level: LevelName): boolean {
    let effective = this.#effective.get(name)
    if (effective === undefined) {
      effective = severity[this.#inherited(name).level]
      this.#effective.set(name, effective)
    }
    return severity[level] >= effective
  }

  #make(name: string, target: PinoLogger): Logger {
    const write = (level: LevelName) => (message: string, facts?: LogFacts) => {
      if (!this.#enabled(name, level)) return
      const { error, ...rest } = facts ?? {}
      const line = error === undefined ? rest : { ...rest, err: errorFacts(error) }
      // I7: one redactor for everything that is written.
      target[pinoLevels[level] as 'info'](redactFacts(line), shown(message))
    }
    return {
      name,
      error: write('ERROR'),
      warn: write('WARN'),
      info: write('INFO'),
      debug: write('DEBUG'),
      trace: write('TRACE'),
      with: (facts) => this.#make(name, target.child(redactFacts(facts)))
    }
  }
}

function errorFacts(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) }
  const code = (error as { code?: unknown }).code
  return {
    type: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    stack: error.stack ?? '',
    ...(error.cause === undefined ? {} : { cause: errorFacts(error.cause) })
  }
}

/** Deeper parts of a fact are left out: a log line is no dump. */
const DEEPEST_FACT = 6

function redactFacts(facts: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(facts).map(([key, value]) => [key, fact(key, value, 0)]))
}

function fact(key: string, value: unknown, depth: number): unknown {
  if (isSecretName(key)) return HIDDEN
  if (typeof value === 'string') return shown(value)
  if (value === null || typeof value !== 'object' || value instanceof Date) return value
  if (depth === DEEPEST_FACT) return '…'
  if (Array.isArray(value)) return value.map((part) => fact('', part, depth + 1))
  const parts = value instanceof Map ? [...value] : Object.entries(value)
  return Object.fromEntries(
    parts.map(([name, part]) => [String(name), fact(String(name), part, depth + 1)])
  )
}

export function isLevelName(text: string): text is LevelName {
  return (levelNames as readonly string[]).includes(text)
}

export const loggers = new Loggers()
