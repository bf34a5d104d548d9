import { OracleError } from '../oracle-error.ts'
import { secondsOf } from '../wire/moment.ts'

const formats = new Map<string, Intl.DateTimeFormat>()

/**
 * Minutes east of UTC of a fixed offset such as `+05:30`; null when the text is no offset. ORA-01874 when it
 * is too large.
 */
function fixedOffset(zone: string): number | null {
  const match = /^\s*([+-]?)\s*(\d{1,2}):(\d{1,2})\s*$/.exec(zone)
  if (match === null) return null
  const [, sign = '', hours = '0', minutes = '0'] = match
  if (Number(hours) > 15) throw new OracleError(1874)
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}

/** Minutes east of UTC of a zone at an instant. ORA-01882 for a region nobody knows. */
export function offsetAt(zone: string, utcSeconds: number): number {
  const fixed = fixedOffset(zone)
  if (fixed !== null) return fixed
  const parts = new Map(
    formatOf(zone)
      .formatToParts(new Date(utcSeconds * 1000))
      .map(({ type, value }) => [type, Number(value)])
  )
  const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0
  const wall = secondsOf({
    year: part('year'),
    month: part('month'),
    day: part('day'),
    hour: part('hour') % 24,
    minute: part('minute'),
    second: part('second')
  })
  return Math.round((wall - utcSeconds) / 60)
}

/** The instant at which clocks of a zone show this time. */
export function instantOf(zone: string, wallSeconds: number): number {
  const guess = wallSeconds - offsetAt(zone, wallSeconds) * 60
  return wallSeconds - offsetAt(zone, guess) * 60
}

/** ORA-01882 when the zone does not exist. */
export function checkZone(zone: string): void {
  offsetAt(zone, 0)
}

export function offsetText(minutes: number): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone)
  if (known !== undefined) return known
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric'
    })
    formats.set(zone, format)
    return format
  } catch (error) {
    if (error instanceof RangeError) throw new OracleError(1882)
    throw error
  }
}
