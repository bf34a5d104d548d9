import { formEncodedName } from '../registry/form-encoded-name.ts'

/** Names of Confluent's Avro mapping: they stand in registered schemas, so each is part of the contract. */
export const AVRO_NAMESPACE = 'io.confluent.connect.avro'
export const DEFAULT_NAME = 'ConnectDefault'
export const MAP_ENTRY_NAME = 'MapEntry'
export const UNION_NAME = `${AVRO_NAMESPACE}.Union`
export const ENUM_NAME = `${AVRO_NAMESPACE}.Enum`
export const ANYTHING_NAME = `${AVRO_NAMESPACE}.Anything`
export const RECORD_DOC = `${AVRO_NAMESPACE}.record.doc`
export const FIELD_DOC_PREFIX = `${AVRO_NAMESPACE}.field.doc.`
export const ENUM_DOC_PREFIX = `${AVRO_NAMESPACE}.enum.doc.`
export const ENUM_DEFAULT_PREFIX = `${AVRO_NAMESPACE}.enum.default.`
export const FIELD_DEFAULT_FLAG = `${AVRO_NAMESPACE}.field.default`
export const DECIMAL_PRECISION = 'connect.decimal.precision'
export const FIXED_SIZE = 'connect.fixed.size'
export const DEFAULT_PRECISION = 64

export interface AvroName {
  readonly namespace: string | null
  readonly name: string
}

/** A dotted name in its parts; with `scrub` each part is made a valid Avro name. */
export function splitName(fullName: string, scrub: boolean): AvroName {
  const parts = fullName.split('.').map((part) => (scrub ? scrubName(part) : part))
  const name = parts.pop() ?? fullName
  return { namespace: parts.length === 0 ? null : parts.join('.'), name }
}

export function joinName({ namespace, name }: AvroName): string {
  return namespace === null || namespace === '' ? name : `${namespace}.${name}`
}

/** As Confluent's `scrub.invalid.names`: a name Avro allows, the same for the same name. */
export function scrubName(name: string): string {
  if (name === '' || /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name
  return formEncodedName(name, /^\D/)
}

/** Whether every part of a full name is one Avro allows. */
export function isAvroName(fullName: string): boolean {
  return /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/.test(fullName)
}
