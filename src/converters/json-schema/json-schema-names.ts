import type { Schema } from '../../data/schema.ts'
import { ENUM_PARAMETER, UNION_PARAMETER } from '../registry/sum-types.ts'

/**
 * Names of Confluent's JSON Schema mapping: they stand in registered schemas, so each is part of the
 * contract.
 */
export const JSON_NAMESPACE = 'io.confluent.connect.json'
export const JSON_ENUM = `${JSON_NAMESPACE}.Enum`
export const JSON_ONE_OF = `${JSON_NAMESPACE}.OneOf`
export const CONNECT_TYPE = 'connect.type'
export const CONNECT_VERSION = 'connect.version'
export const CONNECT_PARAMETERS = 'connect.parameters'
export const CONNECT_INDEX = 'connect.index'
/** Stands for null among the symbols of an enum. */
export const NULL_SYMBOL = '<NULL>'

/** Whether a struct holds one of several types, the field of which is set. */
export function isJsonUnion(schema: Schema): boolean {
  return (
    schema.type === 'struct' &&
    (schema.name === JSON_ONE_OF || schema.parameters?.has(UNION_PARAMETER) === true)
  )
}

/** The parameter under which the symbols of an enum stand; null when the schema is none. */
export function jsonEnumParameter(schema: Schema): string | null {
  if (schema.type !== 'string') return null
  return [ENUM_PARAMETER, JSON_ENUM].find((name) => schema.parameters?.has(name) === true) ?? null
}
