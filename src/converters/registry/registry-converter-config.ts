import { configDef } from '../../config/config-def.ts'
import { converterConfig } from '../plain/converter-config.ts'
import { schemaRegistryConfig } from './schema-registry-config.ts'

const STRATEGIES = [
  'io.confluent.kafka.serializers.subject.TopicNameStrategy',
  'io.confluent.kafka.serializers.subject.RecordNameStrategy',
  'io.confluent.kafka.serializers.subject.TopicRecordNameStrategy'
] as const

const STRICT = {
  type: 'boolean',
  default: true,
  importance: 'low',
  group: 'Schemas',
  noEffect: true,
  doc: 'Accepted; a record always has to fit the schema it is written with.'
} as const

/** For settings that must stay false. */
export const notYet = (value: boolean): string | null =>
  value ? 'is not supported by this worker' : null

/** `ignore.default.for.nullables`, which some of them have. */
export const ignoreDefaultForNullables = {
  type: 'boolean',
  default: false,
  importance: 'low',
  group: 'Mapping',
  doc: 'Whether null in an optional field stays null although the field has a default.'
} as const

/** What the converters with a schema registry have in common. */
export const registryConverterConfig = configDef({
  ...converterConfig,
  ...schemaRegistryConfig,
  'auto.register.schemas': {
    type: 'boolean',
    default: true,
    importance: 'medium',
    group: 'Schemas',
    doc: 'Whether a schema the registry does not know is registered. Otherwise it must be there already.'
  },
  'use.latest.version': {
    type: 'boolean',
    default: false,
    importance: 'low',
    group: 'Schemas',
    doc: 'With auto.register.schemas=false: write with the latest schema of the subject. A record that does not fit it is an error; no field is left out.'
  },
  'latest.cache.ttl.sec': {
    type: 'int',
    default: -1,
    atLeast: -1,
    importance: 'low',
    group: 'Schemas',
    doc: 'With use.latest.version: after so many seconds the registry is asked again which schema is the latest. -1: never.'
  },
  'use.schema.id': {
    type: 'int',
    default: -1,
    importance: 'low',
    group: 'Schemas',
    doc: 'With auto.register.schemas=false: write with the schema of this id. -1: none.'
  },
  'latest.compatibility.strict': STRICT,
  'id.compatibility.strict': STRICT,
  'normalize.schemas': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    group: 'Schemas',
    doc: 'Whether the registry is asked to compare schemas in their normal form.'
  },
  'key.subject.name.strategy': {
    type: 'string',
    default: STRATEGIES[0],
    oneOf: STRATEGIES,
    importance: 'medium',
    group: 'Schemas',
    doc: 'The subject of keys: topic and "-key", the name of the record, or topic and name.'
  },
  'value.subject.name.strategy': {
    type: 'string',
    default: STRATEGIES[0],
    oneOf: STRATEGIES,
    importance: 'medium',
    group: 'Schemas',
    doc: 'The subject of values: topic and "-value", the name of the record, or topic and name.'
  },
  'max.schemas.per.subject': {
    type: 'int',
    default: 1000,
    atLeast: 1,
    importance: 'low',
    group: 'Schemas',
    doc: 'How many schema ids of a subject are remembered.'
  },
  'schemas.cache.config': {
    type: 'int',
    default: 1000,
    atLeast: 1,
    importance: 'low',
    group: 'Schemas',
    doc: 'How many schemas read from records are kept in memory.'
  }
})
