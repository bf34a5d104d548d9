import type { OffsetMap } from '../../../data/record.ts'
import { type Position, positionOf } from '../positions/source-offset.ts'

/**
 * What a stored offset says of rows that were emitted: `<from where on>@<position they belong to>`, who is
 * watched, and the rows.
 */
export const MEMORY_FIELDS: readonly string[] = ['late_low', 'late_open', 'late_seen']

/**
 * More transactions than this are not named in an offset: after a restart all that are open then count as
 * watched.
 */
const MOST_NAMED = 200
const ALL = '*'

/** Of an open transaction, beside its id. */
export interface Mark {
  readonly since: string | null
  readonly readsOnly: boolean
}

/** null (others may own a row as well), or too many: everybody. */
export function namesText(open: ReadonlyMap<string, Mark> | null): string {
  if (open === null || open.size > MOST_NAMED) return ALL
  const names = [...open].map(
    ([id, { since, readsOnly }]) =>
      `${id}${since === null ? '' : `~${since}`}${readsOnly ? '~r' : ''}`
  )
  return names.join(',')
}

/** null: everybody. */
export function parseNames(text: string): ({ readonly id: string } & Mark)[] | null {
  const names = text.split(',').filter((name) => name !== '')
  if (names.includes(ALL)) return null
  return names.map((name) => {
    const [id = '', ...marks] = name.split('~')
    const since = marks.find((mark) => /^\d+$/.test(mark)) ?? null
    return { id, since, readsOnly: marks.includes('r') }
  })
}

/** Milliseconds, nanoseconds of the second, id; empty what is not known. */
export function positionText({ timestamp, id }: Position): string {
  return `${timestamp?.ms ?? ''}/${timestamp?.nanos ?? ''}/${id ?? ''}`
}

function parsePosition(text: string): Position | null {
  const match = /^(-?\d*)\/(\d*)\/(-?\d*)$/.exec(text)
  if (match === null) return null
  const [, ms = '', nanos = '', id = ''] = match
  if (ms === '-' || id === '-' || (ms === '') !== (nanos === '')) return null
  return {
    timestamp: ms === '' ? null : { ms: Number(ms), nanos: Number(nanos) },
    reading: null,
    id: id === '' ? null : BigInt(id)
  }
}

/** From where on an offset remembers rows; null: it does not, or not for its own position. */
export function memoryLow(offset: OffsetMap): Position | null {
  const { late_low: text } = offset
  const [low = '', of] = typeof text === 'string' ? text.split('@') : []
  return of === positionText(positionOf(offset)) ? parsePosition(low) : null
}
