import { type ConfigMap, withPrefix } from '../../config/config-def.ts'
import { ConfigError } from '../../errors.ts'
import type { Converter, HeaderConverter } from '../../plugin/converter.ts'
import type { Plugins } from '../../plugin/plugins.ts'
import type { Bytes, Passage, Stage } from './stages.ts'

export interface NamedConverter<C> {
  readonly className: string
  readonly converter: C
}

export interface Converters {
  readonly key: NamedConverter<Converter>
  readonly value: NamedConverter<Converter>
  readonly header: NamedConverter<HeaderConverter>
}

/** Where a converter is configured: the connector's own class and settings, else the worker's; never a mixture. */
function source(key: string, connector: ConfigMap, worker: ConfigMap): ConfigMap {
  return connector.has(key) ? connector : worker
}

function className(key: string, config: ConfigMap): string {
  const name = config.get(key)?.trim()
  if (name === undefined || name === '') {
    throw new ConfigError(`Missing required configuration "${key}" which has no default value.`)
  }
  return name
}

function unknown(key: string, name: string): ConfigError {
  return new ConfigError(
    `Invalid value ${name} for configuration ${key}: Class ${name} could not be found.`
  )
}

const DEFAULT_HEADER_CONVERTER = 'org.apache.kafka.connect.storage.SimpleHeaderConverter'

/** Makes the converters of one task. Throws ConfigError naming the key. */
export function taskConverters(
  connector: ConfigMap,
  worker: ConfigMap,
  plugins: Plugins
): Converters {
  const dataConverter = (type: 'key' | 'value') => {
    const key = `${type}.converter`
    const config = source(key, connector, worker)
    const name = className(key, config)
    const plugin = plugins.find('converter', name)
    if (plugin === null) throw unknown(key, name)
    const converter = plugin.create(withPrefix(config, `${key}.`), type)
    return { className: plugin.className, converter }
  }
  const key = 'header.converter'
  const config = source(key, connector, worker)
  const name = config.get(key)?.trim() ?? DEFAULT_HEADER_CONVERTER
  const plugin = plugins.find('header_converter', name)
  if (plugin === null) throw unknown(key, name)
  const header = plugin.create(withPrefix(config, `${key}.`))
  return {
    key: dataConverter('key'),
    value: dataConverter('value'),
    header: { className: plugin.className, converter: header }
  }
}

/** What a converter makes of a key or a value. */
type Encode = Converter['fromConnectData']

/** The stages behind the transformations: headers, key, value. `encode`: how a converter is asked. */
export function converterStages(
  { key, value, header }: Converters,
  encode: (part: 'key' | 'value', converter: Converter) => Encode = (_, converter) =>
    converter.fromConnectData.bind(converter)
): readonly Stage[] {
  return [
    headerStage(header),
    keyStage(key.className, encode('key', key.converter)),
    valueStage(value.className, encode('value', value.converter))
  ]
}

function headerStage({ className, converter }: NamedConverter<HeaderConverter>): Stage {
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

function keyStage(className: string, encode: Encode): Stage {
  const keep = (passage: Passage, bytes: Bytes): true => {
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

function valueStage(className: string, encode: Encode): Stage {
  const keep = (passage: Passage, bytes: Bytes): true => {
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
