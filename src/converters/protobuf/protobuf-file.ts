import { DECIMAL_NAME } from '../../data/logical-types.ts'
import type { Schema } from '../../data/schema.ts'
import { DataError } from '../../errors.ts'
import { KNOWN_FILES } from './protobuf-known-files.ts'
import {
  CONNECT_PRECISION,
  CONNECT_TYPE_PARAM,
  DEFAULT_MESSAGE_NAME,
  FIELD_META,
  isIdentifier,
  isProtobufUnion,
  LOGICAL_MESSAGES,
  mapEntryName,
  META_FILE,
  PROTOBUF_TAG,
  PROTOBUF_TYPE,
  PROTOBUF_UNION,
  protobufEnumParameter,
  scrubProtobufName,
  WRAPPERS_FILE,
  wrapperOf
} from './protobuf-names.ts'
import { UNION_PARAMETER } from '../registry/sum-types.ts'

export interface ProtobufFileOptions {
  readonly scrubNames: boolean
  readonly optionalForNullables: boolean
  readonly wrapperForNullables: boolean
}

interface ProtobufFile {
  readonly text: string
  readonly imports: readonly string[]
  /** Full name of the message that records are. */
  readonly messageName: string
}

const SCALARS = {
  int8: 'int32',
  int16: 'int32',
  int32: 'int32',
  int64: 'int64',
  float32: 'float',
  float64: 'double',
  boolean: 'bool',
  string: 'string',
  bytes: 'bytes'
} as const

const MAX_FIELD_NUMBER = 2 ** 29 - 1

/**
 * The .proto file of a Connect schema, message by message and number by number that of Confluent's
 * ProtobufData. Throws DataError.
 */
export function protobufFile(schema: Schema, options: ProtobufFileOptions): ProtobufFile {
  if (schema.type === 'array' || schema.type === 'map' || isProtobufUnion(schema)) {
    throw new DataError(`Unsupported root schema of type ${schema.type.toUpperCase()}`)
  }
  const wrapper = wrapperOf(schema, schema.parameters?.get(PROTOBUF_TYPE))
  const wrappers = KNOWN_FILES.get(WRAPPERS_FILE)
  if (wrapper !== null && wrappers !== undefined) {
    return { text: wrappers.text, imports: [], messageName: wrapper }
  }
  return new ProtobufFileWriter(options).file(schema)
}

/** What a message being written has so far. */
interface Scope {
  readonly name: string
  readonly fields: string[]
  readonly fieldNames: Set<string>
  /** What no type may be called: fields and types share their names. */
  readonly reserved: ReadonlySet<string>
  readonly numbers: Set<number>
  /** Message and enum types by name, with their text. */
  readonly types: Map<string, string>
  nextNumber: number
}

const scopeOf = (name: string, reserved: ReadonlySet<string>): Scope => ({
  name,
  fields: [],
  fieldNames: new Set(),
  reserved,
  numbers: new Set(),
  types: new Map(),
  nextNumber: 1
})

class ProtobufFileWriter {
  readonly #options: ProtobufFileOptions
  readonly #imports = new Set<string>()
  #unnamed = 0

  constructor(options: ProtobufFileOptions) {
    this.#options = options
  }

  file(schema: Schema): ProtobufFile {
    const fullName = this.#nameOrDefault(schema.name)
    const dot = fullName.lastIndexOf('.')
    const space = dot < 0 ? null : fullName.slice(0, dot)
    if (space?.split('.').every(isIdentifier) === false) throw invalidName(space)
    const name = this.#scrub(fullName.slice(dot + 1))
    const message = this.#message(name, schema)
    const imports = [...this.#imports].sort()
    const parts = [
      'syntax = "proto3";',
      ...(space === null ? [] : [`package ${space};`]),
      ...(imports.length === 0 ? [] : ['', ...imports.map((file) => `import "${file}";`)]),
      '',
      message
    ]
    return {
      text: `${parts.join('\n')}\n`,
      imports,
      messageName: space === null ? name : `${space}.${name}`
    }
  }

  #message(name: string, schema: Schema): string {
    if (!isIdentifier(name)) throw invalidName(name)
    const names = schema.fields.flatMap((field) =>
      isProtobufUnion(field.schema)
        ? [unionName(field.schema), ...field.schema.fields.map((branch) => branch.name)]
        : [field.name]
    )
    const scope = scopeOf(name, new Set(names.map((each) => this.#scrub(each))))
    for (const field of schema.fields) {
      if (isProtobufUnion(field.schema)) this.#oneof(scope, field.schema)
      else scope.fields.push(this.#field(scope, field.name, field.schema))
    }
    return block(`message ${name}`, [...scope.fields, ...spaced([...scope.types.values()])])
  }

  #oneof(scope: Scope, union: Schema): void {
    const name = this.#scrub(unionName(union))
    if (!isIdentifier(name)) throw invalidName(name)
    const fields = union.fields.map((field) =>
      this.#field(scope, field.name, field.schema.copy({ optional: false }))
    )
    scope.fields.push(block(`oneof ${name}`, fields))
  }

  #field(scope: Scope, given: string, schema: Schema): string {
    const name = this.#scrub(given)
    if (!isIdentifier(name)) throw invalidName(name)
    if (scope.fieldNames.size === scope.fieldNames.add(name).size) {
      throw new DataError(`Two fields of a struct become one in Protobuf: ${name}`)
    }
    const number = this.#number(scope, name, schema)
    const repeated = schema.type === 'array'
    const of = repeated ? schema.valueSchema : schema
    if (of === undefined) throw new DataError('An array or map schema names no element schema')
    if (repeated && (of.type === 'array' || of.type === 'map' || isProtobufUnion(of))) {
      throw new DataError(`Field ${name}: Protobuf has no arrays of arrays, maps and unions`)
    }
    const label = repeated || of.type === 'map' ? 'repeated ' : this.#label(of)
    const params = new Map<string, string>()
    const type = this.#type(scope, of, params)
    return `${label}${type} ${name} = ${number}${this.#meta(params)};`
  }

  #label(schema: Schema): string {
    return this.#options.optionalForNullables && schema.optional ? 'optional ' : ''
  }

  #number(scope: Scope, name: string, schema: Schema): number {
    const tag = schema.parameters?.get(PROTOBUF_TAG)
    const number = tag === undefined ? scope.nextNumber++ : Number(tag)
    if (!Number.isInteger(number) || number < 1 || number > MAX_FIELD_NUMBER) {
      throw new DataError(`Field ${name} has a number Protobuf does not allow: ${number}`)
    }
    if (scope.numbers.size === scope.numbers.add(number).size) {
      throw new DataError(`Two fields of ${scope.name} have the number ${number}`)
    }
    return number
  }

  #type(scope: Scope, schema: Schema, params: Map<string, string>): string {
    const logical = schema.name === undefined ? undefined : LOGICAL_MESSAGES.get(schema.name)
    if (logical !== undefined) {
      this.#imports.add(logical.file)
      if (schema.name === DECIMAL_NAME) decimalParams(schema, params)
      return logical.type
    }
    const enumParameter = protobufEnumParameter(schema)
    if (enumParameter !== null) return this.#enum(scope, schema, enumParameter)
    if (schema.type === 'struct') return this.#struct(scope, schema)
    if (schema.type === 'map') return this.#map(scope, schema)
    if (schema.type === 'array') throw new DataError('Array cannot be nested')
    const own = schema.parameters?.get(PROTOBUF_TYPE)
    if (schema.type === 'int8' || schema.type === 'int16') {
      params.set(CONNECT_TYPE_PARAM, schema.type)
    }
    const wrapper = wrapperOf(schema, own)
    if (this.#options.wrapperForNullables && schema.optional && wrapper !== null) {
      this.#imports.add(WRAPPERS_FILE)
      return wrapper
    }
    return schema.type === 'int32' || schema.type === 'int64'
      ? (own ?? SCALARS[schema.type])
      : SCALARS[schema.type]
  }

  #struct(scope: Scope, schema: Schema): string {
    const unqualified = this.#unqualified(schema.name)
    const name = scope.reserved.has(unqualified) ? `${unqualified}Message` : unqualified
    if (name === scope.name) throw redefined(name)
    return this.#define(scope, name, () => this.#message(name, schema))
  }

  /** Entries of a message with key and value; on the wire that is what a map is. */
  #map(scope: Scope, schema: Schema): string {
    const { keySchema, valueSchema } = schema
    const name = mapEntryName(this.#unqualified(schema.name))
    if (keySchema === undefined || valueSchema === undefined) {
      throw new DataError('An array or map schema names no element schema')
    }
    if ([keySchema, valueSchema].some(({ type }) => type === 'array' || type === 'map')) {
      throw new DataError('Protobuf has no maps of arrays and maps')
    }
    return this.#define(scope, name, () => {
      const inner = scopeOf(name, new Set(['key', 'value']))
      const entryField = (fieldName: string, of: Schema, number: number): string => {
        const params = new Map<string, string>()
        const type = this.#type(inner, of, params)
        return `${this.#label(of)}${type} ${fieldName} = ${number}${this.#meta(params)};`
      }
      const fields = [entryField('key', keySchema, 1), entryField('value', valueSchema, 2)]
      return block(`message ${name}`, [...fields, ...spaced([...inner.types.values()])])
    })
  }

  #enum(scope: Scope, schema: Schema, parameter: string): string {
    const type = this.#unqualified(schema.name ?? schema.parameters?.get(parameter))
    if (!isIdentifier(type)) throw invalidName(type)
    const symbols = [...(schema.parameters ?? [])]
      .filter(([key]) => key.startsWith(`${parameter}.`))
      .map(([key, tag]) => ({ symbol: key.slice(parameter.length + 1), tag: Number(tag) }))
    for (const { symbol, tag } of symbols) {
      if (!isIdentifier(symbol)) throw invalidName(symbol)
      if (!Number.isInteger(tag)) throw new DataError(`Enum ${type} has no number for ${symbol}`)
    }
    // The first value of an enum has to be 0 in proto3.
    symbols.sort((a, b) => Number(b.tag === 0) - Number(a.tag === 0))
    const lines = symbols.map(({ symbol, tag }) => `${symbol} = ${tag};`)
    return this.#define(scope, type, () => block(`enum ${type}`, lines))
  }

  /** A type is defined once in a message; another one of that name is an error. */
  #define(scope: Scope, name: string, text: () => string): string {
    const before = this.#unnamed
    const known = scope.types.get(name)
    const written = text()
    if (known === undefined) scope.types.set(name, written)
    else if (known !== written) throw redefined(name)
    else this.#unnamed = before
    return name
  }

  #meta(params: ReadonlyMap<string, string>): string {
    if (params.size === 0) return ''
    this.#imports.add(META_FILE)
    const entries = [...params].map(
      ([key, value]) =>
        `    {\n      key: ${JSON.stringify(key)},\n      value: ${JSON.stringify(value)}\n    }`
    )
    return ` [(${FIELD_META}) = {\n  params: [\n${entries.join(',\n')}\n  ]\n}]`
  }

  #nameOrDefault(name: string | undefined): string {
    if (name !== undefined && name !== '') return name
    this.#unnamed += 1
    return `${DEFAULT_MESSAGE_NAME}${this.#unnamed}`
  }

  #unqualified(name: string | undefined): string {
    const fullName = this.#nameOrDefault(name)
    return this.#scrub(fullName.slice(fullName.lastIndexOf('.') + 1))
  }

  #scrub(name: string): string {
    return this.#options.scrubNames ? scrubProtobufName(name) : name
  }
}

function unionName(union: Schema): string {
  const generalized = union.parameters?.get(UNION_PARAMETER)
  const name = generalized ?? (union.name ?? '').slice(PROTOBUF_UNION.length + 1)
  return name.slice(name.lastIndexOf('.') + 1)
}

function decimalParams(schema: Schema, params: Map<string, string>): void {
  const precision = schema.parameters?.get(CONNECT_PRECISION)
  if (precision !== undefined) params.set('precision', precision)
  const scale = schema.parameters?.get('scale')
  if (scale !== undefined) params.set('scale', scale)
}

function block(head: string, lines: readonly string[]): string {
  const body = lines.map((line) => line.replace(/^(?=.)/gm, '  ')).join('\n')
  return body === '' ? `${head} {}` : `${head} {\n${body}\n}`
}

/** Nested types stand apart. */
const spaced = (types: readonly string[]): string[] => types.map((type) => `\n${type}`)

const redefined = (name: string): DataError =>
  new DataError(`Two types of one message have the name ${name}`)

function invalidName(name: string): DataError {
  return new DataError(
    `"${name}" is not a name Protobuf allows (letters, digits and _, no digit first). scrub.invalid.names=true replaces the other characters`
  )
}
