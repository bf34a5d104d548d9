import {
  DATE_NAME,
  DECIMAL_NAME,
  Decimal,
  bytesToBigint,
  TIME_NAME,
  TIMESTAMP_NAME
} from '../../data/logical-types.ts'
import { Schema, type SchemaOptions, type SchemaType } from '../../data/schema.ts'
import { Struct } from '../../data/struct.ts'
import { int64, isInt64 } from '../../data/values.ts'
import { DataError } from '../../errors.ts'
import {
  AVRO_NAMESPACE,
  DECIMAL_PRECISION,
  DEFAULT_NAME,
  DEFAULT_PRECISION,
  ENUM_DEFAULT_PREFIX,
  ENUM_DOC_PREFIX,
  ENUM_NAME,
  FIELD_DEFAULT_FLAG,
  FIELD_DOC_PREFIX,
  FIXED_SIZE,
  MAP_ENTRY_NAME,
  RECORD_DOC,
  UNION_NAME
} from './avro-names.ts'
import { type AvroNode, fullNameOf } from './avro-node.ts'
import { isJsonObject, type JsonNode, member } from '../../data/json-node.ts'
import { JsonNumber } from '../../data/json-reader.ts'

export interface ConnectSchemaOptions {
  readonly enhanced: boolean
  readonly metaData: boolean
}

/** What an Avro type becomes before names, documentation and defaults are added. */
interface Base {
  type: SchemaType
  name?: string
  version?: number
  parameters: Map<string, string>
  parts?: { fields?: { name: string; schema: Schema }[]; keySchema?: Schema; valueSchema?: Schema }
  optional?: boolean
}

/** An array of records with key and value stands for a map whose keys are no strings. */
export function isMapEntry(node: AvroNode | undefined): boolean {
  return (
    node?.type === 'record' &&
    (fullNameOf(node) === `${AVRO_NAMESPACE}.${MAP_ENTRY_NAME}` ||
      node.props.get('connect.internal.type') === MAP_ENTRY_NAME)
  )
}

/** The one branch that is not null, when the union only makes it optional; null for a real union. */
export function optionalBranch(node: AvroNode): AvroNode | null {
  const branches = node.branches ?? []
  const other = branches.find(({ type }) => type !== 'null')
  const single = branches.length === 1 || (branches.length === 2 && branches.some(isNull))
  return single ? (other ?? null) : null
}

const isNull = (node: AvroNode): boolean => node.type === 'null'

const INT_TYPES: Readonly<Record<string, SchemaType>> = { int8: 'int8', int16: 'int16' }

/**
 * Avro schema → Connect schema as Confluent's AvroData makes it. Throws DataError; recursive schemas are
 * refused.
 */
export class ConnectSchemas {
  readonly #options: ConnectSchemaOptions
  readonly #open = new Set<AvroNode>()

  constructor(options: ConnectSchemaOptions) {
    this.#options = options
  }

  /** `version`: that of the subject, for a schema that names none. */
  of(node: AvroNode, version?: number): Schema {
    return this.#schema(node, { optional: false, ...(version === undefined ? {} : { version }) })
  }

  #schema(
    node: AvroNode,
    from: { optional: boolean; version?: number; fieldDefault?: JsonNode | undefined }
  ): Schema {
    const only = node.type === 'union' ? optionalBranch(node) : null
    if (only !== null) {
      const optional = (node.branches ?? []).some(isNull)
      return this.#schema(only, { optional: optional || from.optional })
    }
    if (this.#open.has(node)) {
      throw new DataError(
        `The Avro type ${fullNameOf(node)} contains itself; Connect schemas cannot`
      )
    }
    this.#open.add(node)
    const base = this.#base(node)
    this.#open.delete(node)
    return this.#dressed(node, base, from)
  }

  #dressed(
    node: AvroNode,
    base: Base,
    from: { optional: boolean; version?: number; fieldDefault?: JsonNode | undefined }
  ): Schema {
    const { metaData } = this.#options
    const doc = node.props.get('connect.doc')
    const version = base.version ?? numberProp(node, 'connect.version') ?? from.version
    const name = base.name ?? nameOf(node)
    const { parameters } = base
    const given = node.props.get('connect.parameters')
    if (metaData && given !== undefined && given !== null && isJsonObject(given)) {
      for (const [key, value] of Object.entries(given)) parameters.set(key, String(value))
    }
    for (const [key, value] of node.props) {
      if (key.startsWith('avro')) parameters.set(key, String(value))
    }
    const connectDefault = node.props.get('connect.default')
    let defaultJson = connectDefault
    if (from.fieldDefault !== undefined && from.fieldDefault !== null) {
      defaultJson = from.fieldDefault
      if (metaData && connectDefault === undefined) parameters.set(FIELD_DEFAULT_FLAG, 'true')
    }
    const options: SchemaOptions = {
      optional: from.optional || base.optional === true,
      ...(name === undefined ? {} : { name }),
      ...(version === undefined ? {} : { version }),
      ...(metaData && typeof doc === 'string' ? { doc } : {}),
      ...(parameters.size === 0 ? {} : { parameters })
    }
    const schema = new Schema(base.type, options, base.parts)
    if (defaultJson === undefined || defaultJson === null) return schema
    return schema.copy({ defaultValue: defaultFrom(schema, defaultJson) })
  }

  #base(node: AvroNode): Base {
    const parameters = new Map<string, string>()
    switch (node.type) {
      case 'int':
      case 'long':
        return integerBase(node, parameters)
      case 'bytes':
      case 'fixed':
        return bytesBase(node, parameters)
      case 'enum':
        return this.#enumBase(node, parameters)
      case 'record':
        return this.#recordBase(node, parameters)
      case 'union':
        return this.#unionBase(node, parameters)
      case 'map': {
        const parts = { keySchema: Schema.STRING, valueSchema: this.#part(node.items) }
        return { type: 'map', parameters, parts }
      }
      case 'array':
        return this.#arrayBase(node, parameters)
      case 'null':
        throw new DataError('Standalone null schemas are not supported by this converter')
      case 'boolean':
      case 'string':
        return { type: node.type, parameters }
      case 'float':
        return { type: 'float32', parameters }
      case 'double':
        return { type: 'float64', parameters }
    }
  }

  #part(node: AvroNode | undefined): Schema {
    if (node === undefined) throw new DataError('An Avro array or map without element type')
    return this.#schema(node, { optional: false })
  }

  #arrayBase(node: AvroNode, parameters: Map<string, string>): Base {
    const { items } = node
    if (!isMapEntry(items))
      return { type: 'array', parameters, parts: { valueSchema: this.#part(items) } }
    const field = (name: string): AvroNode | undefined =>
      items?.fields?.find((candidate) => candidate.name === name)?.node
    const [key, value] = [field('key'), field('value')]
    if (items?.fields?.length !== 2 || key === undefined || value === undefined) {
      throw new DataError(
        'Found map encoded as array of key-value pairs, but array elements do not match the expected format.'
      )
    }
    const parts = { keySchema: this.#part(key), valueSchema: this.#part(value) }
    return { type: 'map', parameters, parts }
  }

  #recordBase(node: AvroNode, parameters: Map<string, string>): Base {
    const { metaData } = this.#options
    if (metaData && node.doc !== undefined) parameters.set(RECORD_DOC, node.doc)
    const fields = (node.fields ?? []).map((field) => {
      if (metaData && field.doc !== null)
        parameters.set(`${FIELD_DOC_PREFIX}${field.name}`, field.doc)
      const from = { optional: false, fieldDefault: field.defaultValue }
      return { name: field.name, schema: this.#schema(field.node, from) }
    })
    return { type: 'struct', parameters, parts: { fields } }
  }

  #enumBase(node: AvroNode, parameters: Map<string, string>): Base {
    const name = node.name?.name ?? ''
    if (this.#options.metaData) {
      if (node.doc !== undefined) parameters.set(`${ENUM_DOC_PREFIX}${name}`, node.doc)
      if (node.enumDefault !== undefined) {
        parameters.set(`${ENUM_DEFAULT_PREFIX}${name}`, node.enumDefault)
      }
    }
    parameters.set(ENUM_NAME, fullNameOf(node))
    for (const symbol of node.symbols ?? []) parameters.set(`${ENUM_NAME}.${symbol}`, symbol)
    return { type: 'string', parameters }
  }

  #unionBase(node: AvroNode, parameters: Map<string, string>): Base {
    const branches = (node.branches ?? []).filter((branch) => !isNull(branch))
    const fields = branches.map((branch) => ({
      name: this.#branchName(branch),
      schema: this.#schema(branch, { optional: true })
    }))
    const optional = branches.length < (node.branches ?? []).length
    return { type: 'struct', name: UNION_NAME, parameters, parts: { fields }, optional }
  }

  #branchName(node: AvroNode): string {
    if (node.name === undefined) return node.type
    return this.#options.enhanced ? fullNameOf(node) : node.name.name
  }
}

function integerBase(node: AvroNode, parameters: Map<string, string>): Base {
  const logicalType = node.props.get('logicalType')
  if (node.type === 'long') {
    return logicalType === 'timestamp-millis'
      ? { type: 'int64', name: TIMESTAMP_NAME, version: 1, parameters }
      : { type: 'int64', parameters }
  }
  if (logicalType === 'date') {
    return { type: 'int32', name: DATE_NAME, version: 1, parameters }
  }
  if (logicalType === 'time-millis')
    return { type: 'int32', name: TIME_NAME, version: 1, parameters }
  const type = node.props.get('connect.type')
  return { type: (typeof type === 'string' ? INT_TYPES[type] : undefined) ?? 'int32', parameters }
}

function bytesBase(node: AvroNode, parameters: Map<string, string>): Base {
  if (node.size !== undefined) parameters.set(FIXED_SIZE, String(node.size))
  if (node.props.get('logicalType') !== 'decimal') return { type: 'bytes', parameters }
  // Avro's default; Confluent's converter insists on the attribute.
  const scale = numberProp(node, 'scale') ?? 0
  parameters.set('scale', String(scale))
  const precision = numberProp(node, 'precision')
  if (precision !== undefined && precision !== DEFAULT_PRECISION) {
    parameters.set(DECIMAL_PRECISION, String(precision))
  }
  return { type: 'bytes', name: DECIMAL_NAME, version: 1, parameters }
}

function numberProp(node: AvroNode, name: string): number | undefined {
  const value = node.props.get(name)
  return typeof value === 'number' ? value : undefined
}

/** The name a schema keeps in Connect; the one that stands for "no name" is left out. */
function nameOf(node: AvroNode): string | undefined {
  const given = node.props.get('connect.name')
  if (typeof given === 'string') return given
  if (node.name === undefined) return undefined
  const name = fullNameOf(node)
  return name.startsWith(`${AVRO_NAMESPACE}.${DEFAULT_NAME}`) ? undefined : name
}

/** A default in Avro's JSON as a value of its schema. Throws DataError when it is none. */
function defaultFrom(schema: Schema, json: JsonNode): unknown {
  if (json === null) return null
  switch (schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
      if (typeof json === 'number' && Number.isInteger(json)) return json
      break
    case 'int64': {
      if (typeof json === 'number') return json
      const long =
        json instanceof JsonNumber && /^-?\d+$/.test(json.text) ? BigInt(json.text) : null
      if (long === null || !isInt64(long)) break
      return int64(long)
    }
    case 'float32':
    case 'float64': {
      if (typeof json !== 'number' && typeof json !== 'string' && !(json instanceof JsonNumber))
        break
      const number = Number(json instanceof JsonNumber ? json.text : json)
      return schema.type === 'float32' ? Math.fround(number) : number
    }
    case 'boolean':
      if (typeof json === 'boolean') return json
      break
    case 'string':
      if (typeof json === 'string') return json
      break
    case 'bytes': {
      if (typeof json !== 'string') break
      const bytes = Buffer.from(json, 'latin1')
      const scale = Number(schema.parameters?.get('scale'))
      return schema.name === DECIMAL_NAME ? new Decimal(bytesToBigint(bytes), scale) : bytes
    }
    case 'array':
    case 'map':
    case 'struct':
      return nestedDefault(schema, json)
  }
  throw new DataError(`The default of an Avro schema is no ${schema.type}`)
}

function nestedDefault(schema: Schema, json: NonNullable<JsonNode>): unknown {
  const { keySchema, valueSchema } = schema
  if (Array.isArray(json) && valueSchema !== undefined) {
    if (keySchema === undefined) return json.map((item) => defaultFrom(valueSchema, item))
    const pairs = json.filter((pair): pair is JsonNode[] => Array.isArray(pair))
    return new Map(
      pairs.map(([key, item]) => [
        defaultFrom(keySchema, key ?? null),
        defaultFrom(valueSchema, item ?? null)
      ])
    )
  }
  if (isJsonObject(json)) {
    if (schema.type === 'map' && valueSchema !== undefined) {
      return new Map(
        Object.entries(json).map(([key, item]) => [key, defaultFrom(valueSchema, item)])
      )
    }
    if (schema.type === 'struct') {
      const values = schema.fields.map((field) =>
        defaultFrom(field.schema, member(json, field.name) ?? null)
      )
      return new Struct(schema, values)
    }
  }
  throw new DataError(`The default of an Avro schema is no ${schema.type}`)
}
