import protobuf from 'protobufjs'
import { Schema } from '../../data/schema.ts'
import { Struct } from '../../data/struct.ts'
import { DataError } from '../../errors.ts'
import { type Kind, logicalKind, type Read, scalarKind } from './protobuf-kinds.ts'
import {
  LOGICAL_MESSAGES,
  mapName,
  PROTOBUF_ENUM,
  PROTOBUF_TAG,
  PROTOBUF_UNION
} from './protobuf-names.ts'
import { typeName } from './protobuf-types.ts'
import { type ProtobufInput, WIRE } from './protobuf-wire.ts'
import { entryOf, hasPresence } from './protobuf-writer.ts'
import { ENUM_PARAMETER, UNION_PARAMETER } from '../registry/sum-types.ts'

export interface ProtobufReaderOptions {
  readonly enhanced: boolean
  readonly generalizedSumTypes: boolean
  readonly intForEnums: boolean
  readonly optionalForNullables: boolean
  readonly optionalForProto2: boolean
  readonly wrapperForNullables: boolean
  readonly wrapperForRawPrimitives: boolean
  readonly indexForUnions: boolean
  readonly flattenUnions: boolean
}

interface Reader {
  readonly schema: Schema
  readonly read: Read
}

/** Puts a field of the message into the values of the struct. */
interface Slot {
  readonly wires: readonly number[]
  readonly take: (input: ProtobufInput, wire: number, values: unknown[]) => void
}

const LOGICAL_TYPES = new Map([...LOGICAL_MESSAGES].map(([name, { type }]) => [type, name]))

/**
 * The Connect schema of a message, as Confluent's ProtobufData makes it, and what reads its records. Throws
 * DataError.
 */
export function protobufReader(
  type: protobuf.Type,
  options: ProtobufReaderOptions,
  version: number | undefined
): Reader {
  return new ProtobufReaders(options).root(type, version)
}

class ProtobufReaders {
  readonly #options: ProtobufReaderOptions
  readonly #open = new Set<protobuf.Type>()

  constructor(options: ProtobufReaderOptions) {
    this.#options = options
  }

  root(type: protobuf.Type, version: number | undefined): Reader {
    const wrapped = this.#options.wrapperForRawPrimitives ? this.#wrapped(type) : null
    const kind = wrapped ?? this.#struct(type)
    const schema = new Schema(
      kind.type,
      {
        ...(kind.name === undefined ? {} : { name: kind.name }),
        ...(version === undefined ? {} : { version })
      },
      kind.parts
    )
    return { schema, read: kind.reader(schema) }
  }

  #struct(type: protobuf.Type): Kind {
    if (this.#open.has(type)) {
      throw new DataError(
        `The Protobuf type ${typeName(type)} contains itself; Connect schemas cannot`
      )
    }
    this.#open.add(type)
    const fields: { name: string; schema: Schema }[] = []
    const slots = new Map<number, Slot>()
    /** Makes the values of a record in which nothing is set. */
    const blanks: (() => unknown)[] = []
    for (const [index, oneof] of type.oneofsArray.entries()) {
      if (oneof.isProto3Optional || this.#options.flattenUnions) continue
      fields.push(this.#union(oneof, index, fields.length, slots))
      blanks.push(() => null)
    }
    for (const field of type.fieldsArray) {
      const inUnion = field.partOf !== null && !field.partOf.isProto3Optional
      if (inUnion && !this.#options.flattenUnions) continue
      const { schema, slot, blank } = this.#field(field, fields.length)
      fields.push({ name: field.name, schema })
      slots.set(field.id, slot)
      blanks.push(blank)
    }
    this.#open.delete(type)
    const reader = (schema: Schema): Read => structReader(schema, slots, blanks)
    const name = this.#options.enhanced ? typeName(type) : type.name
    return {
      type: 'struct',
      name,
      parts: { fields },
      optional: true,
      reader,
      wire: WIRE.bytes,
      zero: null
    }
  }

  #union(
    oneof: protobuf.OneOf,
    index: number,
    place: number,
    slots: Map<number, Slot>
  ): { name: string; schema: Schema } {
    const { generalizedSumTypes, enhanced, indexForUnions } = this.#options
    const parts = oneof.fieldsArray.map((field, part) => ({
      field,
      part,
      ...this.#kindOf(field)
    }))
    const named = enhanced ? typeName(oneof) : oneof.name
    const schema = Schema.struct(
      parts.map(({ field, schema: of }) => ({ name: field.name, schema: of })),
      {
        optional: true,
        name: generalizedSumTypes ? oneof.name : `${PROTOBUF_UNION}.${named}`,
        ...(generalizedSumTypes ? { parameters: new Map([[UNION_PARAMETER, oneof.name]]) } : {})
      }
    )
    for (const { field, part, read, kind } of parts) {
      slots.set(field.id, {
        wires: [kind.wire],
        take(input, _wire, values) {
          const struct = new Struct(schema)
          struct.values[part] = read(input)
          // Of several the last counts.
          values[place] = struct
        }
      })
    }
    return { name: indexForUnions ? `${oneof.name}_${index}` : oneof.name, schema }
  }

  #field(
    field: protobuf.Field,
    place: number
  ): { schema: Schema; slot: Slot; blank: () => unknown } {
    const entry = entryOf(field)
    if (entry !== null) return this.#mapField(field, entry, place)
    const { schema, read, kind } = this.#kindOf(field)
    if (field.repeated) {
      const take: Slot['take'] = (input, wire, values) => {
        const list = values[place] as unknown[]
        if (wire === kind.wire) list.push(read(input))
        else input.part(() => readPacked(input, read, list))
      }
      const wires = kind.wire === WIRE.bytes ? [WIRE.bytes] : [kind.wire, WIRE.bytes]
      return { schema, slot: { wires, take }, blank: () => [] }
    }
    const isMessage = field.resolvedType instanceof protobuf.Type
    const take: Slot['take'] = (input, _wire, values) => {
      if (isMessage && values[place] !== null) {
        throw new DataError(`A message that stands twice in a record: field ${field.name}`)
      }
      values[place] = read(input)
    }
    const zero = this.#absentIsNull(field) ? null : kind.zero
    return { schema, slot: { wires: [kind.wire], take }, blank: () => zero }
  }

  #absentIsNull(field: protobuf.Field): boolean {
    if (!hasPresence(field) || field.required) return false
    if (field.resolvedType instanceof protobuf.Type || field.partOf !== null) return true
    return this.#options.optionalForProto2
  }

  #mapField(
    field: protobuf.Field,
    entry: NonNullable<ReturnType<typeof entryOf>>,
    place: number
  ): { schema: Schema; slot: Slot; blank: () => unknown } {
    const key = this.#kindOf(entry.key)
    const value = this.#kindOf(entry.value)
    const name = this.#options.enhanced
      ? `${typeName(field.parent as protobuf.Type)}.${entry.name}`
      : entry.name
    const schema = new Schema(
      'map',
      { optional: true, name: mapName(name), parameters: tagOf(field) },
      { keySchema: key.schema, valueSchema: value.schema }
    )
    const readEntry = structSlots(
      new Map([
        [1, slotAt(0, key)],
        [2, slotAt(1, value)]
      ])
    )
    const zeros = [entry.key, entry.value].map((part, index) =>
      part.resolvedType instanceof protobuf.Type ? null : [key, value][index]?.kind.zero
    )
    const take: Slot['take'] = (input, _wire, values) => {
      const pair = [...zeros]
      input.part(() => readEntry(input, pair))
      ;(values[place] as Map<unknown, unknown>).set(pair[0], pair[1])
    }
    return { schema, slot: { wires: [WIRE.bytes], take }, blank: () => new Map() }
  }

  /** Schema of the field, and what reads one value of it. */
  #kindOf(field: protobuf.Field): { schema: Schema; read: Read; kind: Kind } {
    const kind = this.#kind(field)
    const nullable = this.#options.optionalForNullables
      ? hasOptionalKeyword(field)
      : !this.#options.wrapperForNullables
    const options = (parameters: ReadonlyMap<string, string> | undefined, optional: boolean) => ({
      optional,
      ...(kind.name === undefined ? {} : { name: kind.name }),
      ...(kind.version === undefined ? {} : { version: kind.version }),
      ...(parameters === undefined || parameters.size === 0 ? {} : { parameters })
    })
    if (field.repeated) {
      const element = new Schema(kind.type, options(kind.parameters, true), kind.parts)
      const schema = Schema.array(element, { optional: true, parameters: tagOf(field) })
      return { schema, read: kind.reader(element), kind }
    }
    const parameters = new Map([...(kind.parameters ?? []), ...tagOf(field)])
    const schema = new Schema(kind.type, options(parameters, kind.optional || nullable), kind.parts)
    return { schema, read: kind.reader(schema), kind }
  }

  #kind(field: protobuf.Field): Kind {
    const type = field.resolvedType
    if (type instanceof protobuf.Enum) return this.#enum(type)
    if (type === null) return scalarKind(field)
    const logical = LOGICAL_TYPES.get(typeName(type))
    if (logical !== undefined) return logicalKind(logical, field)
    return (this.#options.wrapperForNullables ? this.#wrapped(type) : null) ?? this.#nested(type)
  }

  #nested(type: protobuf.Type): Kind {
    const kind = this.#struct(type)
    return {
      ...kind,
      reader: (schema) => {
        const read = kind.reader(schema)
        return (input) => input.part(() => read(input))
      }
    }
  }

  /**
   * A wrapper message as the primitive in it, from its first byte to the end of the input; null for other
   * messages.
   */
  #wrapped(type: protobuf.Type): Kind | null {
    const field = type.fields['value']
    if (!/^google\.protobuf\.\w+Value$/.test(typeName(type)) || field === undefined) return null
    const kind = scalarKind(field)
    const { parameters: _, ...plain } = kind
    const isRoot = this.#open.size === 0
    return {
      ...plain,
      optional: true,
      wire: WIRE.bytes,
      reader: (schema) => {
        const take = structSlots(new Map([[1, slotAt(0, { read: kind.reader(schema), kind })]]))
        const read = (input: ProtobufInput): unknown => {
          const values = [kind.zero]
          take(input, values)
          return values[0]
        }
        return isRoot ? read : (input) => input.part(() => read(input))
      }
    }
  }

  #enum(type: protobuf.Enum): Kind {
    const { generalizedSumTypes, intForEnums, enhanced } = this.#options
    const parameter = generalizedSumTypes ? ENUM_PARAMETER : PROTOBUF_ENUM
    const parameters = new Map([[parameter, type.name]])
    for (const [symbol, number] of Object.entries(type.values)) {
      parameters.set(`${parameter}.${symbol}`, String(number))
    }
    const symbols = new Map(Object.entries(type.values).map(([symbol, number]) => [number, symbol]))
    const valueOf = (number: number): unknown => {
      const symbol = symbols.get(number)
      if (symbol === undefined) {
        throw new DataError(`A number the enum ${type.name} does not have: ${number}`)
      }
      return intForEnums ? number : symbol
    }
    const [first = 0] = symbols.keys()
    return {
      type: intForEnums ? 'int32' : 'string',
      name: enhanced ? typeName(type) : type.name,
      parameters,
      optional: true,
      wire: WIRE.varint,
      zero: symbols.size === 0 ? null : valueOf(symbols.has(0) ? 0 : first),
      reader: () => (input) => valueOf(Number(input.signed()))
    }
  }
}

const tagOf = (field: protobuf.Field): Map<string, string> =>
  new Map([[PROTOBUF_TAG, String(field.id)]])

function hasOptionalKeyword(field: protobuf.Field): boolean {
  if (field.required || field.repeated) return false
  if (field.partOf !== null) return field.partOf.isProto3Optional
  return !(field.resolvedType instanceof protobuf.Type) && hasPresence(field)
}

function slotAt(place: number, { read, kind }: { read: Read; kind: Kind }): Slot {
  return {
    wires: [kind.wire],
    take(input, _wire, values) {
      values[place] = read(input)
    }
  }
}

function readPacked(input: ProtobufInput, read: Read, list: unknown[]): void {
  while (input.left > 0) list.push(read(input))
}

function structReader(
  schema: Schema,
  slots: ReadonlyMap<number, Slot>,
  blanks: readonly (() => unknown)[]
): Read {
  const take = structSlots(slots)
  return (input) => {
    const values: unknown[] = []
    for (const blank of blanks) values.push(blank())
    take(input, values)
    return new Struct(schema, values)
  }
}

/**
 * Takes fields up to the end of the input; those the schema does not have are skipped, as in every reader of
 * Protobuf.
 */
function structSlots(
  slots: ReadonlyMap<number, Slot>
): (input: ProtobufInput, values: unknown[]) => void {
  const byNumber: (Slot | undefined)[] = []
  for (const [number, slot] of slots) if (number < 256) byNumber[number] = slot
  return (input, values) => {
    while (input.left > 0) {
      const tag = input.count()
      const wire = tag % 8
      const number = (tag - wire) / 8
      const slot = number < 256 ? byNumber[number] : slots.get(number)
      if (slot === undefined) input.skipField(wire)
      else if (slot.wires.includes(wire)) slot.take(input, wire, values)
      else throw new DataError(`Field ${number} is of another type than its schema says`)
    }
  }
}
