import { systemClock } from '../../clock.ts'
import type { ConfigMap, Parsed } from '../../config/config-def.ts'
import type { Schema } from '../../data/schema.ts'
import { checkValue } from '../../data/values.ts'
import { ConfigError, ConnectError, DataError, RetriableError } from '../../errors.ts'
import type { Converter, ConverterUse, DryRun, SchemaAndValue } from '../../plugin/converter.ts'
import { asBuffer } from './record-input.ts'
import { registryConverterConfig } from './registry-converter-config.ts'
import {
  type RegisteredSchema,
  type RegistrySchemaType,
  SchemaRegistry,
  type SchemaReference,
  type SchemaText
} from './schema-registry.ts'
import { registryOptions } from './schema-registry-config.ts'

/** Magic byte 0 and the id of the schema, big-endian. */
export const HEAD_BYTES = 5

/**
 * The record of a value, with its head. Throws DataError when the value does not fit; `checkValue` then says
 * where.
 */
export type Write = (id: number, value: unknown) => Buffer

/** A schema other schemas import, registered under its own name before them. */
export interface Dependency {
  readonly name: string
  readonly schema: string
  readonly dependencies: readonly Dependency[]
}

/** What a format makes of one Connect schema. */
export interface WritePlan {
  readonly schema: string
  readonly dependencies: readonly Dependency[]
  /** For the subject strategies that use it; null when the schema has no name. */
  readonly recordName: string | null
  readonly write: Write
  /**
   * How values of this plan are written with a schema the registry names. Throws DataError when they do not
   * fit, or when a field has no place there (I5: nothing is dropped).
   */
  fit(theirs: RegisteredSchema, references: readonly ReferencedSchema[]): Write
}

/** What a format makes of one schema of the registry. */
export interface ReadPlan {
  /** Null when values have no schema. */
  readonly schema: Schema | null
  /** Throws DataError. */
  read(record: Buffer): unknown
}

export interface ReferencedSchema {
  /** As the schema that refers to it calls it. */
  readonly name: string
  readonly schema: string
}

/** One format: what its schemas and bytes are. The rest, from subjects to caches, is the same for all. */
export interface RegistryFormat {
  readonly type: RegistrySchemaType
  /** As Confluent's converter begins the messages of its errors. */
  readonly writeFailed: (topic: string) => string
  readonly readFailed: (topic: string) => string
  /** Whether null is a record of its own here; otherwise it is a tombstone. */
  writesNull(schema: Schema | null): boolean
  /** Throws DataError. */
  writePlan(schema: Schema | null): WritePlan
  /**
   * `subject` and `version` as far as they are known: version is undefined when the schema does not stand in
   * the subject.
   */
  readPlan(
    registered: RegisteredSchema,
    references: readonly ReferencedSchema[],
    record: Buffer,
    versionIn: (recordName: string | null) => Promise<number | undefined>
  ): Promise<ReadPlan>
  /** How many bytes say what a record is; without it the magic byte and the id. */
  headBytes?(record: Buffer): number
  /** Whether schemas others import have to be registered already. */
  readonly referencesMustExist?: boolean
  /** Loads what is needed later, before the first schema is looked at. */
  load?(): Promise<void>
}

type RegistrySettings = Parsed<typeof registryConverterConfig>

/** What records of one schema in one topic are written with. */
interface Target {
  readonly id: number
  readonly write: Write
  /** Monotonic time after which it is asked for again. */
  readonly until: number
}

interface Planned {
  readonly plan: WritePlan
  readonly targets: Map<string, Target>
}

interface Reader {
  readonly topic: string
  /** What every record it reads begins with. */
  readonly head: Buffer
  readonly plan: ReadPlan
}

const MAX_REFERENCES = 100
const MAX_TOPICS = 1000

/**
 * A converter of Confluent's: magic byte 0, schema id, bytes of the format. Answers at once when the schema
 * is known, and a promise for the first record of a schema. A record is written with an id only after the
 * registry has confirmed it.
 */
export class RegistryConverter implements Converter {
  readonly #format: RegistryFormat
  readonly #settings: RegistrySettings
  readonly #use: ConverterUse
  readonly #registry: SchemaRegistry
  readonly #plans = new WeakMap<Schema, Planned>()
  #schemaless: Planned | null = null
  /** By topic and id; oldest first. */
  readonly #readers = new Map<string, ReadPlan>()
  /** What the last record was read with: the next one mostly is alike. */
  #last: Reader | null = null

  /** `settings` are those of `config`, which also has what the registry alone is told. Throws ConfigError. */
  constructor(
    format: RegistryFormat,
    settings: RegistrySettings,
    config: ConfigMap,
    use: ConverterUse
  ) {
    this.#format = format
    this.#settings = settings
    this.#use = use
    const options = registryOptions(settings, config, settings['max.schemas.per.subject'])
    this.#registry = new SchemaRegistry(format.type, options, systemClock)
  }

  close(): void {
    this.#registry.close()
  }

  fromConnectData(
    topic: string,
    schema: Schema | null,
    value: unknown
  ): Uint8Array | null | Promise<Uint8Array | null> {
    try {
      if ((value === null || value === undefined) && !this.#format.writesNull(schema)) return null
      const planned = schema === null ? this.#schemaless : this.#plans.get(schema)
      const target = planned?.targets.get(topic)
      if (planned !== undefined && planned !== null && target !== undefined) {
        if (target.until === Infinity || systemClock.monotonicMs() < target.until) {
          return this.#encode(topic, target, schema, value)
        }
      }
      return this.#firstRecord(topic, schema, value)
    } catch (error) {
      throw this.#writeFailed(topic, error)
    }
  }

  async dryRun(topic: string, schema: Schema | null, value: unknown): Promise<DryRun> {
    try {
      if ((value === null || value === undefined) && !this.#format.writesNull(schema)) {
        return { bytes: null, registers: null }
      }
      await this.#format.load?.()
      const { plan } = this.#planned(schema)
      const target = { id: 0, write: plan.write, until: Infinity }
      const bytes = this.#encode(topic, target, schema, value)
      const subject = this.#subject(topic, plan.recordName)
      return { bytes, registers: { subject, type: this.#format.type, schema: plan.schema } }
    } catch (error) {
      throw this.#writeFailed(topic, error)
    }
  }

  async #firstRecord(topic: string, schema: Schema | null, value: unknown): Promise<Uint8Array> {
    try {
      await this.#format.load?.()
      const planned = this.#planned(schema)
      const target = await this.#target(topic, planned.plan)
      if (planned.targets.size >= MAX_TOPICS) planned.targets.clear()
      planned.targets.set(topic, target)
      return this.#encode(topic, target, schema, value)
    } catch (error) {
      throw this.#writeFailed(topic, error)
    }
  }

  #encode(topic: string, target: Target, schema: Schema | null, value: unknown): Buffer {
    try {
      return target.write(target.id, value)
    } catch (error) {
      // The writers are fast because they do not know where they are; the slow check does and throws the
      // better error.
      if (schema !== null && error instanceof DataError) this.#explain(topic, schema, value)
      throw error
    }
  }

  #explain(topic: string, schema: Schema, value: unknown): void {
    try {
      checkValue(schema, value)
    } catch (error) {
      throw this.#writeFailed(topic, error)
    }
  }

  #planned(schema: Schema | null): Planned {
    if (schema === null) {
      this.#schemaless ??= { plan: this.#format.writePlan(null), targets: new Map() }
      return this.#schemaless
    }
    let planned = this.#plans.get(schema)
    if (planned === undefined) {
      planned = { plan: this.#format.writePlan(schema), targets: new Map() }
      this.#plans.set(schema, planned)
    }
    return planned
  }

  async #target(topic: string, plan: WritePlan): Promise<Target> {
    const settings = this.#settings
    const register = settings['auto.register.schemas']
    if (!register && settings['use.schema.id'] >= 0) {
      return this.#targetOf(plan, await this.#registry.byId(settings['use.schema.id']), -1)
    }
    const subject = this.#subject(topic, plan.recordName)
    if (!register && settings['use.latest.version']) {
      const latest = await this.#registry.latest(subject)
      return this.#targetOf(plan, latest, settings['latest.cache.ttl.sec'])
    }
    const how = { register, normalize: settings['normalize.schemas'] }
    const registersThem = register && this.#format.referencesMustExist !== true
    const references = await this.#registered(plan.dependencies, {
      ...how,
      register: registersThem
    })
    const id = await this.#registry.id(subject, { schema: plan.schema, references }, how)
    return { id, write: plan.write, until: Infinity }
  }

  async #targetOf(
    plan: WritePlan,
    registered: RegisteredSchema,
    ttlSeconds: number
  ): Promise<Target> {
    const references = await this.#references(registered)
    const write = plan.fit(registered, references)
    const until = ttlSeconds < 0 ? Infinity : systemClock.monotonicMs() + ttlSeconds * 1000
    return { id: registered.id, write, until }
  }

  /** Each under its own name as subject, those that others need first. */
  async #registered(
    dependencies: readonly Dependency[],
    how: { readonly register: boolean; readonly normalize: boolean }
  ): Promise<SchemaReference[]> {
    const references: SchemaReference[] = []
    for (const { name, schema, dependencies: inner } of dependencies) {
      const text: SchemaText = { schema, references: await this.#registered(inner, how) }
      await this.#registry.id(name, text, how)
      const version = await this.#registry.version(name, text)
      if (version === undefined) {
        throw new DataError(`The schema registry has no version of ${name}, which it confirmed`)
      }
      references.push({ name, subject: name, version })
    }
    return references
  }

  #subject(topic: string, recordName: string | null): string {
    const kind = this.#use
    const strategy = this.#settings[`${kind}.subject.name.strategy`]
    if (strategy.endsWith('.TopicNameStrategy')) return `${topic}-${kind}`
    if (recordName === null) {
      throw new DataError(
        `${kind}.subject.name.strategy=${strategy} needs a record: the ${kind}s of topic ${topic} have no record name`
      )
    }
    return strategy.endsWith('.TopicRecordNameStrategy') ? `${topic}-${recordName}` : recordName
  }

  toConnectData(topic: string, bytes: Uint8Array | null): SchemaAndValue | Promise<SchemaAndValue> {
    if (bytes === null) return { schema: null, value: null }
    try {
      if (bytes[0] !== 0) throw new DataError('Unknown magic byte!')
      if (bytes.length < HEAD_BYTES) throw new DataError('The record ends within the schema id')
      const record = asBuffer(bytes)
      const last = this.#last
      if (last !== null && last.topic === topic && beginsWith(record, last.head)) {
        return { schema: last.plan.schema, value: last.plan.read(record) }
      }
      const head = record.subarray(0, this.#format.headBytes?.(record) ?? HEAD_BYTES)
      const key = `${head.toString('latin1')} ${topic}`
      const plan = this.#readers.get(key)
      if (plan === undefined) return this.#readFirst(topic, key, head, record)
      return this.#read({ topic, head, plan }, record)
    } catch (error) {
      throw this.#readFailed(topic, error)
    }
  }

  #read(reader: Reader, record: Buffer): SchemaAndValue {
    // A copy of the head: the record may be a part of a batch, which would stay in memory.
    this.#last = { ...reader, head: Buffer.from(reader.head) }
    return { schema: reader.plan.schema, value: reader.plan.read(record) }
  }

  async #readFirst(
    topic: string,
    key: string,
    head: Buffer,
    record: Buffer
  ): Promise<SchemaAndValue> {
    try {
      await this.#format.load?.()
      const registered = await this.#registry.byId(record.readInt32BE(1))
      const references = await this.#references(registered)
      const plan = await this.#format.readPlan(registered, references, record, (name) =>
        this.#registry.version(this.#subject(topic, name), registered)
      )
      this.#readers.set(key, plan)
      for (const oldest of this.#readers.keys()) {
        if (this.#readers.size <= this.#settings['schemas.cache.config']) break
        this.#readers.delete(oldest)
      }
      return this.#read({ topic, head, plan }, record)
    } catch (error) {
      throw this.#readFailed(topic, error)
    }
  }

  /** The schemas a schema refers to, those that others need first. */
  async #references(schema: RegisteredSchema): Promise<ReferencedSchema[]> {
    const found = new Map<string, ReferencedSchema>()
    const seen = new Set<string>()
    const collect = async (from: RegisteredSchema): Promise<void> => {
      for (const reference of from.references) {
        const key = `${reference.name} ${reference.subject} ${reference.version}`
        if (seen.has(key)) continue
        if (seen.size >= MAX_REFERENCES) throw new DataError('A schema with too many references')
        seen.add(key)
        const referenced = await this.#registry.byVersion(reference)
        await collect(referenced)
        found.set(key, { name: reference.name, schema: referenced.schema })
      }
    }
    await collect(schema)
    return [...found.values()]
  }

  #writeFailed(topic: string, error: unknown): unknown {
    return located(this.#format.writeFailed(topic), error)
  }

  #readFailed(topic: string, error: unknown): unknown {
    return located(this.#format.readFailed(topic), error)
  }
}

function beginsWith(record: Buffer, head: Buffer): boolean {
  for (let i = 0; i < head.length; i++) if (record[i] !== head[i]) return false
  return true
}

/** The same kind of error, with what failed in front; said once. */
function located(text: string, error: unknown): unknown {
  if (!(error instanceof ConnectError) || error.message.startsWith(text)) return error
  const facts = { ...error.facts, cause: error }
  const message = `${text}${error.message}`
  if (error instanceof RetriableError) return new RetriableError(message, facts)
  if (error instanceof ConfigError) return new ConfigError(message, facts)
  return new DataError(message, facts)
}
