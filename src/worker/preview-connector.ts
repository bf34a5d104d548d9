import type { Clock } from '../clock.ts'
import type { ConfigMap } from '../config/config-def.ts'
import { ConnectError } from '../errors.ts'
import type { ConnectorPlugin, Plugins } from '../plugin/plugins.ts'
import type { SinkPreview } from '../plugin/preview.ts'
import type { SinkConnectorPlugin } from '../plugin/sink.ts'
import type { SourceConnectorPlugin } from '../plugin/source.ts'
import { idleSettings } from '../settings/connector/idle-settings.ts'
import { type PreviewedRecord, previewRecords } from '../tasks/pipeline/preview-records.ts'
import { previewSinkRecords } from '../tasks/pipeline/preview-sink-records.ts'
import { abortingAfter, within } from '../wait.ts'
import { connectorPlugin } from './plugin-of.ts'
import { type SinkSampling, sinkSample } from './sink-sample.ts'

/** After the signal a plugin may still answer with what it has; then it is not waited for any more (I8). */
const GRACE_MS = 5000

/** What a connector would do with a configuration. */
export interface ConnectorPreview {
  readonly connectorClass: string
  /** Of each table or topic, or whatever it is that the connector reads. */
  readonly rows: number
  readonly records: readonly PreviewedRecord[]
  readonly sql: SinkPreview['statements']
  readonly columns: SinkPreview['columns']
  readonly advice: readonly string[]
  readonly problems: readonly string[]
}

interface PreviewOptions {
  readonly rows: number
  /** Properties of the worker, for its converters. */
  readonly worker: ConfigMap
  readonly plugins: Plugins
  /** Where the records of sinks come from. */
  readonly kafka: SinkSampling
  readonly clock: Clock
  readonly limitMs: number
  readonly stopping: AbortSignal
}

/**
 * Records of a connector with this configuration (references replaced), converted and transformed: what a
 * source would send first, what a sink would find in its topics and make of it, without anything being
 * written. Throws ConnectError: for a source that cannot show a preview, when what is read cannot be, and
 * when the class does not answer.
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
  options: PreviewOptions
): Promise<ConnectorPreview> {
  const plugin = connectorPlugin(options.plugins, config)
  return plugin.type === 'source'
    ? previewSource(plugin, config, options, signal)
    : previewSink(plugin, config, options, signal)
}

async function previewSource(
  plugin: SourceConnectorPlugin,
  config: ConfigMap,
  options: PreviewOptions,
  signal: AbortSignal
): Promise<ConnectorPreview> {
  const { rows, worker, plugins } = options
  const { preview } = plugin
  if (preview === undefined) {
    throw new ConnectError('BAD_REQUEST', `${plugin.className} cannot show a preview`)
  }
  const parts = { connector: config, worker, plugins, signal }
  // The task's settings are found before its source is troubled.
  await previewRecords([], parts)
  const found = await answered(
    plugin,
    options,
    Promise.try(() => preview(config, { maxRows: rows, signal }))
  )
  const records = await previewRecords(found.records, parts)
  return shown(plugin, config, options, {
    ...found,
    records,
    problems: [...found.problems, ...notConverted(found.records.length - records.length)]
  })
}

/** The records come from the topics; a class that has nothing to add leaves them to be looked at. */
async function previewSink(
  plugin: SinkConnectorPlugin,
  config: ConfigMap,
  options: PreviewOptions,
  signal: AbortSignal
): Promise<ConnectorPreview> {
  const { rows, worker, plugins, kafka } = options
  const parts = { connector: config, worker, plugins, signal }
  // The task's settings are found before Kafka is troubled.
  await previewSinkRecords([], parts)
  const sample = await sinkSample(kafka, config, rows, signal)
  const { shown: records, put } = await previewSinkRecords(sample.records, parts)
  const asked = Promise.try(() => plugin.preview?.(config, put, { maxRows: rows, signal }))
  const found = (await answered(plugin, options, asked)) ?? NOTHING
  return shown(plugin, config, options, {
    ...found,
    records,
    problems: [
      ...sample.problems,
      ...found.problems,
      ...notConverted(sample.records.length - records.length)
    ]
  })
}

function answered<T>(
  { className }: ConnectorPlugin,
  { clock, limitMs }: PreviewOptions,
  preview: Promise<T>
): Promise<T> {
  return within(
    clock,
    preview,
    limitMs + GRACE_MS,
    () =>
      new ConnectError(
        'REQUEST_TIMED_OUT',
        `${className} did not answer with a preview within ${limitMs} ms`
      )
  )
}

function notConverted(missing: number): string[] {
  return missing === 0 ? [] : [`${missing} records were not converted: the time is over`]
}

function shown(
  { className }: ConnectorPlugin,
  config: ConfigMap,
  { rows, plugins }: PreviewOptions,
  found: SinkPreview & { readonly records: readonly PreviewedRecord[] }
): ConnectorPreview {
  return {
    connectorClass: className,
    rows,
    records: found.records,
    sql: found.statements,
    columns: found.columns,
    advice: [...idleSettings(config, plugins), ...found.advice],
    problems: found.problems
  }
}

const NOTHING: SinkPreview = { statements: [], columns: [], advice: [], problems: [] }
