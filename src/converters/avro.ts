import { type ConfigMap, type Parsed, parseConfig } from '../config/config-def.ts'
import type { Schema } from '../data/schema.ts'
import { checkValue } from '../data/values.ts'
import { ConfigError, ConnectError, DataError, RetriableError } from '../errors.ts'
import type { Converter, ConverterPlugin, SchemaAndValue } from '../plugin/converter.ts'
import { KAFKA_VERSION } from '../plugin/kafka-version.ts'
import { ANYTHING_TEXT, isAnything, writeAnything } from './avro-anything.ts'
import { avroConverterConfig } from './avro-config.ts'
import { ConnectSchemas } from './avro-connect-schema.ts'
import { AvroInput, type AvroRead, avroReader, readAnything } from './avro-decoder.ts'
import { AvroEncoders, type AvroWrite } from './avro-encoder.ts'
import { type AvroNode, fullNameOf, parseAvro } from './avro-node.ts'
import { AvroOutput } from './avro-output.ts'
import { avroSchemaText } from './avro-schema.ts'
import { type Rewrite, rewriter } from './avro-rewriter.ts'
import { withConverterType } from './converter-config.ts'
import { parseJson } from './json-parser.ts'
import { type RegisteredSchema, SchemaRegistry } from './schema-registry.ts'
import { registryOptions } from './schema-registry-config.ts'

/** What records of one schema in one topic are written with. */
interface Target {
  readonly id: number
  /** Turns bytes of our schema into bytes of the registry's, where these differ. */
  readonly rewrite: Rewrite | null
}

/** What is known of one Connect schema. */
interface Plan {
  readonly text: string
  readonly recordName: string | null
  readonly write: AvroWrite
  /** By topic. */
  readonly targets: Map<string, Target>
}

interface ReadPlan {
  readonly schema: Schema | null
  readonly read: AvroRead
}

const MAX_REFERENCES = 100
const MAX_TOPICS = 1000

/**
 * `io.confluent.connect.avro.AvroConverter`: magic byte 0, schema id, Avro. Answers at once when the schema is known, and a promise
 * for the first record of a schema. A record is written with an id only after the registry has confirmed it.
 */
class AvroConverter implements Converter {
  #settings!: Parsed<typeof avroConverterConfig>
  #isKey = false
  #registry!: SchemaRegistry
  #encoders!: AvroEncoders
  #plans = new WeakMap<Schema, Plan>()
  #anything: Plan | null = null
  /** By topic and id; oldest use first. */
  readonly #readers = new Map<string, ReadPlan>()
  readonly #out = new AvroOutput()

  configure(config: ConfigMap, isKey: boolean): void {
    const settings = parseConfig(
      avroConverterConfig,
      withConverterType(config, isKey ? 'key' : 'value')
    )
    this.#settings = settings
    this.#isKey = isKey
    this.#registry = new SchemaRegistry(
      registryOptions(settings, config, settings['max.schemas.per.subject'])
    )
    this.#encoders = new AvroEncoders({
      enhanced: settings['enhanced.avro.schema.support'],
      optionalMapKeys: settings['allow.optional.map.keys'],
      ignoreDefaultForNullables: settings['ignore.default.for.nullables']
    })
    this.#plans = new WeakMap()
    this.#anything = null
    this.#readers.clear()
  }

  fromConnectData(
    topic: string,
    schema: Schema | null,
    value: unknown
  ): Uint8Array | null | Promise<Uint8Array | null> {
    if (value === null || value === undefined) {
      if (schema === null || schema.optional) return null
      throw writeFailed(topic, new DataError('Found null value for non-optional schema'))
    }
    try {
      const plan = schema === null ? this.#anythingPlan() : this.#plan(schema)
      const target = plan.targets.get(topic)
      if (target !== undefined) return this.#encode(topic, plan, target, schema, value)
      return this.#firstRecord(topic, plan, schema, value)
    } catch (error) {
      throw writeFailed(topic, error)
    }
  }

  async #firstRecord(
    topic: string,
    plan: Plan,
    schema: Schema | null,
    value: unknown
  ): Promise<Uint8Array> {
    try {
      const target = await this.#target(topic, plan)
      if (plan.targets.size >= MAX_TOPICS) plan.targets.clear()
      plan.targets.set(topic, target)
      return this.#encode(topic, plan, target, schema, value)
    } catch (error) {
      throw writeFailed(topic, error)
    }
  }

  #encode(
    topic: string,
    plan: Plan,
    target: Target,
    schema: Schema | null,
    value: unknown
  ): Buffer {
    const out = this.#out
    out.start()
    try {
      plan.write(out, value)
    } catch (error) {
      // The writers are fast because they do not know where they are; the slow check does and throws the better error.
      if (schema !== null && error instanceof DataError) explain(topic, schema, value)
      throw error
    }
    const bytes = out.finish(target.id)
    return target.rewrite === null ? bytes : target.rewrite(bytes)
  }

  #plan(schema: Schema): Plan {
    let plan = this.#plans.get(schema)
    if (plan === undefined) {
      const text = avroSchemaText(schema, {
        enhanced: this.#settings['enhanced.avro.schema.support'],
        scrubNames: this.#settings['scrub.invalid.names'],
        metaData: this.#settings['connect.meta.data'],
        optionalMapKeys: this.#settings['allow.optional.map.keys']
      })
      const node = parseAvro(parseJson(text), new Map())
      plan = {
        text,
        recordName: recordNameOf(node),
        write: this.#encoders.of(schema),
        targets: new Map()
      }
      this.#plans.set(schema, plan)
    }
    return plan
  }

  #anythingPlan(): Plan {
    this.#anything ??= {
      text: ANYTHING_TEXT,
      recordName: 'io.confluent.connect.avro.Anything',
      write: writeAnything,
      targets: new Map()
    }
    return this.#anything
  }

  async #target(topic: string, plan: Plan): Promise<Target> {
    const settings = this.#settings
    const subject = this.#subject(topic, plan.recordName)
    const register = settings['auto.register.schemas']
    if (!register && settings['use.schema.id'] >= 0) {
      return this.#targetOf(plan, await this.#registry.byId(settings['use.schema.id']))
    }
    if (!register && settings['use.latest.version']) {
      return this.#targetOf(plan, await this.#registry.latest(subject))
    }
    const how = { register, normalize: settings['normalize.schemas'] }
    return { id: await this.#registry.id(subject, plan.text, how), rewrite: null }
  }

  async #targetOf(plan: Plan, registered: RegisteredSchema): Promise<Target> {
    const references = await this.#references(registered)
    const rewrite = rewriter(plan.text, registered.schema, references)
    return { id: registered.id, rewrite }
  }

  #subject(topic: string, recordName: string | null): string {
    const kind = this.#isKey ? 'key' : 'value'
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
      if (bytes.length < 5) throw new DataError('The record ends within the schema id')
      const id = Buffer.from(bytes.buffer, bytes.byteOffset, 5).readInt32BE(1)
      const key = `${id} ${topic}`
      const known = this.#readers.get(key)
      if (known === undefined) return this.#readFirst(topic, id, key, bytes)
      return decode(known, bytes)
    } catch (error) {
      throw readFailed(topic, error)
    }
  }

  async #readFirst(
    topic: string,
    id: number,
    key: string,
    bytes: Uint8Array
  ): Promise<SchemaAndValue> {
    try {
      const plan = await this.#readPlan(topic, id)
      this.#readers.set(key, plan)
      for (const oldest of this.#readers.keys()) {
        if (this.#readers.size <= this.#settings['schemas.cache.config']) break
        this.#readers.delete(oldest)
      }
      return decode(plan, bytes)
    } catch (error) {
      throw readFailed(topic, error)
    }
  }

  async #readPlan(topic: string, id: number): Promise<ReadPlan> {
    const registered = await this.#registry.byId(id)
    const names = new Map<string, AvroNode>()
    for (const text of await this.#references(registered)) parseAvro(parseJson(text), names)
    const node = parseAvro(parseJson(registered.schema), names)
    if (isAnything(node)) return { schema: null, read: readAnything }
    const subject = this.#subject(topic, recordNameOf(node))
    const version = await this.#registry.version(subject, registered.schema)
    const schema = new ConnectSchemas({
      enhanced: this.#settings['enhanced.avro.schema.support'],
      metaData: this.#settings['connect.meta.data']
    }).of(node, version)
    return { schema, read: avroReader(node, schema) }
  }

  /** Texts of the schemas a schema refers to, those that others need first. */
  async #references(schema: RegisteredSchema): Promise<string[]> {
    const texts = new Map<string, string>()
    const seen = new Set<string>()
    const collect = async (from: RegisteredSchema): Promise<void> => {
      for (const reference of from.references) {
        const key = `${reference.subject} ${reference.version}`
        if (seen.has(key)) continue
        if (seen.size >= MAX_REFERENCES) throw new DataError('A schema with too many references')
        seen.add(key)
        const found = await this.#registry.byVersion(reference)
        await collect(found)
        texts.set(key, found.schema)
      }
    }
    await collect(schema)
    return [...texts.values()]
  }
}

function recordNameOf(node: AvroNode): string | null {
  const record = node.type === 'union' ? node.branches?.find(({ type }) => type === 'record') : node
  return record?.type === 'record' ? fullNameOf(record) : null
}

function decode(plan: ReadPlan, bytes: Uint8Array): SchemaAndValue {
  const input = new AvroInput(bytes, 5)
  const value = plan.read(input)
  if (input.left > 0)
    throw new DataError(`The record has ${input.left} bytes behind its last value`)
  return { schema: plan.schema, value }
}

function explain(topic: string, schema: Schema, value: unknown): void {
  try {
    checkValue(schema, value)
  } catch (error) {
    throw writeFailed(topic, error)
  }
}

const writeFailed = (topic: string, error: unknown): unknown =>
  located(`Failed to serialize Avro data from topic ${topic} : `, error)
const readFailed = (topic: string, error: unknown): unknown =>
  located(`Failed to deserialize data for topic ${topic} to Avro: `, error)

/** The same kind of error, with what failed in front; said once. */
function located(text: string, error: unknown): unknown {
  if (!(error instanceof ConnectError) || error.message.startsWith(text)) return error
  const facts = { ...error.facts, cause: error }
  const message = `${text}${error.message}`
  if (error instanceof RetriableError) return new RetriableError(message, facts)
  if (error instanceof ConfigError) return new ConfigError(message, facts)
  return new DataError(message, facts)
}

export const avroConverterPlugin: ConverterPlugin = {
  type: 'converter',
  className: 'io.confluent.connect.avro.AvroConverter',
  version: KAFKA_VERSION,
  config: avroConverterConfig,
  create: () => new AvroConverter()
}
