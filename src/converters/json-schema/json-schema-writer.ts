import { jsonString } from '../../data/json-string.ts'
import { DECIMAL_NAME } from '../../data/logical-types.ts'
import type { Schema, SchemaType } from '../../data/schema.ts'
import { DataError } from '../../errors.ts'
import { isObjectMap, type JsonEncoders } from '../json/json-encoder.ts'
import {
  CONNECT_INDEX,
  CONNECT_PARAMETERS,
  CONNECT_TYPE,
  CONNECT_VERSION,
  isJsonUnion,
  JSON_NAMESPACE,
  jsonEnumParameter,
  NULL_SYMBOL
} from './json-schema-names.ts'

interface JsonSchemaOptions {
  readonly additionalProperties: boolean
  /** For defaults. */
  readonly encoders: JsonEncoders
}

/** Members of a JSON object, in the order they are written. */
type Members = Map<string, string>

const TYPES: Readonly<Partial<Record<SchemaType, string>>> = {
  int8: 'integer',
  int16: 'integer',
  int32: 'integer',
  int64: 'integer',
  float32: 'number',
  float64: 'number',
  boolean: 'boolean',
  string: 'string',
  array: 'array',
  struct: 'object'
}

/**
 * The JSON Schema of a Connect schema, as text: member by member what Confluent's JsonSchemaData registers.
 * Their order is ours (that of the fields): on a JVM it follows hash codes that differ from run to run.
 * Throws DataError.
 */
export function jsonSchemaText(schema: Schema, options: JsonSchemaOptions): string {
  const text = new JsonSchemaWriter(options).write(schema)
  // Apicurio knows a JSON Schema by its properties or by this.
  return text.startsWith('{"type":"object","properties":')
    ? text
    : `${ANYTHING_TEXT.slice(0, -1)},${text.slice(1)}`
}

/** The schema of values without one. */
export const ANYTHING_TEXT = '{"$schema":"http://json-schema.org/draft-07/schema#"}'

const NULL = '{"type":"null"}'

class JsonSchemaWriter {
  readonly #options: JsonSchemaOptions

  constructor(options: JsonSchemaOptions) {
    this.#options = options
  }

  /** `index`: place in a struct. */
  write(schema: Schema | undefined, index?: number): string {
    if (schema === undefined) {
      throw new DataError('An array or map schema names no element schema')
    }
    const place: Members = new Map(index === undefined ? [] : [[CONNECT_INDEX, String(index)]])
    if (isJsonUnion(schema)) {
      const branches = schema.fields.map((field) => this.#bare(field.schema, field.index))
      return oneOf(schema.optional ? [NULL, ...branches] : branches, place)
    }
    return schema.optional ? oneOf([NULL, this.#bare(schema)], place) : this.#bare(schema, index)
  }

  /** As if the schema were required. */
  #bare(schema: Schema, index?: number): string {
    if (isJsonUnion(schema)) return this.write(schema.copy({ optional: false }), index)
    const members = this.#typeOf(schema)
    if (schema.name !== undefined) members.set('title', jsonString(schema.name))
    if (schema.doc !== undefined) members.set('description', jsonString(schema.doc))
    if ((schema.defaultValue ?? null) !== null) {
      members.set('default', this.#options.encoders.of(schema)(schema.defaultValue))
    }
    if (index !== undefined) members.set(CONNECT_INDEX, String(index))
    const connectType = connectTypeOf(schema)
    if (connectType !== null) members.set(CONNECT_TYPE, jsonString(connectType))
    if (schema.version !== undefined) members.set(CONNECT_VERSION, String(schema.version))
    const parameters = [...(schema.parameters ?? [])].filter(
      ([name]) => !name.startsWith(JSON_NAMESPACE)
    )
    if (parameters.length > 0) {
      const texts = new Map(parameters.map(([name, value]) => [name, jsonString(value)]))
      members.set(CONNECT_PARAMETERS, object(texts))
    }
    return object(members)
  }

  #typeOf(schema: Schema): Members {
    const { type } = schema
    const enumParameter = jsonEnumParameter(schema)
    if (enumParameter !== null) return new Map([['enum', symbolsText(schema, enumParameter)]])
    if (type === 'struct') return this.#objectOf(schema)
    if (type === 'array') {
      return new Map([
        ['type', '"array"'],
        ['items', this.write(schema.valueSchema)]
      ])
    }
    if (type === 'map') return this.#mapOf(schema)
    const plain = schema.name === DECIMAL_NAME ? 'number' : (TYPES[type] ?? 'string')
    return new Map([['type', jsonString(plain)]])
  }

  #objectOf(schema: Schema): Members {
    const properties = new Map(
      schema.fields.map((field) => [field.name, this.write(field.schema, field.index)])
    )
    return new Map([
      ['type', '"object"'],
      ...(properties.size === 0 ? [] : ([['properties', object(properties)]] as const)),
      ...(this.#options.additionalProperties ? [] : ([['additionalProperties', 'false']] as const))
    ])
  }

  #mapOf(schema: Schema): Members {
    const { keySchema, valueSchema } = schema
    if (isObjectMap(schema, 'objects')) {
      return new Map([
        ['type', '"object"'],
        ['additionalProperties', this.write(valueSchema)]
      ])
    }
    const entry = new Map([
      ['type', '"object"'],
      [
        'properties',
        object(
          new Map([
            ['key', this.write(keySchema, 0)],
            ['value', this.write(valueSchema, 1)]
          ])
        )
      ]
    ])
    return new Map([
      ['type', '"array"'],
      ['items', object(entry)]
    ])
  }
}

function connectTypeOf({ type }: Schema): string | null {
  return type === 'boolean' || type === 'string' || type === 'array' || type === 'struct'
    ? null
    : type
}

function symbolsText(schema: Schema, parameter: string): string {
  const prefix = `${parameter}.`
  const symbols = [...(schema.parameters?.keys() ?? [])]
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length))
  return `[${symbols.map((symbol) => (symbol === NULL_SYMBOL ? 'null' : jsonString(symbol))).join(',')}]`
}

function oneOf(branches: readonly string[], place: Members): string {
  return object(new Map([['oneOf', `[${branches.join(',')}]`], ...place]))
}

function object(members: ReadonlyMap<string, string>): string {
  return `{${[...members].map(([name, text]) => `${jsonString(name)}:${text}`).join(',')}}`
}
