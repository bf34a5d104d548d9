import type { Clock } from '../../clock.ts'
import { NotFoundError } from '../../errors.ts'
import { isLevelName, type LevelName, type Logger, type Loggers } from '../../log.ts'
import type { LoggerInfo, LoggerLevels } from '../herder.ts'

/** The levels of this worker's loggers. */
export class LoggerAnswers implements LoggerLevels {
  readonly #loggers: Loggers
  readonly #clock: Clock
  readonly #log: Logger

  constructor(loggers: Loggers, clock: Clock, log: Logger) {
    this.#loggers = loggers
    this.#clock = clock
    this.#log = log
  }

  loggers(): ReadonlyMap<string, LoggerInfo> {
    return this.#loggers.levels()
  }

  logger(name: string): LoggerInfo | null {
    return this.#loggers.level(name)
  }

  setLoggerLevel(name: string, level: string): string[] {
    return this.#loggers.setLevel(name, requireLevel(level), this.#clock.now())
  }

  /**
   * Throws unless this worker could set that level, which every worker of the cluster is about to be asked
   * for.
   */
  requireSettable(name: string, level: string): void {
    requireLevel(level)
    this.#loggers.requireRoom(name)
  }

  /** What another worker of the cluster asked for; a level that does not exist is only logged. */
  apply(namespace: string, level: string): void {
    try {
      this.setLoggerLevel(namespace, level)
    } catch (error) {
      this.#log.warn(`Ignoring request to set invalid level '${level}' for ${namespace}`, { error })
    }
  }
}

/** A level by its name in any case; throws the 404 clients know. */
function requireLevel(level: string): LevelName {
  const upper = level.trim().toUpperCase()
  if (!isLevelName(upper)) throw new NotFoundError(`invalid log level '${level}'.`)
  return upper
}
