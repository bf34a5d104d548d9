import { configDef } from '../../config/config-def.ts'
import {
  ignoreDefaultForNullables,
  registryConverterConfig
} from '../registry/registry-converter-config.ts'

/** Dialects a schema without `$schema` may be meant in. */
const SPEC_VERSIONS = ['draft_4', 'draft_6', 'draft_7', 'draft_2019_09', 'draft_2020_12'] as const
export type SpecVersion = (typeof SPEC_VERSIONS)[number]

const FROM_OBJECTS =
  'Accepted; it concerns schemas derived from Java objects, which records of Connect are not.'
const DECIMALS = ['BASE64', 'NUMERIC'] as const

export const jsonSchemaConverterConfig = configDef({
  ...registryConverterConfig,
  'decimal.format': {
    type: 'string',
    default: 'BASE64',
    oneOfIgnoreCase: DECIMALS,
    importance: 'low',
    group: 'Mapping',
    doc: 'Decimals as base64 of their unscaled bytes (BASE64) or as JSON numbers (NUMERIC). Case does not matter.'
  },
  'json.decimal.format': {
    type: 'string',
    default: null,
    oneOfIgnoreCase: DECIMALS,
    importance: 'low',
    group: 'Mapping',
    doc: 'Another name of decimal.format, which it overrides.'
  },
  'object.additional.properties': {
    type: 'boolean',
    default: true,
    importance: 'medium',
    group: 'Mapping',
    doc: 'Whether objects may have other properties than those of the schema; false is written into the schema.'
  },
  'use.optional.for.nonrequired': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    group: 'Mapping',
    doc: 'Whether properties that a schema does not list as required are read as optional.'
  },
  'generalized.sum.type.support': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    group: 'Mapping',
    doc: 'Whether enums and unions are told by the parameters all formats share, instead of those of JSON Schema.'
  },
  'ignore.default.for.nullables': ignoreDefaultForNullables,
  'json.fail.invalid.schema': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    group: 'Validation',
    doc: 'Whether every record written and read is checked against its JSON Schema.'
  },
  'json.schema.spec.version': {
    type: 'string',
    default: 'draft_7',
    oneOfIgnoreCase: SPEC_VERSIONS,
    importance: 'medium',
    group: 'Validation',
    doc: 'The dialect in which schemas without $schema are checked.'
  },
  'json.fail.unknown.properties': {
    type: 'boolean',
    default: true,
    importance: 'low',
    group: 'Validation',
    noEffect: true,
    doc: FROM_OBJECTS
  },
  'json.oneof.for.nullables': {
    type: 'boolean',
    default: true,
    importance: 'low',
    group: 'Mapping',
    noEffect: true,
    doc: FROM_OBJECTS
  },
  'json.write.dates.iso8601': {
    type: 'boolean',
    default: false,
    importance: 'low',
    group: 'Mapping',
    noEffect: true,
    doc: FROM_OBJECTS
  }
})
