import type { ConfigMap } from '../../config/config-def.ts'
import type { Plugins } from '../../plugin/plugins.ts'
import { type Converters, converterStages, taskConverters } from './converters.ts'
import { sinkConverterStages } from './sink-converters.ts'
import type { SinkPassage } from './sink-passage.ts'
import type { Passage, SourcePassage, Stage } from './stages.ts'
import { transformations } from './transformations.ts'

/** The way of every record of a task. */
interface CompiledStages<P extends Passage> {
  readonly stages: readonly Stage<P>[]
  readonly converters: Converters
  /**
   * Ends what waits in them, a registry's answer for one. Each plugin is closed once, whatever another throws
   * and however often this is called; throws what they threw.
   */
  close(): Promise<void>
}

interface StageOptions {
  /** Both with `${…}` resolved. */
  readonly connector: ConfigMap
  readonly worker: ConfigMap
  readonly plugins: Plugins
}

/**
 * To Kafka: transformations in order, then header, key and value converter. `encode`: how key and value
 * converters are asked, when not for bytes to be sent. Throws ConfigError naming the key.
 */
export function compileStages(
  options: StageOptions & { readonly encode?: Parameters<typeof converterStages>[1] }
): CompiledStages<SourcePassage> {
  const { transforming, converters, close } = parts(options)
  const stages = [...transforming, ...converterStages(converters, options.encode)]
  return { stages, converters, close }
}

/** From Kafka: key, value and header converter, then the transformations. Throws ConfigError as above. */
export function compileSinkStages(options: StageOptions): CompiledStages<SinkPassage> {
  const { transforming, converters, close } = parts(options)
  return { stages: [...sinkConverterStages(converters), ...transforming], converters, close }
}

function parts({ connector, worker, plugins }: StageOptions) {
  const transforming = transformations(connector, plugins)
  const converters = taskConverters(connector, worker, plugins)
  const { key, value, header } = converters
  const closing = [...transforming.plugins, key.converter, value.converter, header.converter]
  let closed: Promise<void> | null = null
  const close = (): Promise<void> => {
    closed ??= closeAll(closing)
    return closed
  }
  return { transforming: transforming.stages, converters, close }
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
