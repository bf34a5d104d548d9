import type { ConfigDef, ConfigMap } from '../config/config-def.ts'
import type { Headers } from '../data/headers.ts'
import type { Schema } from '../data/schema.ts'

export interface SchemaAndValue {
  readonly schema: Schema | null
  readonly value: unknown
}

/** Which half of a record a converter is made for. */
export type ConverterUse = 'key' | 'value'

/**
 * Turns values into the bytes of a Kafka record and back. Both directions may answer a promise (a registry
 * has to be asked), but should answer at once when they can: it is the hot path. A value that does not fit
 * its schema throws DataError; one that cannot be represented is never changed silently (I5).
 */
export interface Converter {
  fromConnectData(
    topic: string,
    schema: Schema | null,
    value: unknown,
    headers?: Headers
  ): Uint8Array | null | Promise<Uint8Array | null>
  toConnectData(
    topic: string,
    bytes: Uint8Array | null,
    headers?: Headers
  ): SchemaAndValue | Promise<SchemaAndValue>
  /**
   * As `fromConnectData`, without writing anything anywhere: what a registry would be asked to keep is
   * answered instead. Absent: `fromConnectData` writes nothing.
   */
  dryRun?(topic: string, schema: Schema | null, value: unknown): DryRun | Promise<DryRun>
  /**
   * Called once, when the task has ended, or was given up while a conversion was pending, which should end
   * soon then.
   */
  close?(): Promise<void> | void
}

/** What a converter would make of a value. */
export interface DryRun {
  /** The bytes, with zeros for an id that is not known before a schema is registered. */
  readonly bytes: Uint8Array | null
  /** The schema that would be registered, or looked up; null: none. */
  readonly registers: {
    readonly subject: string
    /** `AVRO`, `PROTOBUF`, `JSON` */
    readonly type: string
    readonly schema: string
  } | null
}

/** As a converter, for single headers; it never waits. */
export interface HeaderConverter {
  fromConnectHeader(
    topic: string,
    key: string,
    schema: Schema | null,
    value: unknown
  ): Uint8Array | null
  toConnectHeader(topic: string, key: string, bytes: Uint8Array | null): SchemaAndValue
  close?(): Promise<void> | void
}

export interface ConverterPlugin {
  readonly type: 'converter'
  readonly className: string
  readonly version: string
  readonly config: ConfigDef
  /**
   * A converter ready for use, one for the keys and one for the values of a task. `config`: the keys behind
   * `key.converter.` or `value.converter.`. Throws ConfigError.
   */
  create(config: ConfigMap, use: ConverterUse): Converter
}

export interface HeaderConverterPlugin {
  readonly type: 'header_converter'
  readonly className: string
  readonly version: string
  readonly config: ConfigDef
  /** A converter ready for use. `config`: the keys behind `header.converter.`. Throws ConfigError. */
  create(config: ConfigMap): HeaderConverter
}
