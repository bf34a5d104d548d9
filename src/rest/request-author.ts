import type { MoveAuthor } from '../herder/start-from.ts'
import {
  type Call,
  type Origin,
  originOf,
  queryParam,
  type RequestParts,
  type RestContext
} from './endpoint.ts'
import { FORWARDED_FOR, FORWARDED_USER, ORIGIN_PROOF, REQUESTED_BY } from './forward.ts'

/** Longest text taken over from a header. */
const MAX_NOTE = 200

/** Who sent a request, also when another worker passed it on. */
export function authorOf(context: RestContext, call: Call): MoveAuthor {
  const address = originPassedOn(context, call)?.address ?? call.address
  return { user: call.user, address, note: header(call, REQUESTED_BY) }
}

/** Anybody can write the headers; only a worker of the group can prove what stands in them. */
export function originPassedOn(
  context: Pick<RestContext, 'herder'>,
  call: RequestParts
): Origin | null {
  if (queryParam(call, 'forward') === undefined) return null
  const [address, proof] = [header(call, FORWARDED_FOR), header(call, ORIGIN_PROOF)]
  if (address === null || proof === null) return null
  const origin = { address, user: userOf(call.headers[FORWARDED_USER]) }
  return context.herder.origins.isProved(originOf(call, origin), proof) ? origin : null
}

/** As another worker has encoded it; what is not encoded so has no proof either. */
function userOf(value: string | string[] | undefined): string | null {
  if (typeof value !== 'string' || value === '') return null
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

function header(call: RequestParts, name: string): string | null {
  const value = call.headers[name]
  const text = (Array.isArray(value) ? value.join(', ') : (value ?? '')).trim()
  return text === '' ? null : text.slice(0, MAX_NOTE)
}
