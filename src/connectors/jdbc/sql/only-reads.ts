import { ConfigError } from '../../../errors.ts'
import { sqlStretches } from './sql-stretches.ts'

/** Words of statements that change something, of calls of procedures, of sequences, of files and locks. */
const CHANGING =
  /(?<![\w$#@.])(?:INSERT|UPDATE|DELETE|MERGE|REPLACE|UPSERT|TRUNCATE|DROP|ALTER|CREATE|GRANT|REVOKE|CALL|EXEC|EXECUTE|DO|INTO|COPY|LOCK)(?![\w$#@]|\s{0,9}\()|(?<![\w$#@])(?:NEXTVAL|SETVAL)(?![\w$#@])|(?<![\w$#@])NEXT\s{1,9}VALUE(?![\w$#@])/i

/**
 * Throws ConfigError unless a query, whose results are only shown, is one statement that reads. What a
 * function does that it calls is for the database to refuse, in a transaction that only reads; not all
 * databases do.
 */
export function requireReadsOnly(query: string): void {
  const code = sqlStretches(query)
    .map(({ kind, text }) => (kind === 'code' ? text : ' '))
    .join(' ')
  const word = CHANGING.exec(code)?.[0]
  if (word !== undefined) {
    throw new ConfigError(
      `A preview only reads: it does not run a query with ${word.toUpperCase()}`
    )
  }
  if (/;\s*\S/.test(code)) {
    throw new ConfigError('A preview only reads: it does not run more than one statement')
  }
}
