import type { ChangeKind, ShownConfig } from '../herder/herder.ts'
import type { Call, RestContext } from './endpoint.ts'
import { shownConfig } from './masked-config.ts'
import { authorOf } from './request-author.ts'

/** What a request changes. */
interface Wanted {
  readonly what: ChangeKind
  /** null: it is of no connector. */
  readonly connector: string | null
  readonly details?: Readonly<Record<string, unknown>>
}

/** Kinds that change the configuration of their connector. */
const OF_CONFIG: ReadonlySet<ChangeKind> = new Set(['create', 'config', 'delete'])

/**
 * Makes a change, and enters it in the history, if there is one, when it was made: here, on the worker that
 * made it. `kind` tells from the outcome what it was, where the request does not say it.
 */
export async function recorded<T>(
  context: RestContext,
  call: Call,
  wanted: Wanted,
  work: () => Promise<T>,
  kind: (outcome: T) => ChangeKind = () => wanted.what
): Promise<T> {
  const { history } = context.herder
  if (history === null) return await work()
  const { connector, details = {} } = wanted
  const isOfConfig = OF_CONFIG.has(wanted.what)
  const before = isOfConfig ? await configOf(context, connector) : null
  const outcome = await work()
  const after = isOfConfig ? await configOf(context, connector) : null
  const by = authorOf(context, call)
  await history.add({ what: kind(outcome), connector, by, details, before, after })
  return outcome
}

async function configOf(context: RestContext, name: string | null): Promise<ShownConfig | null> {
  if (name === null) return null
  try {
    return shownConfig(await context.herder.cluster.connectorConfig(name))
  } catch {
    // There is none, or none that can be told now: the change itself is what counts.
    return null
  }
}
