import type { Clock } from '../clock.ts'
import type { ConfigMap } from '../config/config-def.ts'
import { ConnectError } from '../errors.ts'
import type { Plugins } from '../plugin/plugins.ts'
import type { SourcePreview } from '../plugin/preview.ts'
import { idleSettings } from '../settings/connector/idle-settings.ts'
import { type PreviewedRecord, previewRecords } from '../tasks/pipeline/preview-records.ts'
import { abortingAfter, within } from '../wait.ts'
import { connectorPlugin } from './plugin-of.ts'

/** After the signal a plugin may still answer with what it has; then it is not waited for any more (I8). */
const GRACE_MS = 5000

/** What a connector would do with a configuration. */
export interface ConnectorPreview {
  readonly connectorClass: string
  /** Of each table, or whatever the source is made of. */
  readonly rows: number
  readonly records: readonly PreviewedRecord[]
  readonly sql: SourcePreview['statements']
  readonly columns: SourcePreview['columns']
  readonly advice: readonly string[]
  readonly problems: readonly string[]
}

interface PreviewOptions {
  readonly rows: number
  /** Properties of the worker, for its converters. */
  readonly worker: ConfigMap
  readonly plugins: Plugins
  readonly clock: Clock
  readonly limitMs: number
  readonly stopping: AbortSignal
}

/**
 * The first records of a connector with this configuration (references replaced), transformed and converted,
 * without anything being written. Throws ConnectError: for a class that cannot show a preview, when its
 * source cannot be read, and when it does not answer.
 */
export async function previewConnector(
  config: ConfigMap,
  options: PreviewOptions
): Promise<ConnectorPreview> {
  const { clock, limitMs, stopping } = options
  const show = (signal: AbortSignal) => previewUntil(signal, config, options)
  return await abortingAfter(clock, limitMs, show, stopping)
}

async function previewUntil(
  signal: AbortSignal,
  config: ConfigMap,
  { rows, worker, plugins, clock, limitMs }: PreviewOptions
): Promise<ConnectorPreview> {
  const plugin = connectorPlugin(plugins, config)
  if (plugin.type !== 'source' || plugin.preview === undefined) {
    throw new ConnectError('BAD_REQUEST', `${plugin.className} cannot show a preview`)
  }
  // The task's settings are found before its source is troubled.
  await previewRecords([], { connector: config, worker, plugins, signal })
  const found = await within(
    clock,
    plugin.preview(config, { maxRows: rows, signal }),
    limitMs + GRACE_MS,
    () =>
      new ConnectError(
        'REQUEST_TIMED_OUT',
        `${plugin.className} did not answer with a preview within ${limitMs} ms`
      )
  )
  const records = await previewRecords(found.records, {
    connector: config,
    worker,
    plugins,
    signal
  })
  const missing = found.records.length - records.length
  return {
    connectorClass: plugin.className,
    rows,
    records,
    sql: found.statements,
    columns: found.columns,
    advice: [...idleSettings(config, plugins), ...found.advice],
    problems:
      missing === 0
        ? found.problems
        : [...found.problems, `${missing} records were not converted: the time is over`]
  }
}
