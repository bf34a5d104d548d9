import type protobuf from 'protobufjs'
import { DATE_NAME, DECIMAL_NAME, TIME_NAME } from '../../data/logical-types.ts'
import { Schema, type SchemaType } from '../../data/schema.ts'
import { isSmallInteger, scaleOf } from '../../data/values.ts'
import { DataError } from '../../errors.ts'
import { readDate, readDecimal, readTime, readTimestamp } from './protobuf-logical.ts'
import {
  CONNECT_PRECISION,
  CONNECT_TYPE_PARAM,
  FIELD_META,
  PROTOBUF_TYPE
} from './protobuf-names.ts'
import { type ProtobufInput, WIRE } from './protobuf-wire.ts'

/** A value up to the end of the input. */
export type Read = (input: ProtobufInput) => unknown

/** What is known of a type before it is a field: how a schema begins, and how one value is read. */
export interface Kind {
  readonly type: SchemaType
  readonly name?: string
  readonly version?: number
  readonly parameters?: ReadonlyMap<string, string>
  readonly parts?: ConstructorParameters<typeof Schema>[2]
  /** Absent is null whatever the label. */
  readonly optional: boolean
  /** The schema the value is read with is the finished one. */
  readonly reader: (schema: Schema) => Read
  readonly wire: number
  readonly zero: unknown
}

/** Metadata Connect keeps at a field. */
function metaParams(field: protobuf.Field): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const option of (field.parsedOptions ?? []) as Record<string, unknown>[]) {
    const params = (option[`(${FIELD_META})`] as { params?: unknown } | undefined)?.params
    for (const entry of [params].flat() as ({ key?: unknown; value?: unknown } | undefined)[]) {
      if (entry !== undefined) found.set(String(entry.key), String(entry.value))
    }
  }
  return found
}

export function scalarKind(field: protobuf.Field): Kind {
  const kind = (type: SchemaType, wire: number, zero: unknown, read: Read): Kind => ({
    type,
    wire,
    zero: explicitDefault(field) ?? zero,
    optional: false,
    reader: () => read,
    ...(field.type === type || USUAL.has(field.type)
      ? {}
      : { parameters: new Map([[PROTOBUF_TYPE, field.type]]) })
  })
  switch (field.type) {
    case 'int32':
      return int32Kind(
        kind('int32', WIRE.varint, 0, (input) => input.signed()),
        field
      )
    case 'sint32':
      return int32Kind(
        kind('int32', WIRE.varint, 0, (input) => input.zigzag()),
        field
      )
    case 'sfixed32':
      return int32Kind(
        kind('int32', WIRE.fixed32, 0, (input) => input.uint32() | 0),
        field
      )
    case 'uint32':
      return kind('int64', WIRE.varint, 0, (input) => input.unsigned(input.varint()))
    case 'fixed32':
      return kind('int64', WIRE.fixed32, 0, (input) => input.uint32())
    case 'int64':
      return kind('int64', WIRE.varint, 0, (input) => input.signed())
    case 'sint64':
      return kind('int64', WIRE.varint, 0, (input) => input.zigzag())
    case 'uint64':
      return kind('int64', WIRE.varint, 0, (input) => input.unsigned(input.varint()))
    case 'fixed64':
      return kind('int64', WIRE.fixed64, 0, (input) => input.unsigned(input.uint64()))
    case 'sfixed64':
      return kind('int64', WIRE.fixed64, 0, (input) => input.sfixed64())
    case 'float':
      return kind('float32', WIRE.fixed32, 0, (input) => input.float())
    case 'double':
      return kind('float64', WIRE.fixed64, 0, (input) => input.double())
    case 'bool':
      return kind('boolean', WIRE.varint, false, (input) => input.varint() !== 0)
    case 'string':
      return kind('string', WIRE.bytes, '', (input) => input.text(input.count()))
    case 'bytes':
      return kind('bytes', WIRE.bytes, Buffer.alloc(0), (input) => input.bytes(input.count()))
    default:
      throw new DataError(`The Protobuf schema has a type that is not supported: ${field.type}`)
  }
}

const USUAL = new Set(['int32', 'int64', 'float', 'double', 'bool', 'string', 'bytes'])

/** Of proto2. */
function explicitDefault(field: protobuf.Field): unknown {
  const given: unknown = field.options?.['default']
  if (field.type === 'bytes') {
    return typeof given === 'string' ? Buffer.from(given, 'latin1') : undefined
  }
  return given
}

function int32Kind(kind: Kind, field: protobuf.Field): Kind {
  const marked = metaParams(field).get(CONNECT_TYPE_PARAM)
  const type = marked === 'int8' || marked === 'int16' ? marked : 'int32'
  const read = kind.reader(Schema.INT32)
  return {
    ...kind,
    type,
    reader: () => (input) => {
      const value = read(input)
      if (!isSmallInteger(type, value)) throw new DataError(`A number beyond ${type}`)
      return value
    }
  }
}

export function logicalKind(name: string, field: protobuf.Field): Kind {
  const kind = (type: SchemaType, read: Read): Kind => ({
    type,
    name,
    version: 1,
    optional: true,
    wire: WIRE.bytes,
    zero: null,
    reader: () => (input) => input.part(() => read(input))
  })
  if (name === DECIMAL_NAME) {
    const params = metaParams(field)
    const scale = /^-?\d+$/.test(params.get('scale') ?? '') ? (params.get('scale') as string) : '0'
    const precision = params.get('precision')
    return {
      ...kind('bytes', () => null),
      parameters: new Map([
        ['scale', scale],
        ...(precision === undefined ? [] : ([[CONNECT_PRECISION, precision]] as const))
      ]),
      reader: (schema) => {
        const wanted = scaleOf(schema)
        return (input) => input.part(() => readDecimal(input, wanted))
      }
    }
  }
  if (name === DATE_NAME) return kind('int32', readDate)
  return name === TIME_NAME ? kind('int32', readTime) : kind('int64', readTimestamp)
}
