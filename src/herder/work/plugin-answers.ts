import type { ConfigInfos, ConfigKeyInfo } from '../../config/config-infos.ts'
import { ConnectError, NotFoundError } from '../../errors.ts'
import type { Plugins } from '../../plugin/plugins.ts'
import { pluginConfigKeys } from '../../validation/validate-connector.ts'
import { versionProblem } from '../../plugin/version-problem.ts'
import type { ConnectorPreview } from '../../worker/preview-connector.ts'
import type { Previews } from '../../worker/previews.ts'
import type { PluginCatalog, PluginInfo, RestConfig } from '../herder.ts'
import type { ConfigValidation } from './config-validation.ts'
import { connectorClass } from '../../settings/connector/connector-settings.ts'

interface PluginAnswersOptions {
  readonly plugins: Plugins
  readonly validation: ConfigValidation
  /** What a connector would send first with a valid configuration, whose references are not replaced yet. */
  readonly previews: Pick<Previews, 'show'>
  /** Aborts when the worker stops. */
  readonly stopping: AbortSignal
}

const pluginOrder = [
  'sink',
  'source',
  'transformation',
  'predicate',
  'converter',
  'header_converter'
] as const

/** The plugins of this worker, and what they think of configurations. */
export class PluginAnswers implements PluginCatalog {
  readonly #options: PluginAnswersOptions

  constructor(options: PluginAnswersOptions) {
    this.#options = options
  }

  plugins(connectorsOnly: boolean): PluginInfo[] {
    const types = connectorsOnly ? pluginOrder.slice(0, 2) : pluginOrder
    return types
      .flatMap((type) => this.#options.plugins.list(type))
      .map(({ className, type, version }) => ({
        class: className,
        type,
        ...(version === '' || version === 'undefined' ? {} : { version })
      }))
  }

  pluginConfig(name: string, version?: string): ConfigKeyInfo[] {
    const plugin = this.#options.plugins.any(name)
    if (plugin === null) throw new NotFoundError(`Unknown plugin ${name}.`)
    const problem = versionProblem(plugin.className, [plugin], version)
    if (problem !== null) throw new ConnectError('BAD_REQUEST', problem)
    return pluginConfigKeys(plugin)
  }

  async validate(plugin: string, config: RestConfig): Promise<ConfigInfos> {
    requireClass(plugin, config)
    return await this.#options.validation.infos(config)
  }

  async preview(plugin: string, config: RestConfig, rows: number): Promise<ConnectorPreview> {
    const { previews, validation, stopping } = this.#options
    requireClass(plugin, config)
    // A configuration that is only thought about needs neither a name nor its class twice.
    const whole = new Map([['name', 'preview'], ['connector.class', plugin], ...config])
    return previews.show(whole, () => validation.valid(whole), rows, stopping)
  }
}

function requireClass(plugin: string, config: RestConfig): void {
  const included = connectorClass(config)
  if (included === null || normalised(included).endsWith(normalised(plugin))) return
  throw new ConnectError(
    'BAD_REQUEST',
    `Included connector type ${included} does not match request type ${plugin}`
  )
}

/** Without `Connector` at its end: how the JVM worker compares classes in requests. */
function normalised(className: string): string {
  return className.replace(/(?<=.)Connector$/s, '')
}
