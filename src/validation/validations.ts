import type { ConfigInfos } from '../config/config-infos.ts'
import { AtOnce } from '../plugin/at-once.ts'
import { ownedByNobody } from '../plugin/plugin-owner.ts'
import type { SubmittedConfig } from './section.ts'
import { validateConnector, type ValidationContext } from './validate-connector.ts'

/** Each may hold a connection to a database for as long as that does not answer. */
const MOST_AT_ONCE = 200

/** The validations that requests to this worker ask for. */
export class Validations {
  readonly #context: ValidationContext
  readonly #atOnce = new AtOnce(MOST_AT_ONCE, 'validations')

  constructor(context: ValidationContext) {
    this.#context = context
  }

  /** As `validateConnector`; ConnectError NOT_READY while too many run. */
  infos(config: SubmittedConfig, signal: AbortSignal): Promise<ConfigInfos> {
    return this.#atOnce.run(() =>
      ownedByNobody(() => validateConnector(this.#context, config, signal))
    )
  }
}
