import { configDef, type Parsed } from '../config/config-def.ts'
import type { ConnectRecord } from '../data/record.ts'
import type { Field, Schema } from '../data/schema.ts'
import { Struct } from '../data/struct.ts'
import { ConfigError } from '../errors.ts'
import type { Transformation } from '../plugin/transformation.ts'
import { javaSplit } from './java/java-split.ts'
import { sidePlugins } from './kafka-plugins.ts'
import type { RecordSide } from './record-side.ts'
import { replaceNullConfig } from './replace-null.ts'
import { requireMap, requireStruct } from './requirements.ts'
import { basicsOf, fit, perSchema, structSchema, valueIn } from './struct-building.ts'

const PURPOSE = 'field replacement'

/** Old name → new name. Throws ConfigError. */
function renamesOf(mappings: readonly string[]): ReadonlyMap<string, string> {
  const renames = new Map<string, string>()
  for (const mapping of mappings) {
    const [from, to, more] = javaSplit(mapping, ':')
    if (from === undefined || to === undefined || more !== undefined) {
      throw new ConfigError(
        `Invalid value [${mappings.join(', ')}] for configuration renames: Invalid rename mapping: ${mapping}`
      )
    }
    renames.set(from, to)
  }
  return renames
}

const config = configDef({
  exclude: {
    type: 'list',
    default: [],
    distinct: true,
    importance: 'medium',
    doc: 'Fields to leave out, even if `include` has them.'
  },
  include: {
    type: 'list',
    default: [],
    distinct: true,
    importance: 'medium',
    doc: 'Fields to keep; empty: all.'
  },
  renames: {
    type: 'list',
    default: [],
    importance: 'medium',
    read: renamesOf,
    doc: 'New names of fields, as `old:new`.'
  },
  ...replaceNullConfig
})

/** What is kept of a struct: the new schema, and for each of its fields the one it is read from. */
interface Selection {
  readonly schema: Schema
  readonly sources: readonly Field[]
}

/** Leaves fields out and renames others. */
class ReplaceField implements Transformation {
  readonly #side: RecordSide
  readonly #exclude: ReadonlySet<string>
  readonly #include: ReadonlySet<string>
  readonly #renames: ReadonlyMap<string, string>
  readonly #originals: ReadonlyMap<string, string>
  readonly #replaceNull: boolean
  readonly #selectionFor = perSchema((schema) => this.#select(schema))

  constructor(side: RecordSide, settings: Parsed<typeof config>) {
    this.#side = side
    this.#exclude = new Set(settings.exclude)
    this.#include = new Set(settings.include)
    this.#renames = settings.renames
    this.#originals = new Map([...this.#renames].map(([from, to]) => [to, from]))
    this.#replaceNull = settings['replace.null.with.default']
  }

  apply<R extends ConnectRecord>(record: R): R {
    const value = this.#side.value(record)
    if (value === null || value === undefined) return record
    const given = this.#side.schema(record)
    if (given === null) {
      return this.#side.with(record, null, this.#selected(requireMap(value, PURPOSE)))
    }
    const struct = requireStruct(value, PURPOSE, given)
    const { schema, sources } = this.#selectionFor(struct.schema)
    const values = schema.fields.map((field, index) =>
      fit(field, valueIn(struct, sources[index] as Field, this.#replaceNull))
    )
    return this.#side.with(record, schema, new Struct(schema, values))
  }

  #kept(name: string): boolean {
    return !this.#exclude.has(name) && (this.#include.size === 0 || this.#include.has(name))
  }

  #selected(value: ReadonlyMap<string, unknown>): Map<string, unknown> {
    const updated = new Map<string, unknown>()
    for (const [name, item] of value) {
      if (this.#kept(name)) updated.set(this.#renames.get(name) ?? name, item)
    }
    return updated
  }

  #select(schema: Schema): Selection {
    const kept = schema.fields.filter(({ name }) => this.#kept(name))
    const updated = structSchema(
      kept.map((field) => ({
        name: this.#renames.get(field.name) ?? field.name,
        schema: field.schema
      })),
      basicsOf(schema)
    )
    // Read back by name, as Kafka does: a field that carries the new name of an absent one cannot be found.
    const sources = updated.fields.map(({ name }) => {
      const original = this.#originals.get(name) ?? name
      const field = schema.field(original)
      if (field === undefined) throw new ConfigError(`${original} is not a valid field name`)
      return field
    })
    return { schema: updated, sources }
  }
}

export const replaceFieldPlugins = sidePlugins(
  'ReplaceField',
  config,
  (side, settings) => new ReplaceField(side, settings)
)
