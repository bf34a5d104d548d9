import type { OffsetMap } from '../../../data/record.ts'
import { ConfigError } from '../../../errors.ts'
import { suggestion } from '../database/near-names.ts'
import { MEMORY_FIELDS, memoryLow } from '../late-commits/stored-memory.ts'
import { checkOffset, OFFSET_FIELDS, offsetOf, positionOf } from '../positions/source-offset.ts'
import type { Mode } from '../database/mode.ts'
import { instantOf, readWrittenTime, requireCalendar } from '../values/time-text.ts'
import type { TimeZone } from '../values/time-zone.ts'
import type { Timestamp } from '../values/timestamp.ts'

/**
 * An offset written by an operator, in the form in which the JVM connector stores it (order of fields
 * included). Its timestamp may be epoch milliseconds or text: an instant, or a local time of `zone`. It names
 * no start, even if it was copied from one that did: what an operator wrote is adopted as it is. ConfigError
 * names the field that is wrong.
 */
export function requestedOffset(offset: OffsetMap, mode: Mode, zone: TimeZone): OffsetMap {
  checkNames(offset)
  const inNumbers = withoutText(offset, zone)
  checkOffset(inNumbers, mode)
  const { timestamp, id } = positionOf(inNumbers)
  if (timestamp !== null) requireCalendar(timestamp.ms)
  return { ...(offsetOf(timestamp, id, null) ?? inNumbers), ...memoryOf(inNumbers) }
}

/**
 * I6: rows that may still appear behind this position are looked for as before, when it is the one they were
 * noted for.
 */
function memoryOf(offset: OffsetMap): OffsetMap {
  const memory = Object.entries(offset).filter(([name]) => MEMORY_FIELDS.includes(name))
  if (memory.length > 0 && memoryLow(offset) === null) {
    throw new ConfigError(
      `The offset fields ${memory.map(([name]) => name).join(', ')} were stored with another position: write an offset back as it was read, or leave them out`
    )
  }
  return Object.fromEntries(memory)
}

function checkNames(offset: OffsetMap): void {
  const known = [...OFFSET_FIELDS]
  const unknown = Object.keys(offset).find((name) => !OFFSET_FIELDS.has(name))
  if (unknown === undefined) return
  const hint = suggestion(unknown, known) || '.'
  throw new ConfigError(
    `Unknown offset field ${unknown}${hint} The fields are timestamp, timestamp_nanos and incrementing`
  )
}

function withoutText(offset: OffsetMap, zone: TimeZone): OffsetMap {
  const text = offset['timestamp']
  if (typeof text !== 'string') return offset
  let time: Timestamp
  try {
    time = instantOf(readWrittenTime(text), zone)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new ConfigError(`The offset field timestamp: ${error.message}`, { cause: error })
  }
  const nanos = offset['timestamp_nanos'] ?? null
  if (nanos !== null && Number(nanos) !== time.nanos) {
    throw new ConfigError(
      `The offset field timestamp_nanos is ${String(nanos)}, but the timestamp ${text} has ${time.nanos}: leave it out beside a text`
    )
  }
  return { ...offset, timestamp: time.ms, timestamp_nanos: time.nanos }
}
