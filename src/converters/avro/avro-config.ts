import { configDef } from '../../config/config-def.ts'
import {
  ignoreDefaultForNullables,
  notYet,
  registryConverterConfig
} from '../registry/registry-converter-config.ts'

export const avroConverterConfig = configDef({
  ...registryConverterConfig,
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
  'ignore.default.for.nullables': ignoreDefaultForNullables,
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
