import { fileStreamSinkPlugin } from './connectors/file-stream/file-stream-sink-connector.ts'
import { fileStreamSourcePlugin } from './connectors/file-stream/file-stream-source-connector.ts'
import { aivenJdbcSinkPlugin, jdbcSinkPlugin } from './connectors/jdbc/sink/sink-plugins.ts'
import { aivenJdbcSourcePlugin, jdbcSourcePlugin } from './connectors/jdbc/source/source-plugins.ts'
import { avroConverterPlugin } from './converters/avro/avro-converter.ts'
import { booleanConverterPlugin, booleanHeaderConverterPlugin } from './converters/plain/boolean.ts'
import {
  byteArrayConverterPlugin,
  byteArrayHeaderConverterPlugin
} from './converters/plain/byte-array.ts'
import { jsonSchemaConverterPlugin } from './converters/json-schema/json-schema-converter.ts'
import { jsonConverterPlugin, jsonHeaderConverterPlugin } from './converters/json/json-converter.ts'
import {
  doubleConverterPlugin,
  doubleHeaderConverterPlugin,
  floatConverterPlugin,
  floatHeaderConverterPlugin,
  integerConverterPlugin,
  integerHeaderConverterPlugin,
  longConverterPlugin,
  longHeaderConverterPlugin,
  shortConverterPlugin,
  shortHeaderConverterPlugin
} from './converters/plain/numbers.ts'
import { protobufConverterPlugin } from './converters/protobuf/protobuf-converter.ts'
import { simpleHeaderConverterPlugin } from './converters/plain/simple-header.ts'
import { stringConverterPlugin, stringHeaderConverterPlugin } from './converters/plain/string.ts'
import type { Plugin } from './plugin/plugins.ts'
import { castPlugins } from './transforms/cast.ts'
import { dropHeadersPlugin } from './transforms/drop-headers.ts'
import { extractFieldPlugins } from './transforms/extract-field.ts'
import { filterPlugin } from './transforms/filter.ts'
import { flattenPlugins } from './transforms/flatten.ts'
import { hasHeaderKeyPlugin } from './transforms/has-header-key.ts'
import { headerFromPlugins } from './transforms/header-from.ts'
import { hoistFieldPlugins } from './transforms/hoist-field.ts'
import { insertFieldPlugins } from './transforms/insert-field.ts'
import { insertHeaderPlugin } from './transforms/insert-header.ts'
import { maskFieldPlugins } from './transforms/mask-field.ts'
import { recordIsTombstonePlugin } from './transforms/record-is-tombstone.ts'
import { regexRouterPlugin } from './transforms/regex-router.ts'
import { replaceFieldPlugins } from './transforms/replace-field.ts'
import { setSchemaMetadataPlugins } from './transforms/set-schema-metadata.ts'
import { timestampConverterPlugins } from './transforms/timestamp-converter.ts'
import { timestampRouterPlugin } from './transforms/timestamp-router.ts'
import { topicNameMatchesPlugin } from './transforms/topic-name-matches.ts'
import { valueToKeyPlugin } from './transforms/value-to-key.ts'

/** Everything this package ships that can be selected by class name. */
export function builtinPlugins(): Plugin[] {
  return [
    // An alias that fits both (`JdbcSource`) means the first.
    jdbcSourcePlugin,
    aivenJdbcSourcePlugin,
    jdbcSinkPlugin,
    aivenJdbcSinkPlugin,
    fileStreamSourcePlugin,
    fileStreamSinkPlugin,
    jsonConverterPlugin,
    avroConverterPlugin,
    jsonSchemaConverterPlugin,
    protobufConverterPlugin,
    stringConverterPlugin,
    byteArrayConverterPlugin,
    booleanConverterPlugin,
    doubleConverterPlugin,
    floatConverterPlugin,
    integerConverterPlugin,
    longConverterPlugin,
    shortConverterPlugin,
    jsonHeaderConverterPlugin,
    stringHeaderConverterPlugin,
    byteArrayHeaderConverterPlugin,
    booleanHeaderConverterPlugin,
    doubleHeaderConverterPlugin,
    floatHeaderConverterPlugin,
    integerHeaderConverterPlugin,
    longHeaderConverterPlugin,
    shortHeaderConverterPlugin,
    simpleHeaderConverterPlugin,
    ...castPlugins,
    dropHeadersPlugin,
    ...extractFieldPlugins,
    filterPlugin,
    ...flattenPlugins,
    ...headerFromPlugins,
    ...hoistFieldPlugins,
    ...insertFieldPlugins,
    insertHeaderPlugin,
    ...maskFieldPlugins,
    regexRouterPlugin,
    ...replaceFieldPlugins,
    ...setSchemaMetadataPlugins,
    ...timestampConverterPlugins,
    timestampRouterPlugin,
    valueToKeyPlugin,
    hasHeaderKeyPlugin,
    recordIsTombstonePlugin,
    topicNameMatchesPlugin
  ]
}
