import type { Clock } from '../clock.ts'
import { HiddenValues } from '../config/hidden-values.ts'
import type { ConfigProviders } from '../config/providers.ts'
import { isSecretPlace, referencesIn } from '../config/reference-syntax.ts'
import { ConnectError } from '../errors.ts'
import type { Plugins } from '../plugin/plugins.ts'
import { isSecretName } from '../secrets/secret-names.ts'
import type { StoredConfig } from '../storage/cluster-config.ts'
import { AtOnce } from '../plugin/at-once.ts'
import { type ConnectorPreview, previewConnector } from './preview-connector.ts'
import type { SinkSampling } from './sink-sample.ts'
import { ownedByNobody } from '../plugin/plugin-owner.ts'
import type { WorkerConfig } from '../settings/worker/worker-config.ts'

/** Each holds a connection to a database and converts its rows on the one thread there is. */
const MOST_AT_ONCE = 4
/** Validation comes before it, within the same 90 s of a request. */
const LIMIT_MS = 30_000

/** Settings whose references change how a source is reached, and nothing of the rows that are shown. */
const REACHING =
  /^(?:name|connection\.url|connection\.user|(?:key|value|header)\.converter(?:\..*)?|(?:producer|consumer|admin)\.override\..*)$/

interface PreviewsOptions {
  readonly config: WorkerConfig
  readonly plugins: Plugins
  readonly providers: ConfigProviders
  readonly kafka: SinkSampling
  readonly clock: Clock
}

/** Previews of this worker: a few at once, and none of what a reference stands for. */
export class Previews {
  readonly #options: PreviewsOptions
  readonly #atOnce = new AtOnce(MOST_AT_ONCE, 'previews')

  constructor(options: PreviewsOptions) {
    this.#options = options
  }

  /**
   * Throws ConnectError: FORBIDDEN where the worker allows none, NOT_READY while too many run, BAD_REQUEST
   * for references that rows would show, and what `check`, which looks at the whole configuration first,
   * throws.
   */
  async show(
    submitted: ReadonlyMap<string, string | null>,
    check: () => Promise<StoredConfig>,
    rows: number,
    stopping: AbortSignal
  ): Promise<ConnectorPreview> {
    if (!this.#options.config.values['rest.preview.enable']) {
      throw new ConnectError(
        'FORBIDDEN',
        'This worker shows no previews: rest.preview.enable=false'
      )
    }
    requireReachingReferences(submitted)
    return this.#atOnce.run(async () => this.#show(await check(), rows, stopping))
  }

  async #show(
    checked: StoredConfig,
    rows: number,
    stopping: AbortSignal
  ): Promise<ConnectorPreview> {
    const { config, plugins, providers, kafka, clock } = this.#options
    const references = new Map<string, string>()
    try {
      const resolved = providers.resolve(checked, references)
      const hidden = new HiddenValues(references)
      const options = {
        rows,
        worker: config.properties,
        plugins,
        kafka,
        clock,
        limitMs: LIMIT_MS,
        stopping
      }
      const preview = await ownedByNobody(() => previewConnector(resolved, options))
      const { advice, problems } = preview
      return { ...preview, advice: hidden.all(advice), problems: hidden.all(problems) }
    } catch (error) {
      throw new HiddenValues(references).error(error)
    }
  }
}

/**
 * I7: a query, a topic or a transformation with a reference in it would show its value among the rows, in any
 * disguise.
 */
function requireReachingReferences(config: ReadonlyMap<string, string | null>): void {
  for (const [key, value] of config) {
    for (const { start, end } of referencesIn(value ?? '')) {
      const before = (value ?? '').slice(0, start)
      if (isSecretName(key) || isSecretPlace(before)) continue
      // Parameters of an address may set what a query can read.
      if (REACHING.test(key) && !(key === 'connection.url' && /[?;]/.test(before))) continue
      throw new ConnectError(
        'BAD_REQUEST',
        `A preview shows rows, so ${key} may not hold a reference such as ${(value ?? '').slice(start, end)}: what it stands for could be read there`
      )
    }
  }
}
