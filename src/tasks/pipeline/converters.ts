import { type ConfigMap, withPrefix } from '../../config/config-def.ts'
import { ConfigError } from '../../errors.ts'
import type { Converter, HeaderConverter } from '../../plugin/converter.ts'
import type { Plugins } from '../../plugin/plugins.ts'
import type { TransformationChain } from './transformation-chain.ts'

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

/** Ends what waits in them, a registry's answer for one. Each is closed, whatever another throws; throws what they threw. */
export async function closeConversion(
  chain: TransformationChain,
  { key, value, header }: Converters
): Promise<void> {
  const converters = [key.converter, value.converter, header.converter]
  // A predicate may stand behind several transformations.
  const closing = [...new Set([...chain.parts, ...converters])].map(async (part) => part.close?.())
  const failures = (await Promise.allSettled(closing)).filter(({ status }) => status === 'rejected')
  if (failures.length > 0) {
    throw new AggregateError(
      failures.map((failure) => (failure as PromiseRejectedResult).reason),
      'A transformation or converter could not be closed'
    )
  }
}
