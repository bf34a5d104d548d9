import { DataError } from '../../errors.ts'
import { type AvroName, isAvroName, joinName, splitName } from './avro-names.ts'
import { isJsonObject, type JsonNode, type JsonObject, member } from '../../data/json-node.ts'
import { JsonNumber } from '../../data/json-reader.ts'

const PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const
export type AvroPrimitive = (typeof PRIMITIVES)[number]

export interface AvroField {
  readonly name: string
  readonly node: AvroNode
  readonly doc: string | null
  /** undefined: no default. */
  readonly defaultValue: JsonNode | undefined
}

/** An Avro schema with its names resolved. A recursive schema is a graph with cycles. */
export interface AvroNode {
  readonly type: AvroPrimitive | 'record' | 'enum' | 'fixed' | 'array' | 'map' | 'union'
  /** Attributes Avro itself does not define, and those of logical types; in order. */
  readonly props: ReadonlyMap<string, JsonNode>
  /** Of records, enums and fixed. */
  readonly name?: AvroName
  readonly doc?: string
  readonly fields?: readonly AvroField[]
  readonly symbols?: readonly string[]
  readonly enumDefault?: string
  readonly size?: number
  /** Elements of an array, values of a map. */
  readonly items?: AvroNode
  /** Of a union. */
  readonly branches?: readonly AvroNode[]
}

export const fullNameOf = (node: AvroNode): string => (node.name ? joinName(node.name) : node.type)

/** JSON text with every digit kept. */
function jsonText(node: JsonNode): string {
  if (node instanceof JsonNumber) return node.text
  if (Array.isArray(node)) return `[${node.map(jsonText).join(',')}]`
  if (typeof node !== 'object' || node === null) return JSON.stringify(node)
  return `{${Object.entries(node)
    .map(([key, value]) => `${JSON.stringify(key)}:${jsonText(value)}`)
    .join(',')}}`
}

/**
 * The schema as text, attributes in the order in which Avro's Java library writes them: registries compare
 * texts. A type that was defined before is named only. Throws DataError for a name Avro does not allow, and
 * for two types of one name.
 */
export function avroText(
  node: AvroNode,
  space: string | null = null,
  seen = new Map<string, AvroNode>()
): string {
  const { type, props } = node
  const parts = [`"type":${JSON.stringify(type)}`]
  if (type === 'union') {
    return `[${(node.branches ?? []).map((branch) => avroText(branch, space, seen)).join(',')}]`
  }
  if (node.name !== undefined) {
    const fullName = joinName(node.name)
    const earlier = seen.get(fullName)
    if (earlier !== undefined && (earlier === node || avroText(earlier) === avroText(node))) {
      return JSON.stringify(node.name.namespace === space ? node.name.name : fullName)
    }
    if (earlier !== undefined) throw new DataError(`Can't redefine: ${fullName}`)
    if (!isAvroName(fullName)) throw invalidName(fullName)
    seen.set(fullName, node)
    parts.push(`"name":${JSON.stringify(node.name.name)}`)
    if (node.name.namespace !== space) {
      parts.push(`"namespace":${JSON.stringify(node.name.namespace ?? '')}`)
    }
    if (node.doc !== undefined) parts.push(`"doc":${JSON.stringify(node.doc)}`)
  } else if (PRIMITIVES.includes(type as AvroPrimitive) && props.size === 0) {
    return JSON.stringify(type)
  }
  const inner = node.name === undefined ? space : node.name.namespace
  if (node.fields !== undefined) {
    const fields = node.fields.map((field) => fieldText(field, inner, seen))
    parts.push(`"fields":[${fields.join(',')}]`)
  }
  if (node.symbols !== undefined) parts.push(`"symbols":${JSON.stringify(node.symbols)}`)
  if (node.enumDefault !== undefined) parts.push(`"default":${JSON.stringify(node.enumDefault)}`)
  if (node.size !== undefined) parts.push(`"size":${node.size}`)
  if (node.items !== undefined) {
    const key = type === 'array' ? 'items' : 'values'
    parts.push(`"${key}":${avroText(node.items, inner, seen)}`)
  }
  for (const [key, value] of props) parts.push(`${JSON.stringify(key)}:${jsonText(value)}`)
  return `{${parts.join(',')}}`
}

function fieldText(field: AvroField, space: string | null, seen: Map<string, AvroNode>): string {
  if (!isAvroName(field.name) || field.name.includes('.')) throw invalidName(field.name)
  const parts = [
    `"name":${JSON.stringify(field.name)}`,
    `"type":${avroText(field.node, space, seen)}`
  ]
  if (field.doc !== null) parts.push(`"doc":${JSON.stringify(field.doc)}`)
  if (field.defaultValue !== undefined) parts.push(`"default":${jsonText(field.defaultValue)}`)
  return `{${parts.join(',')}}`
}

function invalidName(name: string): DataError {
  return new DataError(
    `"${name}" is not a name Avro allows (letters, digits and _, no digit first). scrub.invalid.names=true replaces the other characters`
  )
}

type Building = { -readonly [K in keyof AvroNode]: AvroNode[K] }

const OWN_ATTRIBUTES = new Set(
  'type name namespace doc fields symbols size items values aliases'.split(' ')
)

/**
 * Reads a schema; `names` holds the types that may be referred to and receives those defined. Throws
 * DataError.
 */
export function parseAvro(
  json: JsonNode | undefined,
  names: Map<string, AvroNode>,
  space: string | null = null
): AvroNode {
  if (typeof json === 'string') return namedNode(json, names, space)
  if (Array.isArray(json)) {
    const branches = json.map((branch) => parseAvro(branch, names, space))
    return { type: 'union', props: new Map(), branches }
  }
  if (json === null || json === undefined || !isJsonObject(json)) throw malformed()
  const type = member(json, 'type')
  if (typeof type !== 'string') return parseAvro(type, names, space)
  const node: Building = { type: type as AvroNode['type'], props: propsOf(json, type) }
  if (PRIMITIVES.includes(type as AvroPrimitive)) return node
  if (type === 'array' || type === 'map') {
    node.items = parseAvro(member(json, type === 'array' ? 'items' : 'values'), names, space)
    return node
  }
  if (type !== 'record' && type !== 'enum' && type !== 'fixed') return namedNode(type, names, space)
  node.name = nameFrom(json, space)
  names.set(joinName(node.name), node)
  const doc = member(json, 'doc')
  if (typeof doc === 'string') node.doc = doc
  if (type === 'record') node.fields = fieldsFrom(json, names, node.name.namespace)
  else if (type === 'enum') {
    const symbols = member(json, 'symbols')
    if (!Array.isArray(symbols)) throw malformed()
    node.symbols = symbols.map(String)
    const fallback = member(json, 'default')
    if (typeof fallback === 'string') node.enumDefault = fallback
  } else {
    const size = member(json, 'size')
    if (typeof size !== 'number') throw malformed()
    node.size = size
  }
  return node
}

function malformed(): DataError {
  return new DataError('The registered schema is no Avro schema this converter understands')
}

function namedNode(name: string, names: Map<string, AvroNode>, space: string | null): AvroNode {
  if (PRIMITIVES.includes(name as AvroPrimitive)) {
    return { type: name as AvroPrimitive, props: new Map() }
  }
  const qualified = name.includes('.') ? name : joinName({ namespace: space, name })
  const node = names.get(qualified) ?? names.get(name)
  if (node === undefined) throw new DataError(`Undefined name in an Avro schema: ${name}`)
  return node
}

function nameFrom(json: JsonObject, space: string | null): AvroName {
  const name = member(json, 'name')
  const namespace = member(json, 'namespace')
  if (typeof name !== 'string') throw malformed()
  if (name.includes('.')) return splitName(name, false)
  const given = typeof namespace === 'string' ? namespace : space
  return { namespace: given === '' ? null : given, name }
}

function fieldsFrom(
  json: JsonObject,
  names: Map<string, AvroNode>,
  space: string | null
): AvroField[] {
  const list = member(json, 'fields')
  if (!Array.isArray(list)) throw malformed()
  return list.map((field) => {
    const name = field !== null && isJsonObject(field) ? member(field, 'name') : undefined
    if (field === null || !isJsonObject(field) || typeof name !== 'string') throw malformed()
    const doc = member(field, 'doc')
    return {
      name,
      node: parseAvro(member(field, 'type'), names, space),
      doc: typeof doc === 'string' ? doc : null,
      defaultValue: member(field, 'default')
    }
  })
}

function propsOf(json: JsonObject, type: string): Map<string, JsonNode> {
  return new Map(
    Object.entries(json).filter(
      ([key]) => !OWN_ATTRIBUTES.has(key) && !(type === 'enum' && key === 'default')
    )
  )
}
