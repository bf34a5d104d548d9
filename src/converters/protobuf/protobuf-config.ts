import { configDef } from '../../config/config-def.ts'
import { notYet, registryConverterConfig } from '../registry/registry-converter-config.ts'

const DEFAULT_REFERENCES =
  'io.confluent.kafka.serializers.subject.DefaultReferenceSubjectNameStrategy'

export const protobufConverterConfig = configDef({
  ...registryConverterConfig,
  'skip.known.types': {
    type: 'boolean',
    default: true,
    importance: 'low',
    group: 'Schemas',
    doc: "Whether Google's and Confluent's own files, which schemas import, are left out of the registry. Otherwise they are registered under their names and referred to."
  },
  'reference.subject.name.strategy': {
    type: 'string',
    default: DEFAULT_REFERENCES,
    oneOf: [DEFAULT_REFERENCES],
    importance: 'low',
    group: 'Schemas',
    doc: 'The subject of an imported file: its name.'
  },
  'reference.lookup.only': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    group: 'Schemas',
    doc: 'Whether imported files have to be registered already.'
  },
  'enhanced.protobuf.schema.support': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    group: 'Mapping',
    doc: 'Whether schemas read keep the package in their names.'
  },
  'scrub.invalid.names': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    group: 'Mapping',
    doc: 'Whether characters Protobuf does not allow in names are replaced. Otherwise such a name is an error.'
  },
  'generalized.sum.type.support': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    group: 'Mapping',
    doc: 'Whether enums and unions are told by the parameters all formats share, instead of those of Protobuf.'
  },
  'int.for.enums': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    group: 'Mapping',
    doc: 'Whether enums are read as int32, not as strings.'
  },
  'optional.for.nullables': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    group: 'Mapping',
    doc: 'Whether fields that may be null are marked optional, so that null can be told from 0 and the empty string.'
  },
  'optional.for.proto2': {
    type: 'boolean',
    default: true,
    importance: 'medium',
    group: 'Mapping',
    doc: 'Whether absent optional fields of proto2 are read as null, not as their default.'
  },
  'wrapper.for.nullables': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    group: 'Mapping',
    doc: 'Whether primitive fields that may be null are wrapper messages, e.g. google.protobuf.StringValue.'
  },
  'wrapper.for.raw.primitives': {
    type: 'boolean',
    default: true,
    importance: 'medium',
    group: 'Mapping',
    doc: 'Whether a record that is a wrapper message is read as the primitive in it.'
  },
  'generate.index.for.unions': {
    type: 'boolean',
    default: true,
    importance: 'low',
    group: 'Mapping',
    doc: 'Whether the field of a oneof has its number behind its name, e.g. payment_0.'
  },
  'flatten.unions': {
    type: 'boolean',
    default: false,
    importance: 'low',
    group: 'Mapping',
    doc: 'Whether the fields of a oneof are read as fields of the message.'
  },
  'generate.struct.for.nulls': {
    type: 'boolean',
    default: false,
    importance: 'low',
    group: 'Mapping',
    check: notYet,
    doc: 'Must be false.'
  }
})
