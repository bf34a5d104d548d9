import type { ConfigMap } from '../../config/config-def.ts'
import type { Plugins } from '../../plugin/plugins.ts'
import { converterStages, taskConverters } from './converters.ts'
import type { Stage } from './stages.ts'
import { transformations } from './transformations.ts'

/** The way of every record of a task: its transformations in order, then header, key and value converter. */
interface CompiledStages {
  readonly stages: readonly Stage[]
  /**
   * Ends what waits in them, a registry's answer for one. Each plugin is closed, whatever another throws;
   * throws what they threw.
   */
  close(): Promise<void>
}

/**
 * `encode`: how key and value converters are asked, when not for bytes to be sent. Throws ConfigError naming
 * the key.
 */
export function compileStages(options: {
  /** Both with `${…}` resolved. */
  readonly connector: ConfigMap
  readonly worker: ConfigMap
  readonly plugins: Plugins
  readonly encode?: Parameters<typeof converterStages>[1]
}): CompiledStages {
  const { connector, worker, plugins, encode } = options
  const transforming = transformations(connector, plugins)
  const converters = taskConverters(connector, worker, plugins)
  const { key, value, header } = converters
  const parts = [...transforming.plugins, key.converter, value.converter, header.converter]
  return {
    stages: [...transforming.stages, ...converterStages(converters, encode)],
    close: () => closeAll(parts)
  }
}

async function closeAll(parts: readonly { close?(): Promise<void> | void }[]): Promise<void> {
  const closing = parts.map(async (part) => part.close?.())
  const failures = (await Promise.allSettled(closing)).filter(({ status }) => status === 'rejected')
  if (failures.length > 0) {
    throw new AggregateError(
      failures.map((failure) => (failure as PromiseRejectedResult).reason),
      'A transformation or converter could not be closed'
    )
  }
}
