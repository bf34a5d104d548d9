import { formEncodedName } from '../registry/form-encoded-name.ts'
import { DATE_NAME, DECIMAL_NAME, TIME_NAME, TIMESTAMP_NAME } from '../../data/logical-types.ts'
import type { Schema } from '../../data/schema.ts'
import { ENUM_PARAMETER, UNION_PARAMETER } from '../registry/sum-types.ts'

/**
 * Names of Confluent's Protobuf mapping: they stand in registered schemas, so each is part of the contract.
 */
const PROTOBUF_NAMESPACE = 'io.confluent.connect.protobuf'
export const PROTOBUF_ENUM = `${PROTOBUF_NAMESPACE}.Enum`
export const PROTOBUF_UNION = `${PROTOBUF_NAMESPACE}.Union`
/** The number of a field. */
export const PROTOBUF_TAG = `${PROTOBUF_NAMESPACE}.Tag`
/** The type of a field where it is not the usual one, e.g. `sint32`. */
export const PROTOBUF_TYPE = `${PROTOBUF_NAMESPACE}.Type`
export const DEFAULT_MESSAGE_NAME = 'ConnectDefault'
export const FIELD_META = 'confluent.field_meta'
export const META_FILE = 'confluent/meta.proto'
export const CONNECT_TYPE_PARAM = 'connect.type'
export const CONNECT_PRECISION = 'connect.decimal.precision'

/** Logical types are messages: name in Connect → type and the file it is in. */
export const LOGICAL_MESSAGES: ReadonlyMap<string, { type: string; file: string }> = new Map([
  [DECIMAL_NAME, { type: 'confluent.type.Decimal', file: 'confluent/type/decimal.proto' }],
  [DATE_NAME, { type: 'google.type.Date', file: 'google/type/date.proto' }],
  [TIME_NAME, { type: 'google.type.TimeOfDay', file: 'google/type/timeofday.proto' }],
  [TIMESTAMP_NAME, { type: 'google.protobuf.Timestamp', file: 'google/protobuf/timestamp.proto' }]
])

export const WRAPPERS_FILE = 'google/protobuf/wrappers.proto'
const WRAPPERS = 'google.protobuf.'

/** The message that wraps a primitive, so that it can be null or stand by itself; null for other types. */
export function wrapperOf(schema: Schema, type: string | undefined): string | null {
  switch (schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
      return `${WRAPPERS}Int32Value`
    case 'int64':
      if (type === 'uint32' || type === 'fixed32') return `${WRAPPERS}UInt32Value`
      return `${WRAPPERS}${type === 'uint64' || type === 'fixed64' ? 'UInt64Value' : 'Int64Value'}`
    case 'float32':
      return `${WRAPPERS}FloatValue`
    case 'float64':
      return `${WRAPPERS}DoubleValue`
    case 'boolean':
      return `${WRAPPERS}BoolValue`
    case 'string':
      return `${WRAPPERS}StringValue`
    case 'bytes':
      return `${WRAPPERS}BytesValue`
    case 'array':
    case 'map':
    case 'struct':
      return null
  }
}

/** Whether a struct stands for a oneof. */
export function isProtobufUnion(schema: Schema): boolean {
  return (
    schema.type === 'struct' &&
    (schema.name?.startsWith(PROTOBUF_UNION) === true ||
      schema.parameters?.has(UNION_PARAMETER) === true)
  )
}

/** The parameter under which name and symbols of an enum stand; null when the schema is none. */
export function protobufEnumParameter(schema: Schema): string | null {
  if (schema.type !== 'string' && schema.type !== 'int32') return null
  return (
    [ENUM_PARAMETER, PROTOBUF_ENUM].find((name) => schema.parameters?.has(name) === true) ?? null
  )
}

export const isIdentifier = (name: string): boolean => /^[A-Za-z_]\w*$/.test(name)

/** As Confluent's `scrub.invalid.names`: a name Protobuf allows, which begins with a letter. */
export function scrubProtobufName(name: string): string {
  if (name === '' || /^[A-Za-z][A-Za-z0-9_]*$/.test(name)) return name
  return formEncodedName(name, /^[^\d_]/)
}

const ENTRY = 'Entry'

/** `order_lines` → `OrderLinesEntry`: the message of a map's entries. */
export function mapEntryName(name: string): string {
  const camel = name.includes('_')
    ? name
        .toLowerCase()
        .split('_')
        .map((part) => part.slice(0, 1).toUpperCase() + part.slice(1))
        .join('')
    : name
  return `${camel}${ENTRY}`
}

/** `OrderLinesEntry` → `order_lines`. */
export function mapName(entryName: string): string {
  if (!entryName.endsWith(ENTRY)) return entryName
  return entryName
    .slice(0, -ENTRY.length)
    .replace(
      /[A-Z]/g,
      (letter, place: number) => `${place === 0 ? '' : '_'}${letter.toLowerCase()}`
    )
}
