import { fileStreamSourcePlugin } from './connectors/file-stream/file-stream-source-connector.ts'
import { aivenJdbcSourcePlugin, jdbcSourcePlugin } from './connectors/jdbc/source-plugins.ts'
import { booleanConverterPlugin, booleanHeaderConverterPlugin } from './converters/boolean.ts'
import {
  byteArrayConverterPlugin,
  byteArrayHeaderConverterPlugin
} from './converters/byte-array.ts'
import { jsonConverterPlugin, jsonHeaderConverterPlugin } from './converters/json.ts'
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
} from './converters/numbers.ts'
import { simpleHeaderConverterPlugin } from './converters/simple-header.ts'
import { stringConverterPlugin, stringHeaderConverterPlugin } from './converters/string.ts'
import type { Plugin } from './plugin/plugins.ts'

/** Everything this package ships that can be selected by class name. */
export function builtinPlugins(): Plugin[] {
  return [
    // An alias that fits both (`JdbcSource`) means the first.
    jdbcSourcePlugin,
    aivenJdbcSourcePlugin,
    fileStreamSourcePlugin,
    jsonConverterPlugin,
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
    simpleHeaderConverterPlugin
  ]
}
