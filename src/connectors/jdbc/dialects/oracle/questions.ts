import { ConnectError, isRetriable, messageOf } from '../../../../errors.ts'
import type { Logger } from '../../../../log.ts'
import type { Column, Row } from '../../database/database.ts'

/** A statement and its binds by position. */
interface OracleStatement {
  readonly sql: string
  readonly binds: readonly string[]
}

/**
 * Ways to ask one thing, the best first: each for servers (or releases, or rights) that refuse the one
 * before.
 */
export type OracleQuestion = readonly OracleStatement[]

/** What runs statements: the rows of a small one, and the columns of one that is not run. */
interface Session {
  ask(sql: string, binds: readonly unknown[]): Promise<Row[]>
  describeQuery(sql: string): Promise<Column[]>
}

/**
 * What is asked of a session beside the rows themselves. A server that answers an error to one of these
 * questions has refused it, whatever the error, unless it is one that passes: what an answer is missing for a
 * moment is not decided for good.
 */
export class OracleQuestions {
  readonly #session: Session
  readonly #log: Logger
  readonly #told = new Set<string>()

  constructor(session: Session, log: Logger) {
    this.#session = session
    this.#log = log
  }

  /** Rows of the first way that the server takes; throws what the last one was refused with. */
  async ask(question: OracleQuestion): Promise<Row[]> {
    const last = question.length - 1
    for (const { sql, binds } of question.slice(0, last)) {
      try {
        return await this.#session.ask(sql, binds)
      } catch (error) {
        this.#survive(error, sql, 'it is asked more plainly')
      }
    }
    const { sql = '', binds = [] } = question[last] ?? {}
    return await this.#session.ask(sql, binds)
  }

  /** The same; null when every way is refused. That is logged, with `loss`: what goes without it, or how. */
  async askIfAllowed(loss: string, question: OracleQuestion): Promise<Row[] | null> {
    try {
      return await this.ask(question)
    } catch (error) {
      this.#survive(error, question.at(-1)?.sql ?? '', loss)
      return null
    }
  }

  /** The columns of a query; null when the server refuses it. */
  async describeIfAllowed(loss: string, sql: string): Promise<Column[] | null> {
    try {
      return await this.#session.describeQuery(sql)
    } catch (error) {
      this.#survive(error, sql, loss)
      return null
    }
  }

  /**
   * Why the server refuses a query, without running it: that asks for the privilege alone; null when it does
   * not.
   */
  async refusalOf(sql: string): Promise<string | null> {
    try {
      await this.#session.describeQuery(sql)
      return null
    } catch (error) {
      if (isRefusal(error)) return messageOf(error)
      throw error
    }
  }

  #survive(error: unknown, sql: string, loss: string): void {
    if (!isRefusal(error)) throw error
    // Once for each kind: a question is asked of every table.
    const kind = sql.replace(/:\d+(,:\d+)*/g, ':n')
    if (this.#told.has(kind)) return
    this.#told.add(kind)
    this.#log.info(`Oracle refused a question, ${loss}: ${messageOf(error)}. Statement: ${sql}`)
  }
}

/** Whether the server itself answered with an error that would come again, so that the session lives on. */
export function isRefusal(error: unknown): boolean {
  return codeOf(error) !== null && !isRetriable(error)
}

/**
 * Rights: to a view, below it, and by name (23ai). What there is not: a feature, a word of USERENV, a view of
 * that kind, an implementation.
 */
const FORBIDDEN = new Set([1031, 1039, 41_900, 439, 2003, 2030, 3001])

/** Whether what was asked for is not there or not allowed: errors of the statement's text, and of rights. */
export function isMissingOrForbidden(error: unknown): boolean {
  const code = codeOf(error)
  return code !== null && ((code >= 900 && code <= 999) || FORBIDDEN.has(code))
}

function codeOf(error: unknown): number | null {
  const code = error instanceof ConnectError ? String(error.facts['code'] ?? '') : ''
  return code.startsWith('ORA-') ? Number(code.slice('ORA-'.length)) : null
}
