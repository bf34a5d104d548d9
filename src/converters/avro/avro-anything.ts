import { isInt64, kindOf } from '../../data/values.ts'
import { DataError } from '../../errors.ts'
import { ANYTHING_NAME } from './avro-names.ts'
import { type AvroNode, fullNameOf } from './avro-node.ts'
import type { AvroWrite } from './avro-encoder.ts'

const PARTS = [
  'boolean',
  'bytes',
  'double',
  'float',
  'int',
  'long',
  'string',
  'array',
  'map'
] as const

/** The schema of values without one: a record with one optional field for each kind of value. */
export const ANYTHING_TEXT = ((): string => {
  const plain = PARTS.slice(0, 7).map(
    (type) => `{"name":"${type}","type":["null","${type}"],"default":null}`
  )
  const entry =
    '{"type":"record","name":"MapEntry","fields":[{"name":"key","type":"Anything"},{"name":"value","type":"Anything"}]}'
  return `{"type":"record","name":"Anything","namespace":"io.confluent.connect.avro","fields":[${plain.join(',')},{"name":"array","type":["null",{"type":"array","items":"Anything"}],"default":null},{"name":"map","type":["null",{"type":"array","items":${entry}}],"default":null}]}`
})()

export function isAnything(node: AvroNode): boolean {
  return fullNameOf(node) === ANYTHING_NAME
}

/**
 * A value without schema, by what it is: a whole safe number or a bigint is a long, other numbers are
 * doubles.
 */
export const writeAnything: AvroWrite = (out, value) => {
  const part = value === null || value === undefined ? null : partOf(value)
  for (const name of PARTS) {
    if (name !== part) {
      out.byte(0)
      continue
    }
    out.byte(2)
    if (typeof value === 'boolean') out.byte(value ? 1 : 0)
    else if (typeof value === 'string') out.text(value)
    else if (value instanceof Uint8Array) out.bytes(value)
    else if (name === 'long') out.long(value as number | bigint)
    else if (name === 'double') out.double(value as number)
    else if (Array.isArray(value)) {
      if (value.length > 0) out.long(value.length)
      for (const item of value) writeAnything(out, item)
      out.byte(0)
    } else if (value instanceof Map) {
      if (value.size > 0) out.long(value.size)
      for (const [key, item] of value) {
        writeAnything(out, key)
        writeAnything(out, item)
      }
      out.byte(0)
    }
  }
}

function partOf(value: unknown): (typeof PARTS)[number] {
  if (typeof value === 'boolean' || typeof value === 'string') return typeof value as 'boolean'
  if (value instanceof Uint8Array) return 'bytes'
  if (Array.isArray(value)) return 'array'
  if (value instanceof Map) return 'map'
  if (typeof value === 'bigint' && isInt64(value)) return 'long'
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? 'long' : 'double'
  }
  throw new DataError(`Without a schema, ${kindOf(value)} cannot be written as Avro`)
}
