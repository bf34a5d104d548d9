import { ConnectError } from '../errors.ts'
import type { StoredMap, StoredOffset } from '../storage/offset-store.ts'
import type { ConnectorOffset } from './herder.ts'

/** Offsets of a request as they are stored. Throws the 400s of an alter request. */
export function requestedOffsets(offsets: readonly ConnectorOffset[]): StoredOffset[] {
  if (offsets.length === 0) {
    throw new ConnectError(
      'BAD_REQUEST',
      'Partitions / offsets need to be provided for an alter offsets request'
    )
  }
  return offsets.map(({ partition, offset }) => ({
    partition: storedMap(partition, 'partition'),
    offset: offset === null ? null : storedMap(offset, 'offset')
  }))
}

function storedMap(map: Record<string, unknown>, what: string): StoredMap {
  // A sink's partition may be missing altogether: the worker knows the text for that.
  const entries = Object.entries(map ?? {}).map(([key, value]) => {
    if (!isPrimitive(value)) {
      throw new ConnectError(
        'BAD_REQUEST',
        `Offsets may only contain primitive types as values, but the ${what} field ${key} does not`
      )
    }
    return [key, value] as const
  })
  return Object.fromEntries(entries)
}

function isPrimitive(value: unknown): value is StoredMap[string] {
  return value === null || ['string', 'number', 'bigint', 'boolean'].includes(typeof value)
}

/** What the client reads after its offsets were altered (or, all of them, reset). */
export function offsetsAnswer(verb: 'altered' | 'reset', connectorManaged: boolean): string {
  return connectorManaged
    ? `The offsets for this connector have been ${verb} successfully`
    : `The Connect framework-managed offsets for this connector have been ${verb} successfully. However, if this connector manages offsets externally, they will need to be manually ${verb} in the system that the connector uses.`
}
