import { doubleToString, floatToString } from '../../data/java-numbers.ts'
import {
  bigintToBytes,
  DATE_NAME,
  DECIMAL_NAME,
  Decimal,
  TIME_NAME,
  TIMESTAMP_NAME
} from '../../data/logical-types.ts'
import type { Schema } from '../../data/schema.ts'
import { sameSchema } from '../../data/schema-equality.ts'
import { Struct } from '../../data/struct.ts'
import { checkValue, scaleOf } from '../../data/values.ts'
import { DataError } from '../../errors.ts'
import {
  AVRO_NAMESPACE,
  type AvroName,
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
  scrubName,
  splitName,
  UNION_NAME
} from './avro-names.ts'
import { type AvroField, type AvroNode, avroText } from './avro-node.ts'
import { type JsonNode } from '../../data/json-node.ts'
import { JsonNumber } from '../../data/json-reader.ts'

/** The settings of the converter that change its schemas. */
export interface AvroSchemaOptions {
  readonly enhanced: boolean
  readonly scrubNames: boolean
  readonly metaData: boolean
  readonly optionalMapKeys: boolean
}

const LOGICAL_TYPES: ReadonlyMap<string, string> = new Map([
  [DECIMAL_NAME, 'decimal'],
  [DATE_NAME, 'date'],
  [TIME_NAME, 'time-millis'],
  [TIMESTAMP_NAME, 'timestamp-millis']
])

const PRIMITIVES = {
  int8: 'int',
  int16: 'int',
  int32: 'int',
  int64: 'long',
  float32: 'float',
  float64: 'double',
  boolean: 'boolean',
  string: 'string',
  bytes: 'bytes'
} as const

/**
 * A map is an Avro map only when its keys are strings that cannot be null; otherwise it is an array of
 * entries.
 */
export function isStringMap(schema: Schema, optionalMapKeys: boolean): boolean {
  return schema.keySchema?.type === 'string' && (!schema.keySchema.optional || optionalMapKeys)
}

/** Symbols when the schema stands for an Avro enum and enums are kept (`enhanced.avro.schema.support`). */
export function symbolsOf(schema: Schema, enhanced: boolean): string[] | null {
  if (!enhanced || schema.type !== 'string' || schema.parameters?.has(ENUM_NAME) !== true)
    return null
  const prefix = `${ENUM_NAME}.`
  return [...schema.parameters.keys()]
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length))
}

/** Bytes of a fixed type; null for bytes of any length. */
export function fixedSizeOf(schema: Schema): number | null {
  const size = schema.name === undefined ? undefined : schema.parameters?.get(FIXED_SIZE)
  return schema.type === 'bytes' && size !== undefined ? Number(size) : null
}

/**
 * The Avro schema of a Connect schema, as text: attribute by attribute that of Confluent's AvroData. Throws
 * DataError.
 */
export function avroSchemaText(schema: Schema, options: AvroSchemaOptions): string {
  return avroText(new AvroSchemas(options).node(schema))
}

const NULL: AvroNode = { type: 'null', props: new Map() }
const union = (...branches: AvroNode[]): AvroNode => ({ type: 'union', props: new Map(), branches })

/** Builds one schema: remembers the structs in it, which Avro defines once and then names. */
class AvroSchemas {
  readonly #options: AvroSchemaOptions
  readonly #known: { schema: Schema; node: AvroNode }[] = []
  #unnamed = 0

  constructor(options: AvroSchemaOptions) {
    this.#options = options
  }

  node(schema: Schema): AvroNode {
    if (schema.name === UNION_NAME && schema.type === 'struct') return this.#unionNode(schema)
    if (schema.optional && schema.type === 'struct') {
      return union(NULL, this.#base(schema.copy({ optional: false })))
    }
    const base = this.#base(schema)
    if (!schema.optional) return base
    return (schema.defaultValue ?? null) === null ? union(NULL, base) : union(base, NULL)
  }

  #unionNode(schema: Schema): AvroNode {
    const branches = schema.fields.map(({ schema: branch }) =>
      this.#base(branch.optional ? branch.copy({ optional: false }) : branch)
    )
    return union(...(schema.optional ? [NULL] : []), ...branches)
  }

  /** Without the union that makes it optional. */
  #base(schema: Schema): AvroNode {
    const known = this.#known.find((candidate) => sameSchema(candidate.schema, schema))
    if (known !== undefined) return known.node
    const node = this.#withProps(schema, this.#bare(schema))
    if (node.name !== undefined || schema.type === 'map') this.#known.push({ schema, node })
    return node
  }

  #bare(schema: Schema): AvroNode {
    const { type } = schema
    const props = new Map<string, JsonNode>()
    if (type === 'struct') return this.#record(schema)
    if (type === 'array') return { type, props, items: this.#part(schema.valueSchema) }
    if (type === 'map') return this.#map(schema)
    const symbols = symbolsOf(schema, this.#options.enhanced)
    if (symbols !== null) return this.#enum(schema, symbols)
    const size = fixedSizeOf(schema)
    if (size !== null) return { type: 'fixed', props, name: this.#name(schema), size }
    return { type: PRIMITIVES[type], props }
  }

  #part(schema: Schema | undefined): AvroNode {
    if (schema === undefined) throw new DataError('An array or map schema names no element schema')
    return this.node(schema)
  }

  #name(schema: Schema): AvroName {
    if (schema.name !== undefined) return splitName(schema.name, this.#options.scrubNames)
    this.#unnamed += 1
    const suffix = this.#unnamed > 1 ? String(this.#unnamed) : ''
    return { namespace: AVRO_NAMESPACE, name: `${DEFAULT_NAME}${suffix}` }
  }

  #record(schema: Schema): AvroNode {
    const name = this.#name(schema)
    const doc = schema.parameters?.get(RECORD_DOC)
    const fields = schema.fields.map((field) => {
      const fieldName = this.#options.scrubNames ? scrubName(field.name) : field.name
      const fieldDoc = schema.parameters?.get(`${FIELD_DOC_PREFIX}${field.name}`) ?? null
      return this.#field(fieldName, field.schema, fieldDoc)
    })
    const twice = fields.find(
      (field, index) => fields.findIndex((f) => f.name === field.name) < index
    )
    if (twice !== undefined) {
      throw new DataError(`Two fields of a struct become one in Avro: ${twice.name}`)
    }
    return { type: 'record', props: new Map(), name, ...(doc === undefined ? {} : { doc }), fields }
  }

  #field(name: string, schema: Schema, doc: string | null): AvroField {
    const node = this.node(schema)
    let defaultValue: JsonNode | undefined
    if ((schema.defaultValue ?? null) !== null)
      defaultValue = this.#json(schema, schema.defaultValue)
    else if (schema.optional) defaultValue = null
    // Avro ties a union's default to its first branch: where that is null, another default cannot be told.
    if (defaultValue !== null && node.branches?.[0]?.type === 'null') defaultValue = undefined
    // … and an array of map entries has records in it, which the pairs of a Connect default are not.
    if (schema.type === 'map' && Array.isArray(defaultValue)) defaultValue = undefined
    return { name, node, doc, defaultValue }
  }

  #map(schema: Schema): AvroNode {
    const props = new Map<string, JsonNode>()
    if (isStringMap(schema, this.#options.optionalMapKeys)) {
      return { type: 'map', props, items: this.#part(schema.valueSchema) }
    }
    const { keySchema, valueSchema } = schema
    if (keySchema === undefined || valueSchema === undefined) return this.#part(undefined)
    const name =
      schema.name === undefined
        ? { namespace: AVRO_NAMESPACE, name: MAP_ENTRY_NAME }
        : this.#name(schema)
    const entryProps = new Map<string, JsonNode>(
      schema.name === undefined ? [] : [['connect.internal.type', MAP_ENTRY_NAME]]
    )
    const fields = [this.#field('key', keySchema, null), this.#field('value', valueSchema, null)]
    return { type: 'array', props, items: { type: 'record', props: entryProps, name, fields } }
  }

  #enum(schema: Schema, symbols: string[]): AvroNode {
    const { name } = this.#name(schema)
    const doc = schema.parameters?.get(`${ENUM_DOC_PREFIX}${name}`)
    const enumDefault = schema.parameters?.get(`${ENUM_DEFAULT_PREFIX}${name}`)
    return {
      type: 'enum',
      props: new Map(),
      name: splitName(schema.parameters?.get(ENUM_NAME) ?? '', false),
      ...(doc === undefined ? {} : { doc }),
      symbols,
      ...(enumDefault === undefined ? {} : { enumDefault })
    }
  }

  #withProps(schema: Schema, node: AvroNode): AvroNode {
    const props = new Map(node.props)
    const logicalType = schema.name === undefined ? undefined : LOGICAL_TYPES.get(schema.name)
    const precision = Number(schema.parameters?.get(DECIMAL_PRECISION) ?? DEFAULT_PRECISION)
    if (logicalType === 'decimal') props.set('scale', scaleOf(schema)).set('precision', precision)
    if (this.#options.metaData) this.#addMetaData(schema, props)
    if (logicalType !== undefined) props.set('logicalType', logicalType)
    for (const [key, value] of schema.parameters ?? []) {
      if (key.startsWith('avro')) props.set(key, value)
    }
    // The node itself, not a copy: a type is known by its identity.
    return Object.assign(node, { props })
  }

  #addMetaData(schema: Schema, props: Map<string, JsonNode>): void {
    if (schema.doc !== undefined) props.set('connect.doc', schema.doc)
    if (schema.version !== undefined) props.set('connect.version', schema.version)
    const parameters = [...(schema.parameters ?? [])].filter(([key]) => key !== FIELD_DEFAULT_FLAG)
    if (parameters.length > 0) props.set('connect.parameters', Object.fromEntries(parameters))
    const ownDefault = (schema.defaultValue ?? null) !== null
    if (ownDefault && schema.parameters?.has(FIELD_DEFAULT_FLAG) !== true) {
      props.set('connect.default', this.#json(schema, schema.defaultValue))
    }
    if (schema.name !== undefined) props.set('connect.name', schema.name)
    if (schema.type === 'int8' || schema.type === 'int16') props.set('connect.type', schema.type)
  }

  /**
   * A default in Avro's JSON: bytes as text of one character each. Throws DataError when it does not fit its
   * schema.
   */
  #json(schema: Schema | undefined, value: unknown): JsonNode {
    if (value === null || value === undefined) return null
    if (schema === undefined) throw new DataError('A default without a schema')
    if (!(value instanceof Struct)) checkValue(schema, value, 'default')
    if (schema.type === 'float32' || schema.type === 'float64') {
      const number = value as number
      // JSON has no notation for NaN and the infinities: they are text, as Jackson writes them.
      if (!Number.isFinite(number)) return String(number)
      return new JsonNumber((schema.type === 'float32' ? floatToString : doubleToString)(number))
    }
    if (typeof value === 'bigint') return new JsonNumber(value.toString())
    if (value instanceof Decimal) {
      const unscaled = value.withScale(scaleOf(schema))?.unscaled ?? 0n
      return bigintToBytes(unscaled).toString('latin1')
    }
    if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1')
    if (Array.isArray(value)) return value.map((item) => this.#json(schema.valueSchema, item))
    if (value instanceof Map) {
      const entries = [...value].map(([key, item]) => [key, this.#json(schema.valueSchema, item)])
      return isStringMap(schema, this.#options.optionalMapKeys)
        ? (Object.fromEntries(entries) as JsonNode)
        : entries.map(([key, item]) => [this.#json(schema.keySchema, key), item as JsonNode])
    }
    if (value instanceof Struct) {
      const fields = schema.fields.map(({ name, schema: part }) => {
        const key = this.#options.scrubNames ? scrubName(name) : name
        return [key, this.#json(part, value.get(name))] as const
      })
      return Object.fromEntries(fields)
    }
    return value as JsonNode
  }
}
