import type { ConfigMap } from '../../config/config-def.ts'
import type { Converter, HeaderConverter } from '../../plugin/converter.ts'
import type { Plugins } from '../../plugin/plugins.ts'
import {
  type ConverterSettings,
  converterSettings
} from '../../settings/worker/converter-settings.ts'
import { requiredPlugin } from './required-plugin.ts'
import type { Bytes, SourcePassage, Stage } from './stages.ts'

export interface NamedConverter<C> {
  readonly className: string
  readonly converter: C
}

export interface Converters {
  readonly key: NamedConverter<Converter>
  readonly value: NamedConverter<Converter>
  readonly header: NamedConverter<HeaderConverter>
}

/** Makes the converters of one task. Throws ConfigError naming the key. */
export function taskConverters(
  connector: ConfigMap,
  worker: ConfigMap,
  plugins: Plugins
): Converters {
  const { key, value, header } = converterSettings(connector, worker)
  const dataConverter = (type: 'key' | 'value', settings: ConverterSettings) => {
    const plugin = requiredPlugin(plugins.find('converter', settings.className), settings)
    return { className: plugin.className, converter: plugin.create(settings.own, type) }
  }
  const plugin = requiredPlugin(plugins.find('header_converter', header.className), header)
  return {
    key: dataConverter('key', key),
    value: dataConverter('value', value),
    header: { className: plugin.className, converter: plugin.create(header.own) }
  }
}

/** What a converter makes of a key or a value. */
type Encode = Converter['fromConnectData']

/**
 * Of a source, the stages behind the transformations: headers, key, value. `encode`: how a converter is
 * asked.
 */
export function converterStages(
  { key, value, header }: Converters,
  encode: (part: 'key' | 'value', converter: Converter) => Encode = (_, converter) =>
    converter.fromConnectData.bind(converter)
): readonly Stage<SourcePassage>[] {
  return [
    headerStage(header),
    keyStage(key.className, encode('key', key.converter)),
    valueStage(value.className, encode('value', value.converter))
  ]
}

function headerStage({
  className,
  converter
}: NamedConverter<HeaderConverter>): Stage<SourcePassage> {
  return {
    name: 'HEADER_CONVERTER',
    className,
    apply(passage) {
      const { topic, headers } = passage.record
      if (headers.length > 0) {
        passage.headers = headers.map(({ key, schema, value }) => [
          key,
          converter.fromConnectHeader(topic, key, schema, value)
        ])
      }
      return true
    }
  }
}

function keyStage(className: string, encode: Encode): Stage<SourcePassage> {
  const keep = (passage: SourcePassage, bytes: Bytes): true => {
    passage.key = bytes
    return true
  }
  return {
    name: 'KEY_CONVERTER',
    className,
    apply(passage) {
      const { topic, keySchema, key, headers } = passage.record
      const bytes = encode(topic, keySchema, key, headers)
      return bytes instanceof Promise
        ? bytes.then((later) => keep(passage, later))
        : keep(passage, bytes)
    }
  }
}

function valueStage(className: string, encode: Encode): Stage<SourcePassage> {
  const keep = (passage: SourcePassage, bytes: Bytes): true => {
    passage.value = bytes
    return true
  }
  return {
    name: 'VALUE_CONVERTER',
    className,
    apply(passage) {
      const { topic, valueSchema, value, headers } = passage.record
      const bytes = encode(topic, valueSchema, value, headers)
      return bytes instanceof Promise
        ? bytes.then((later) => keep(passage, later))
        : keep(passage, bytes)
    }
  }
}
