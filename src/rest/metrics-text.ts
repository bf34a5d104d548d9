import type { SinkProgress, TaskProgress } from '../herder/herder.ts'

/** `text/plain` in the form Prometheus reads. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

interface Family {
  readonly type: 'counter' | 'gauge'
  readonly help: string
  readonly samples: string[]
}

type Labels = Readonly<Record<string, string>>

/** Samples by the name of what they are of, in the order in which the names came. */
class Families {
  readonly #families = new Map<string, Family>()

  counter(name: string, help: string, labels: Labels, value: number): void {
    this.#add(name, 'counter', help, labels, value)
  }

  /** Not of what is not known. */
  gauge(name: string, help: string, labels: Labels, value: number | null): void {
    if (value !== null) this.#add(name, 'gauge', help, labels, value)
  }

  get text(): string {
    return [...this.#families]
      .map(([name, { type, help, samples }]) =>
        [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples, ''].join('\n')
      )
      .join('')
  }

  #add(name: string, type: Family['type'], help: string, labels: Labels, value: number): void {
    const family = this.#families.get(name) ?? { type, help, samples: [] }
    this.#families.set(name, family)
    family.samples.push(`${name}{${labelText(labels)}} ${value}`)
  }
}

/**
 * What the tasks of this worker have done, and the facts of their streams: numbers and booleans as gauges by
 * their names, texts as labels of one gauge that is always 1. Source: Prometheus, exposition formats, text
 * format 0.0.4.
 */
export function metricsText(tasks: readonly TaskProgress[]): string {
  const families = new Families()
  for (const task of tasks) {
    const labels = { connector: task.id.connector, task: String(task.id.task) }
    if (task.type === 'sink') addSink(families, labels, task)
    else addSource(families, labels, task)
    addStreams(families, labels, task)
  }
  return families.text
}

function addSource(
  families: Families,
  labels: Labels,
  task: Exclude<TaskProgress, SinkProgress>
): void {
  for (const [what, value] of [
    ['polled', task.polled],
    ['written', task.written],
    ['skipped', task.skipped]
  ] as const) {
    const help = `Records ${what} since the task started here.`
    families.counter(`connect_source_task_records_${what}_total`, help, labels, value)
  }
  families.gauge(
    'connect_source_task_last_write_timestamp_seconds',
    'When Kafka last acknowledged records.',
    labels,
    inSeconds(task.lastWriteAt)
  )
}

function addSink(families: Families, labels: Labels, task: SinkProgress): void {
  const counted = (name: string, help: string, value: number, more: Labels = {}): void =>
    families.counter(`connect_sink_task_${name}_total`, help, { ...labels, ...more }, value)
  const measured = (name: string, help: string, value: number | null): void =>
    families.gauge(`connect_sink_task_${name}`, help, labels, value)
  counted('records_read', 'Records read from Kafka since the task started here.', task.read)
  counted('records_sent', 'Records put for good since the task started here.', task.sent)
  counted('records_skipped', 'Records left out since the task started here.', task.skipped)
  measured('records_active', 'Records that were put and are not committed yet.', task.active)
  counted('puts', 'Batches put since the task started here.', task.puts)
  counted('put_seconds', 'Time spent in puts.', task.putMs / 1000)
  measured('put_seconds_max', 'The longest put.', task.longestPutMs / 1000)
  counted('put_retries', 'How often a batch was put again.', task.retries)
  for (const [outcome, value] of Object.entries(task.commits)) {
    counted('offset_commits', 'Commits of offsets, by their outcome.', value, { outcome })
  }
  for (const [stage, value] of task.deadLetters) {
    const help = 'Records the dead letter queue has acknowledged, by the stage they failed in.'
    counted('dead_letters', help, value, { stage })
  }
  const refused = 'Records the dead letter queue has not taken.'
  counted('dead_letter_failures', refused, task.deadLetterFailures)
  const when = 'When records were put last.'
  measured('last_put_timestamp_seconds', when, inSeconds(task.lastPutAt))
  measured('partitions', 'Partitions the task has.', task.partitions.length)
  const lags = task.partitions.flatMap(({ lag }) => lag ?? [])
  const most = 'The largest lag of the partitions, in records.'
  measured('record_lag_max', most, lags.length === 0 ? null : Math.max(...lags))
  for (const partition of task.partitions) addPartition(families, labels, partition)
}

function addPartition(
  families: Families,
  labels: Labels,
  { topic, partition, ...known }: SinkProgress['partitions'][number]
): void {
  const ofPartition = { ...labels, topic, partition: String(partition) }
  const add = (name: string, help: string, value: number | null): void =>
    families.gauge(`connect_sink_partition_${name}`, help, ofPartition, value)
  add('position', 'Offset behind the last record that was put.', known.position)
  add('committed', 'Offset that is committed for the group.', known.committed)
  add('end', 'Offset behind the last record that may be read.', known.end)
  add('lag', 'Records that may be read and were not put.', known.lag)
  add('behind_seconds', 'Age of the next record, 0 when there is none.', known.behindSeconds)
}

function addStreams(families: Families, labels: Labels, { type, streams }: TaskProgress): void {
  for (const [stream, facts] of streams) {
    const texts: Record<string, string> = {}
    for (const [fact, value] of Object.entries(facts)) {
      if (typeof value === 'string') texts[metricName(fact)] = value
      if (typeof value !== 'number' && typeof value !== 'boolean') continue
      const help = `${fact}, as the plugin of the task says it.`
      const name = `connect_${type}_stream_${metricName(fact)}`
      families.gauge(name, help, { ...labels, stream }, Number(value))
    }
    if (Object.keys(texts).length > 0) {
      const help = 'What the plugin of the task says in words.'
      families.gauge(`connect_${type}_stream_info`, help, { ...labels, stream, ...texts }, 1)
    }
  }
}

function inSeconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000
}

function metricName(fact: string): string {
  return fact.replace(/[^a-zA-Z0-9_]/g, '_')
}

function labelText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',')
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
