import { DECIMAL_NAME } from '../../data/logical-types.ts'
import { Schema, type SchemaOptions, type SchemaType } from '../../data/schema.ts'
import { DataError } from '../../errors.ts'
import type { JsonDecoders } from '../json/json-decoder.ts'
import { isJsonObject, type JsonNode, type JsonObject, member } from '../../data/json-node.ts'
import { JsonNumber } from '../../data/json-reader.ts'
import {
  CONNECT_INDEX,
  CONNECT_PARAMETERS,
  CONNECT_TYPE,
  CONNECT_VERSION,
  JSON_ENUM,
  JSON_ONE_OF,
  NULL_SYMBOL
} from './json-schema-names.ts'
import {
  ENUM_PARAMETER,
  UNION_FIELD_PREFIX,
  UNION_PARAMETER,
  UNION_PREFIX
} from '../registry/sum-types.ts'

interface JsonSchemaReaderOptions {
  readonly generalizedSumTypes: boolean
  readonly optionalForNonRequired: boolean
  /** For defaults. */
  readonly decoders: JsonDecoders
}

/** What a JSON Schema is before names, documentation and defaults are added. */
interface Base {
  readonly type: SchemaType
  readonly name?: string
  readonly optional?: boolean
  readonly parameters?: ReadonlyMap<string, string>
  readonly parts?: {
    fields?: { name: string; schema: Schema }[]
    keySchema?: Schema
    valueSchema?: Schema
  }
}

const NUMBERS = new Set(['int8', 'int16', 'int32', 'int64', 'float32', 'float64', 'bytes'])
const CONSTRAINTS: readonly [string, readonly string[]][] = [
  ['object', ['properties', 'required', 'additionalProperties', 'patternProperties']],
  ['array', ['items', 'uniqueItems', 'minItems', 'maxItems']],
  ['string', ['minLength', 'maxLength', 'pattern', 'format']],
  ['number', ['minimum', 'maximum', 'multipleOf', 'exclusiveMinimum', 'exclusiveMaximum']]
]

/**
 * JSON Schema → Connect schema as Confluent's JsonSchemaData makes it. Throws DataError; schemas that contain
 * themselves are refused. `referenced`: documents by the name they are referred to with.
 */
export class JsonSchemaReader {
  readonly #options: JsonSchemaReaderOptions
  readonly #root: JsonNode
  readonly #referenced: ReadonlyMap<string, JsonNode>
  readonly #open = new Set<JsonNode>()
  #unions = 0

  constructor(
    root: JsonNode,
    referenced: ReadonlyMap<string, JsonNode>,
    options: JsonSchemaReaderOptions
  ) {
    this.#root = root
    this.#referenced = referenced
    this.#options = options
  }

  /** Null when the schema allows anything. `version`: that of the subject, for a schema that names none. */
  read(version?: number): Schema | null {
    if (this.#root === true || (isJsonObject(this.#root) && typesOf(this.#root).length === 0)) {
      return null
    }
    return this.#schema(this.#root, this.#root, { optional: false, version })
  }

  /** `document`: where `#` in a reference begins. */
  #schema(
    node: JsonNode | undefined,
    document: JsonNode,
    from: { optional: boolean; version?: number | undefined }
  ): Schema {
    if (node === undefined || !isJsonObject(node)) {
      throw new DataError('A part of the JSON Schema says nothing about its type')
    }
    if (this.#open.has(node)) {
      throw new DataError('The JSON Schema contains itself; Connect schemas cannot')
    }
    this.#open.add(node)
    try {
      return this.#opened(node, document, from)
    } finally {
      this.#open.delete(node)
    }
  }

  #opened(
    node: JsonObject,
    document: JsonNode,
    from: { optional: boolean; version?: number | undefined }
  ): Schema {
    const reference = member(node, '$ref')
    if (typeof reference === 'string') {
      const target = this.#target(reference, document)
      return this.#schema(target.node, target.document, from)
    }
    const branches = branchesOf(node)
    const only = branches?.filter((branch) => !isNull(branch))
    if (only?.length === 1) {
      const optional = from.optional || only.length < (branches?.length ?? 0)
      return this.#schema(only[0], document, { ...from, optional })
    }
    return this.#dressed(node, this.#base(node, document, only), from)
  }

  #dressed(
    node: JsonObject,
    base: Base,
    from: { optional: boolean; version?: number | undefined }
  ): Schema {
    const title = member(node, 'title')
    const name = base.name ?? (typeof title === 'string' ? title : undefined)
    const ownVersion = member(node, CONNECT_VERSION)
    const version = typeof ownVersion === 'number' ? ownVersion : from.version
    const doc = member(node, 'description')
    const given = member(node, CONNECT_PARAMETERS)
    const parameters = new Map(base.parameters)
    if (given !== undefined && isJsonObject(given)) {
      for (const [key, value] of Object.entries(given)) parameters.set(key, textOf(value))
    }
    if (name === DECIMAL_NAME && base.type === 'bytes' && !parameters.has('scale')) {
      throw new DataError('Invalid Decimal schema: scale parameter not found.')
    }
    const options: SchemaOptions = {
      optional: from.optional || base.optional === true,
      ...(name === undefined ? {} : { name }),
      ...(version === undefined ? {} : { version }),
      ...(typeof doc === 'string' ? { doc } : {}),
      ...(parameters.size === 0 ? {} : { parameters })
    }
    const schema = new Schema(base.type, options, base.parts)
    const fallback = member(node, 'default')
    if (fallback === undefined || fallback === null) return schema
    return schema.copy({ defaultValue: this.#options.decoders.of(schema)(fallback) })
  }

  #base(node: JsonObject, document: JsonNode, union: readonly JsonNode[] | undefined): Base {
    const connectType = member(node, CONNECT_TYPE)
    if (union !== undefined) return this.#union(union, document, branchesOf(node)?.some(isNull))
    const all = member(node, 'allOf')
    if (Array.isArray(all)) return this.#allOf(node, all, document)
    const symbols = member(node, 'enum')
    const types = typesOf(node)
    if (Array.isArray(symbols) && (types.includes('string') || !Object.hasOwn(node, 'type'))) {
      return this.#enum(symbols)
    }
    const [type] = types
    switch (type) {
      case 'boolean':
        return { type }
      case 'integer':
      case 'number': {
        if (typeof connectType === 'string' && NUMBERS.has(connectType)) {
          return { type: connectType as SchemaType }
        }
        return { type: type === 'integer' ? 'int64' : 'float64' }
      }
      case 'string':
        return { type: connectType === 'bytes' ? 'bytes' : 'string' }
      case 'array':
        return this.#array(node, document, connectType === 'map')
      case 'object':
        return this.#object(node, document, connectType === 'map')
      case undefined:
      default:
        throw new DataError(`The JSON Schema has a part whose type is not supported: ${type}`)
    }
  }

  #union(branches: readonly JsonNode[], document: JsonNode, optional = false): Base {
    const generalized = this.#options.generalizedSumTypes
    const name = generalized ? `${UNION_PREFIX}${this.#unions++}` : JSON_ONE_OF
    const fields = branches.map((branch, index) => ({
      name: generalized ? `${UNION_FIELD_PREFIX}${index}` : `${name}.field.${index}`,
      schema: this.#schema(branch, document, { optional: true })
    }))
    return {
      type: 'struct',
      name,
      optional,
      parts: { fields },
      ...(generalized ? { parameters: new Map([[UNION_PARAMETER, name]]) } : {})
    }
  }

  #enum(symbols: readonly JsonNode[]): Base {
    const generalized = this.#options.generalizedSumTypes
    const parameter = generalized ? ENUM_PARAMETER : JSON_ENUM
    const parameters = new Map([[parameter, '']])
    symbols.forEach((node, index) => {
      const symbol = node === null ? NULL_SYMBOL : textOf(node)
      parameters.set(`${parameter}.${symbol}`, generalized ? String(index) : symbol)
    })
    return { type: 'string', parameters }
  }

  #array(node: JsonObject, document: JsonNode, isMap: boolean): Base {
    const items = member(node, 'items')
    if (items === undefined || Array.isArray(items)) {
      throw new DataError('Array schema did not specify the items type')
    }
    const properties = isJsonObject(items) ? member(items, 'properties') : undefined
    if (isMap && properties !== undefined && isJsonObject(properties)) {
      const keySchema = this.#schema(member(properties, 'key'), document, { optional: false })
      const valueSchema = this.#schema(member(properties, 'value'), document, { optional: false })
      return { type: 'map', parts: { keySchema, valueSchema } }
    }
    const valueSchema = this.#schema(items, document, { optional: false })
    return { type: 'array', parts: { valueSchema } }
  }

  #object(node: JsonObject, document: JsonNode, isMap: boolean): Base {
    if (isMap) {
      const values = member(node, 'additionalProperties')
      const valueSchema = this.#schema(values, document, { optional: false })
      return { type: 'map', parts: { keySchema: Schema.STRING, valueSchema } }
    }
    return { type: 'struct', parts: { fields: this.#fields(propertiesOf(node), document) } }
  }

  #fields(
    properties: ReadonlyMap<string, { node: JsonNode; required: boolean }>,
    document: JsonNode
  ): { name: string; schema: Schema }[] {
    const placed = [...properties].map(([name, property], place) => {
      const index = isJsonObject(property.node) ? member(property.node, CONNECT_INDEX) : undefined
      return { name, ...property, index: typeof index === 'number' ? index : place }
    })
    return placed
      .sort((a, b) => a.index - b.index)
      .map(({ name, node, required }) => {
        const optional = this.#options.optionalForNonRequired && !required
        return { name, schema: this.#schema(node, document, { optional }) }
      })
  }

  /** Objects become one; of several views of a simple type the one that says most about it is taken. */
  #allOf(node: JsonObject, all: readonly JsonNode[], document: JsonNode): Base {
    const parts = [node, ...all].map((part) => this.#resolved(part, document))
    const properties = new Map<string, { node: JsonNode; required: boolean }>()
    for (const part of parts) {
      for (const [name, property] of propertiesOf(part)) properties.set(name, property)
    }
    if (properties.size > 0) {
      return { type: 'struct', parts: { fields: this.#fields(properties, document) } }
    }
    const { allOf: _, ...own } = node
    const merged: JsonObject = Object.assign({}, ...parts.slice(1), own)
    const branches = branchesOf(merged)
    if (typesOf(merged).length === 0 && branches === null) {
      throw new DataError(
        'The JSON Schema has an allOf that is neither an object nor a simple type'
      )
    }
    return this.#base(
      merged,
      document,
      branches?.filter((branch) => !isNull(branch))
    )
  }

  #resolved(part: JsonNode, document: JsonNode): JsonObject {
    if (!isJsonObject(part)) throw new DataError('The JSON Schema has an allOf without schemas')
    const reference = member(part, '$ref')
    if (typeof reference !== 'string') return part
    const { node } = this.#target(reference, document)
    if (!isJsonObject(node)) throw new DataError(`The JSON Schema has no ${reference}`)
    return node
  }

  /**
   * `#/definitions/x`, `#`, the `$id` of a part, or the name of a referenced schema with such a pointer
   * behind it.
   */
  #target(reference: string, document: JsonNode): { node: JsonNode; document: JsonNode } {
    const [name = '', pointer = ''] = reference.split('#')
    const base = name === '' ? document : this.#referenced.get(name)
    const named = base === undefined ? partWithId(this.#root, reference) : undefined
    if (named !== undefined) return { node: named, document: this.#root }
    if (base === undefined)
      throw new DataError(`The JSON Schema refers to ${reference}, which is not known`)
    let node: JsonNode | undefined = base
    for (const step of pointer.split('/').slice(1)) {
      const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
      node = stepInto(node, key)
    }
    node = pointer !== '' && !pointer.startsWith('/') ? partWithId(base, `#${pointer}`) : node
    if (node === undefined) throw new DataError(`The JSON Schema has no ${reference}`)
    return { node, document: base }
  }
}

function stepInto(node: JsonNode | undefined, key: string): JsonNode | undefined {
  if (Array.isArray(node)) return node[Number(key)]
  return node !== undefined && isJsonObject(node) ? member(node, key) : undefined
}

function partWithId(node: JsonNode, id: string): JsonNode | undefined {
  if (Array.isArray(node)) return firstDefined(node, (item) => partWithId(item, id))
  if (!isJsonObject(node)) return undefined
  const anchor = member(node, '$anchor')
  if (member(node, '$id') === id || member(node, 'id') === id || `#${String(anchor)}` === id) {
    return node
  }
  return firstDefined(Object.values(node), (item) => partWithId(item, id))
}

function firstDefined<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item)
    if (found !== undefined) return found
  }
  return undefined
}

const isNull = (node: JsonNode): boolean => isJsonObject(node) && member(node, 'type') === 'null'

/** Alternatives of a schema: of oneOf, anyOf, or of a list of types. Null when there are none. */
function branchesOf(node: JsonObject): readonly JsonNode[] | null {
  const given = member(node, 'oneOf') ?? member(node, 'anyOf')
  if (Array.isArray(given)) return given
  const type = member(node, 'type')
  if (!Array.isArray(type)) return null
  return type.map((one) => (one === 'null' ? { type: one } : { ...node, type: one }))
}

/** The types a schema names, or the one its constraints speak of. */
function typesOf(node: JsonObject): string[] {
  const type = member(node, 'type')
  if (typeof type === 'string') return [type]
  if (Array.isArray(type)) return type.map(textOf)
  if (['enum', 'oneOf', 'anyOf', 'allOf', '$ref'].some((key) => Object.hasOwn(node, key))) {
    return ['any']
  }
  if (Object.hasOwn(node, 'const')) return [typeOfConst(member(node, 'const'))]
  const implied = CONSTRAINTS.find(([, keys]) => keys.some((key) => Object.hasOwn(node, key)))
  return implied === undefined ? [] : [implied[0]]
}

function typeOfConst(node: JsonNode | undefined): string {
  if (typeof node === 'number') return 'integer'
  return node instanceof JsonNumber ? 'number' : typeof node
}

function propertiesOf(node: JsonObject): Map<string, { node: JsonNode; required: boolean }> {
  const properties = member(node, 'properties')
  if (properties === undefined || !isJsonObject(properties)) return new Map()
  const required = member(node, 'required')
  const names = new Set(Array.isArray(required) ? required : [])
  return new Map(
    Object.entries(properties).map(([name, schema]) => [
      name,
      { node: schema, required: names.has(name) }
    ])
  )
}

function textOf(node: JsonNode): string {
  if (node instanceof JsonNumber) return node.text
  return typeof node === 'object' ? JSON.stringify(node) : String(node)
}
