import avro from 'avsc'
import { asError, DataError } from '../../errors.ts'
import { type AvroNode, fullNameOf, parseAvro } from './avro-node.ts'
import { parseJson } from '../../data/json-node.ts'
import { HEAD_BYTES } from '../registry/registry-converter.ts'

/** A record with its head → the same record in another schema. Throws DataError. */
type Rewrite = (record: Buffer) => Buffer

/**
 * Refuses a schema that avsc, as another implementation of Avro, does not take: a registry may accept any
 * text, and consumers would be the first to notice. Throws DataError.
 */
export function checkAvro(text: string): void {
  try {
    typeOf(text, [])
  } catch (error) {
    throw new DataError(`The schema is no valid Avro schema: ${asError(error).message}`, {
      cause: error
    })
  }
}

/**
 * How records of our schema become records of the one the registry names: by Avro's schema resolution. Null
 * when both write the same bytes. Throws DataError when the schemas do not fit, or when a field of ours has
 * no place in the other (I5: nothing is dropped).
 */
export function rewriter(
  ownText: string,
  theirText: string,
  references: readonly string[]
): Rewrite | null {
  const names = new Map<string, AvroNode>()
  for (const text of references) parseAvro(parseJson(text), names)
  const lost = lostField(
    parseAvro(parseJson(ownText), new Map()),
    parseAvro(parseJson(theirText), names)
  )
  if (lost !== null) throw new DataError(`The schema in the registry has no field ${lost}`)
  try {
    const own = typeOf(ownText, [])
    const theirs = typeOf(theirText, references)
    if (own.equals(theirs)) return null
    const resolver = theirs.createResolver(own)
    return (record) => {
      const value: unknown = theirs.fromBuffer(record.subarray(HEAD_BYTES), resolver)
      return Buffer.concat([record.subarray(0, HEAD_BYTES), theirs.toBuffer(value)])
    }
  } catch (error) {
    throw new DataError(
      `The schema in the registry does not fit that of the record: ${asError(error).message}`,
      { cause: error }
    )
  }
}

/** Longs as bigint, so that none is rounded. */
const exactLong = (): avro.Type =>
  avro.types.LongType.__with({
    fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
    toBuffer: (value: bigint) => {
      const bytes = Buffer.alloc(8)
      bytes.writeBigInt64LE(value)
      return bytes
    },
    fromJSON: (value: number) => {
      if (!Number.isSafeInteger(value)) throw new Error('a default of type long beyond 2^53')
      return BigInt(value)
    },
    toJSON: Number,
    isValid: (value: unknown) => typeof value === 'bigint',
    compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1)
  })

function typeOf(text: string, references: readonly string[]): avro.Type {
  const registry: Record<string, avro.Type> = { long: exactLong() }
  const options = { registry, wrapUnions: true, omitRecordMethods: true } as const
  const parse = (json: string): avro.Type =>
    avro.Type.forSchema(JSON.parse(json) as avro.Schema, options)
  for (const reference of references) parse(reference)
  return parse(text)
}

/** The path of a field of `own` that `theirs` does not have; null when all have a place. */
function lostField(own: AvroNode, theirs: AvroNode, seen = new Set<AvroNode>()): string | null {
  if (seen.has(own)) return null
  seen.add(own)
  if (own.type === 'union')
    return first(own.branches ?? [], (branch) => lostField(branch, theirs, seen))
  const other =
    theirs.type === 'union'
      ? theirs.branches?.find(
          (branch) =>
            branch.type === own.type &&
            (own.name === undefined ||
              branch.name?.name === own.name.name ||
              fullNameOf(branch) === fullNameOf(own))
        )
      : theirs
  if (other === undefined) return null // no branch at all: schema resolution says so
  if (own.items !== undefined && other.items !== undefined) {
    return lostField(own.items, other.items, seen)
  }
  return first(own.fields ?? [], (field) => {
    const partner = other.fields?.find((candidate) => candidate.name === field.name)
    if (partner === undefined) return field.name
    const inner = lostField(field.node, partner.node, seen)
    return inner === null ? null : `${field.name}.${inner}`
  })
}

function first<T>(list: readonly T[], find: (item: T) => string | null): string | null {
  for (const item of list) {
    const found = find(item)
    if (found !== null) return found
  }
  return null
}
