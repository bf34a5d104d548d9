import type { MoveAuthor } from '../herder/start-from.ts'
import { type Call, queryParam } from './endpoint.ts'
import { FORWARDED_FOR, REQUESTED_BY } from './forward.ts'

/** Longest text taken over from a header. */
const MAX_NOTE = 200

/** Who sent a request, also when another worker passed it on. */
export function authorOf(call: Call): MoveAuthor {
  const passedOn = queryParam(call, 'forward') !== undefined
  const address = (passedOn ? header(call, FORWARDED_FOR) : null) ?? call.address
  return { user: call.user, address, note: header(call, REQUESTED_BY) }
}

function header(call: Call, name: string): string | null {
  const value = call.headers[name]
  const text = (Array.isArray(value) ? value.join(', ') : (value ?? '')).trim()
  return text === '' ? null : text.slice(0, MAX_NOTE)
}
