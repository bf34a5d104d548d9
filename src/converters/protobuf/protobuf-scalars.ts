import protobuf from 'protobufjs'
import type { Schema } from '../../data/schema.ts'
import {
  isFloat32,
  isInt64,
  isSmallInteger,
  kindOf,
  typeName as connectTypeName,
  wrongValue
} from '../../data/values.ts'
import { DataError } from '../../errors.ts'
import { protobufEnumParameter } from './protobuf-names.ts'
import { type ProtobufOutput, WIRE } from './protobuf-wire.ts'

/** Writes a value that is not null, without its tag. Throws DataError when it does not fit. */
export type ProtobufWrite = (out: ProtobufOutput, value: unknown) => void

/** A scalar: how it is delimited, written, and when it is the default that is not written. */
export interface Scalar {
  readonly wire: number
  readonly write: ProtobufWrite
  readonly isDefault: (value: unknown) => boolean
}

export function unlike(schema: Schema, field: protobuf.Field): DataError {
  const type = `${field.repeated ? 'repeated ' : ''}${field.type}`
  return new DataError(
    `${connectTypeName(schema)} cannot be written as ${type}, which field ${field.name} is in the registry`
  )
}

export function enumScalar(schema: Schema, type: protobuf.Enum, field: protobuf.Field): Scalar {
  if (protobufEnumParameter(schema) === null && schema.type !== 'string') {
    throw unlike(schema, field)
  }
  const numbers = new Set(Object.values(type.values))
  const numberOf = (value: unknown): number => {
    const number = schema.type === 'int32' ? value : type.values[value as string]
    if (typeof number === 'number' && numbers.has(number)) return number
    throw new DataError(`Expected a symbol of ${type.name}, found ${kindOf(value)}`)
  }
  return {
    wire: WIRE.varint,
    write: (out, value) => out.signed(numberOf(value)),
    isDefault: (value) => numberOf(value) === 0
  }
}

const isZero = (value: unknown): boolean => Object.is(Number(value), 0)
const INT32 = { wire: WIRE.varint, isDefault: isZero }

export function scalarOf(schema: Schema, field: protobuf.Field): Scalar {
  const of = (wire: number, isDefault: Scalar['isDefault'], write: ProtobufWrite): Scalar => ({
    wire,
    isDefault,
    write
  })
  switch (field.type) {
    case 'int32':
      return { ...INT32, write: integer(schema, field, INT32_RANGE, (out, v) => out.signed(v)) }
    case 'sint32':
      return { ...INT32, write: integer(schema, field, INT32_RANGE, (out, v) => out.zigzag(v)) }
    case 'uint32':
      return { ...INT32, write: integer(schema, field, UINT32_RANGE, (out, v) => out.signed(v)) }
    case 'int64':
      return { ...INT32, write: integer(schema, field, null, (out, v) => out.signed(v)) }
    case 'sint64':
      return { ...INT32, write: integer(schema, field, null, (out, v) => out.zigzag(v)) }
    case 'uint64':
      return { ...INT32, write: integer(schema, field, UINT64_RANGE, (out, v) => out.signed(v)) }
    case 'fixed32':
      return of(WIRE.fixed32, isZero, integer(schema, field, UINT32_RANGE, writeFixed32))
    case 'sfixed32':
      return of(WIRE.fixed32, isZero, integer(schema, field, INT32_RANGE, writeFixed32))
    case 'fixed64':
      return of(WIRE.fixed64, isZero, integer(schema, field, UINT64_RANGE, writeFixed64))
    case 'sfixed64':
      return of(WIRE.fixed64, isZero, integer(schema, field, null, writeFixed64))
    case 'float':
      if (schema.type !== 'float32') throw unlike(schema, field)
      return of(WIRE.fixed32, isZero, (out, value) => {
        if (!isFloat32(value)) throw wrongValue(schema, value)
        out.float(value)
      })
    case 'double':
      if (schema.type !== 'float32' && schema.type !== 'float64') throw unlike(schema, field)
      return of(WIRE.fixed64, isZero, (out, value) => {
        if (typeof value !== 'number') throw wrongValue(schema, value)
        out.double(value)
      })
    case 'bool':
      if (schema.type !== 'boolean') throw unlike(schema, field)
      return of(
        WIRE.varint,
        (value) => value === false,
        (out, value) => {
          if (typeof value !== 'boolean') throw wrongValue(schema, value)
          out.byte(value ? 1 : 0)
        }
      )
    case 'string':
      if (schema.type !== 'string') throw unlike(schema, field)
      return of(
        WIRE.bytes,
        (value) => value === '',
        (out, value) => {
          if (typeof value !== 'string') throw wrongValue(schema, value)
          out.text(value)
        }
      )
    case 'bytes':
      if (schema.type !== 'bytes') throw unlike(schema, field)
      return of(
        WIRE.bytes,
        (value) => value instanceof Uint8Array && value.length === 0,
        (out, value) => {
          if (!(value instanceof Uint8Array)) throw wrongValue(schema, value)
          out.bytes(value)
        }
      )
    default:
      throw unlike(schema, field)
  }
}

interface Range {
  readonly min: number
  readonly max: number
}
const INT32_RANGE: Range = { min: -(2 ** 31), max: 2 ** 31 - 1 }
const UINT32_RANGE: Range = { min: 0, max: 2 ** 32 - 1 }
const UINT64_RANGE: Range = { min: 0, max: Infinity }
const writeFixed32 = (out: ProtobufOutput, value: number | bigint): void =>
  out.fixed32(Number(value))
const writeFixed64 = (out: ProtobufOutput, value: number | bigint): void => out.fixed64(value)

/** Range null: all of int64. */
function integer(
  schema: Schema,
  field: protobuf.Field,
  range: Range | null,
  write: (out: ProtobufOutput, value: number | bigint) => void
): ProtobufWrite {
  const { type } = schema
  const fits = (value: unknown): value is number | bigint =>
    range === null || (Number(value) >= range.min && Number(value) <= range.max)
  if (type === 'int64') {
    return (out, value) => {
      if (!isInt64(value) || !fits(value)) throw wrongValue(schema, value)
      write(out, value)
    }
  }
  if (type !== 'int8' && type !== 'int16' && type !== 'int32') throw unlike(schema, field)
  return (out, value) => {
    if (!isSmallInteger(type, value) || !fits(value)) throw wrongValue(schema, value)
    write(out, value)
  }
}
