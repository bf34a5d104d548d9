import { configDef } from '../config/config-def.ts'
import { converterConfig } from './converter-config.ts'
import { schemaRegistryConfig } from './schema-registry-config.ts'

const STRATEGIES = [
  'io.confluent.kafka.serializers.subject.TopicNameStrategy',
  'io.confluent.kafka.serializers.subject.RecordNameStrategy',
  'io.confluent.kafka.serializers.subject.TopicRecordNameStrategy'
] as const

const notYet = (value: boolean): string | null => (value ? 'is not supported by this worker' : null)

export const avroConverterConfig = configDef({
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
  'use.schema.id': {
    type: 'int',
    default: -1,
    importance: 'low',
    group: 'Schemas',
    doc: 'With auto.register.schemas=false: write with the schema of this id. -1: none.'
  },
  'latest.compatibility.strict': {
    type: 'boolean',
    default: true,
    importance: 'low',
    group: 'Schemas',
    noEffect: true,
    doc: 'Accepted; a record always has to fit the schema it is written with.'
  },
  'id.compatibility.strict': {
    type: 'boolean',
    default: true,
    importance: 'low',
    group: 'Schemas',
    noEffect: true,
    doc: 'Accepted; a record always has to fit the schema it is written with.'
  },
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
  },
  'connect.meta.data': {
    type: 'boolean',
    default: true,
    importance: 'low',
    group: 'Mapping',
    doc: "Whether names, versions, documentation, parameters and defaults of Connect's schemas are kept in attributes of the Avro schema."
  },
  'enhanced.avro.schema.support': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    group: 'Mapping',
    doc: 'Whether enums stay enums and union branches are named with their namespace.'
  },
  'scrub.invalid.names': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    group: 'Mapping',
    doc: 'Whether characters Avro does not allow in names are replaced. Otherwise such a name is an error.'
  },
  'allow.optional.map.keys': {
    type: 'boolean',
    default: false,
    importance: 'low',
    group: 'Mapping',
    doc: 'Whether maps with optional string keys become Avro maps. A null key is an error then.'
  },
  'ignore.default.for.nullables': {
    type: 'boolean',
    default: false,
    importance: 'low',
    group: 'Mapping',
    doc: 'Whether null in an optional field stays null although the field has a default.'
  },
  'flatten.singleton.unions': {
    type: 'boolean',
    default: true,
    importance: 'low',
    group: 'Mapping',
    check: (value: boolean) =>
      value ? null : 'must be true: unions of one type are read as that type',
    doc: 'Whether unions of one type are read as that type.'
  },
  'generalized.sum.type.support': {
    type: 'boolean',
    default: false,
    importance: 'low',
    group: 'Mapping',
    check: notYet,
    doc: 'Must be false.'
  },
  'discard.type.doc.default': {
    type: 'boolean',
    default: false,
    importance: 'low',
    group: 'Mapping',
    check: notYet,
    doc: 'Must be false.'
  }
})
