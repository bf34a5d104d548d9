import { ConnectError, isRetriable, messageOf } from '../../../../errors.ts'
import type { OpenTransactions } from '../../database/database.ts'

/** When to ask again what was answered with an error that is no refusal. */
const AGAIN_IN_MS = 500

/**
 * What an error says of open transactions. An error that passes is thrown; a refusal (a right, or something
 * the server does not have) says that they cannot be seen; any other says nothing of what may be seen, so it
 * is asked again.
 */
export function unanswered(error: unknown, isRefusal: (code: string) => boolean): OpenTransactions {
  if (isRetriable(error)) throw error
  const why = messageOf(error)
  const code = error instanceof ConnectError ? String(error.facts['code'] ?? '') : ''
  return isRefusal(code) ? { answer: 'unseen', why } : { answer: 'later', inMs: AGAIN_IN_MS, why }
}
