import { ConnectError } from '../../errors.ts'
import type { StoredMap } from '../../storage/offset-store.ts'
import type { RequestedOffset } from '../../worker/contracts.ts'
import type { ConnectorOffset } from '../herder.ts'

/** Offsets of a request in plain values. Throws the 400s of an alter request. */
export function requestedOffsets(offsets: readonly ConnectorOffset[]): RequestedOffset[] {
  if (offsets.length === 0) {
    throw new ConnectError(
      'BAD_REQUEST',
      'Partitions / offsets need to be provided for an alter offsets request'
    )
  }
  return offsets.map(({ partition, offset }) => ({
    partition: partition === null ? null : storedMap(partition),
    offset: offset === null ? null : storedMap(offset)
  }))
}

function storedMap(map: Record<string, unknown>): StoredMap {
  const entries = Object.entries(map).map(([key, value]) => {
    if (!isPrimitive(value)) {
      throw new ConnectError(
        'BAD_REQUEST',
        `Offsets may only contain primitive types as values, but field ${key} contains ${kindOf(value)}`
      )
    }
    return [key, value] as const
  })
  return Object.fromEntries(entries)
}

/** Lists and objects by Kafka's names for them. */
function kindOf(value: unknown): string {
  if (typeof value === 'bigint') return 'an integer of more than 64 bits'
  return Array.isArray(value) ? 'ARRAY' : 'MAP'
}

function isPrimitive(value: unknown): value is StoredMap[string] {
  // Java reads a longer integer as an object of a class, which no JVM worker would take back.
  if (typeof value === 'bigint') return BigInt.asIntN(64, value) === value
  return value === null || ['string', 'number', 'boolean'].includes(typeof value)
}

/** What the client reads after its offsets were altered (or, all of them, reset). */
export function offsetsAnswer(verb: 'altered' | 'reset', connectorManaged: boolean): string {
  return connectorManaged
    ? `The offsets for this connector have been ${verb} successfully`
    : `The Connect framework-managed offsets for this connector have been ${verb} successfully. However, if this connector manages offsets externally, they will need to be manually ${verb} in the system that the connector uses.`
}
