import type { SinkRecord } from '../../../data/record.ts'
import type { Schema } from '../../../data/schema.ts'
import { Struct } from '../../../data/struct.ts'
import type { NameFacts } from '../settings/table-template.ts'

/** A record as it is written: a Debezium envelope is taken apart. */
export interface UnwrappedRecord {
  readonly record: SinkRecord
  /**
   * tombstone: there is no value; delete: `value` is the old row, null where the source did not tell it;
   * truncate: of all rows.
   */
  readonly kind: 'write' | 'delete' | 'tombstone' | 'truncate'
  readonly keySchema: Schema | null
  readonly key: unknown
  readonly valueSchema: Schema | null
  readonly value: unknown
  readonly source: Struct | null
}

const envelopes = new WeakMap<Schema, boolean>()

/** `null`: an envelope that changes no row, such as a message. */
export function unwrapped(record: SinkRecord, takesEnvelopes: boolean): UnwrappedRecord | null {
  const { keySchema, key, valueSchema, value } = record
  if (value === null || value === undefined) {
    return { record, kind: 'tombstone', keySchema, key, valueSchema, value: null, source: null }
  }
  if (takesEnvelopes && value instanceof Struct && isEnvelope(value.schema)) {
    return ofEnvelope(record, value)
  }
  return { record, kind: 'write', keySchema, key, valueSchema, value, source: null }
}

function isEnvelope(schema: Schema): boolean {
  let known = envelopes.get(schema)
  if (known === undefined) {
    const has = (name: string): boolean => schema.field(name) !== undefined
    known =
      schema.field('op')?.schema.type === 'string' &&
      schema.field('after')?.schema.type === 'struct' &&
      has('before') &&
      has('source')
    envelopes.set(schema, known)
  }
  return known
}

function ofEnvelope(record: SinkRecord, value: Struct): UnwrappedRecord | null {
  const { keySchema, key } = record
  const from = value.get('source')
  const source = from instanceof Struct ? from : null
  const part = (name: 'before' | 'after'): Pick<UnwrappedRecord, 'valueSchema' | 'value'> => {
    const row = value.get(name)
    return { valueSchema: row instanceof Struct ? row.schema : null, value: row ?? null }
  }
  switch (value.get('op')) {
    case 'c':
    case 'r':
    case 'u':
      return { record, kind: 'write', keySchema, key, ...part('after'), source }
    case 'd':
      return { record, kind: 'delete', keySchema, key, ...part('before'), source }
    case 't':
      return { record, kind: 'truncate', keySchema, key, valueSchema: null, value: null, source }
    default:
      return null
  }
}

/** What a table's name may be made of. */
export function nameFacts({ record, key, value, source }: UnwrappedRecord): NameFacts {
  return {
    topic: record.topic,
    key: (name) => fieldOf(key, name),
    value: (name) => fieldOf(value, name),
    header: (name) => record.headers.findLast((header) => header.key === name)?.value,
    source: (name) => fieldOf(source, name)
  }
}

function fieldOf(from: unknown, name: string): unknown {
  if (from instanceof Struct) return from.schema.field(name) && from.get(name)
  return from instanceof Map ? (from as Map<unknown, unknown>).get(name) : undefined
}
