import type { Clock } from '../../clock.ts'
import type { ConfigInfos } from '../../config/config-infos.ts'
import { ConnectError } from '../../errors.ts'
import type { StoredConfig } from '../../storage/cluster-config.ts'
import type { Validations } from '../../validation/validations.ts'
import { abortingAfter } from '../../wait.ts'
import type { RestConfig } from '../herder.ts'
import { REQUEST_TIMEOUT_MS } from '../../settings/worker/rest-keys.ts'

/**
 * How every worker, of ours or a JVM's, begins to say that a configuration was refused. Only for answers of
 * other workers: an error that this worker makes says so by its fact `secretsHidden`.
 */
export const CONFIG_REFUSED = 'Connector configuration is invalid'

interface ConfigValidationOptions {
  readonly validations: Pick<Validations, 'infos'>
  readonly clock: Clock
  /** Aborts when the worker stops. */
  readonly stopping: AbortSignal
}

/** Validates configurations for requests, within their limit. */
export class ConfigValidation {
  readonly #options: ConfigValidationOptions

  constructor(options: ConfigValidationOptions) {
    this.#options = options
  }

  infos(config: RestConfig): Promise<ConfigInfos> {
    const { validations, clock, stopping } = this.#options
    return abortingAfter(
      clock,
      REQUEST_TIMEOUT_MS,
      (limit) => validations.infos(config, limit),
      stopping
    )
  }

  /** The configuration if it has no errors; throws the 400 that lists them otherwise. */
  async valid(config: RestConfig): Promise<StoredConfig> {
    const infos = await this.infos(config)
    if (infos.error_count > 0) {
      const errors = infos.configs.flatMap(({ value }) => value?.errors ?? [])
      throw new ConnectError(
        'CONFIG_INVALID',
        [
          `${CONFIG_REFUSED} and contains the following ${infos.error_count} error(s):`,
          ...errors,
          'You can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`'
        ].join('\n'),
        { secretsHidden: true }
      )
    }
    return new Map([...config].filter((entry): entry is [string, string] => entry[1] !== null))
  }
}
