import { Schema, type SchemaOptions, type SchemaType } from '../../data/schema.ts'
import { DataError } from '../../errors.ts'
import type { JsonDecoders } from './json-decoder.ts'
import type { JsonEncoders } from './json-encoder.ts'
import { isJsonObject, type JsonNode, type JsonObject, member } from '../../data/json-node.ts'
import { jsonString } from '../../data/json-string.ts'

/** JsonConverter's form of a schema, both ways. */

const JSON_NAMES: Partial<Record<SchemaType, string>> = { float32: 'float', float64: 'double' }
const TYPES = new Map<string, SchemaType>([
  ['float', 'float32'],
  ['double', 'float64'],
  ...(
    [
      'int8',
      'int16',
      'int32',
      'int64',
      'boolean',
      'string',
      'bytes',
      'array',
      'map',
      'struct'
    ] as const
  ).map((type) => [type, type] as const)
])

/**
 * Schema → JSON text, members in the order the JVM's converter writes them. `field` is the name within a
 * struct.
 */
export function schemaToJson(schema: Schema, encoders: JsonEncoders, field?: string): string {
  const members = [`"type":"${JSON_NAMES[schema.type] ?? schema.type}"`]
  const nested = (part: Schema | undefined): string =>
    part === undefined ? 'null' : schemaToJson(part, encoders)
  if (schema.type === 'array') members.push(`"items":${nested(schema.valueSchema)}`)
  if (schema.type === 'map') {
    members.push(`"keys":${nested(schema.keySchema)}`, `"values":${nested(schema.valueSchema)}`)
  }
  if (schema.type === 'struct') {
    const fields = schema.fields.map((each) => schemaToJson(each.schema, encoders, each.name))
    members.push(`"fields":[${fields.join(',')}]`)
  }
  members.push(`"optional":${schema.optional}`)
  if (schema.name !== undefined) members.push(`"name":${jsonString(schema.name)}`)
  if (schema.version !== undefined) members.push(`"version":${schema.version}`)
  if (schema.doc !== undefined) members.push(`"doc":${jsonString(schema.doc)}`)
  if (schema.parameters !== undefined) {
    const pairs = [...schema.parameters].map(
      ([name, value]) => `${jsonString(name)}:${jsonString(value)}`
    )
    members.push(`"parameters":{${pairs.join(',')}}`)
  }
  if ((schema.defaultValue ?? null) !== null) {
    members.push(`"default":${encoders.of(schema)(schema.defaultValue)}`)
  }
  if (field !== undefined) members.push(`"field":${jsonString(field)}`)
  return `{${members.join(',')}}`
}

/** JSON → schema; null for JSON null (no schema). Throws DataError on anything that is not a schema. */
export function schemaFromJson(node: JsonNode | undefined, decoders: JsonDecoders): Schema | null {
  if (node === null) return null
  const description: JsonObject = node !== undefined && isJsonObject(node) ? node : {}
  const name = member(description, 'type')
  if (typeof name !== 'string') throw new DataError("Schema must contain 'type' field")
  const type = TYPES.get(name)
  if (type === undefined) throw new DataError(`Unknown schema type: ${name}`)
  const options = optionsFromJson(description)
  const parts = partsFromJson(type, description, decoders)
  const schema = new Schema(type, options, parts)
  const defaultNode = member(description, 'default')
  if (defaultNode === undefined) return schema
  const defaultValue = decoders.of(schema)(defaultNode)
  return defaultValue === null ? schema : schema.copy({ defaultValue })
}

function optionsFromJson(description: JsonObject): SchemaOptions {
  const options: SchemaOptions = { optional: member(description, 'optional') === true }
  const name = member(description, 'name')
  if (typeof name === 'string') options.name = name
  const version = member(description, 'version')
  if (typeof version === 'number') options.version = version
  const doc = member(description, 'doc')
  if (typeof doc === 'string') options.doc = doc
  const parameters = member(description, 'parameters')
  if (parameters !== undefined && isJsonObject(parameters)) {
    options.parameters = new Map(
      Object.entries(parameters).map(([key, value]) => {
        if (typeof value !== 'string')
          throw new DataError('Schema parameters must have string values.')
        return [key, value]
      })
    )
  }
  return options
}

type Parts = NonNullable<ConstructorParameters<typeof Schema>[2]>

function partsFromJson(type: SchemaType, description: JsonObject, decoders: JsonDecoders): Parts {
  const required = (key: string, complaint: string): Parts['valueSchema'] => {
    const node = member(description, key)
    const schema = node === undefined ? null : schemaFromJson(node, decoders)
    if (schema === null) throw new DataError(complaint)
    return schema
  }
  if (type === 'array') {
    const valueSchema = required('items', 'Array schema did not specify the element type')
    return valueSchema === undefined ? {} : { valueSchema }
  }
  if (type === 'map') {
    const keySchema = required('keys', 'Map schema did not specify the key type')
    const valueSchema = required('values', 'Map schema did not specify the value type')
    return { ...(keySchema && { keySchema }), ...(valueSchema && { valueSchema }) }
  }
  if (type !== 'struct') return {}
  const fields = member(description, 'fields')
  if (!Array.isArray(fields)) {
    throw new DataError('Struct schema\'s "fields" argument is not an array.')
  }
  return { fields: fields.map((field) => fieldFromJson(field, decoders)) }
}

function fieldFromJson(node: JsonNode, decoders: JsonDecoders): { name: string; schema: Schema } {
  const name = isJsonObject(node) ? member(node, 'field') : undefined
  if (typeof name !== 'string') {
    throw new DataError("Struct schema's field name not specified properly")
  }
  const schema = schemaFromJson(node, decoders)
  if (schema === null) throw new DataError(`Struct schema's field ${name} has no schema`)
  return { name, schema }
}

const [QUOTE, BACKSLASH, OPEN_BRACE, CLOSE_BRACE] = [0x22, 0x5c, 0x7b, 0x7d]

/** Position behind the JSON object that starts at `start`, or -1 when the text is not of the plain form. */
export function endOfObject(text: string, start: number): number {
  if (text[start] !== '{') return -1
  let depth = 0
  for (let i = start; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (char === QUOTE) {
      i = endOfString(text, i)
      if (i < 0) return -1
    } else if (char === OPEN_BRACE) depth++
    else if (char === CLOSE_BRACE && --depth === 0) return i + 1
  }
  return -1
}

/** Position of the closing quote of the string that opens at `start`; -1 when it never ends. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (char === QUOTE) return i
    if (char === BACKSLASH) i++
  }
  return -1
}
