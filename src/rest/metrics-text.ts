import type { TaskProgress } from '../herder/herder.ts'

/** `text/plain` in the form Prometheus reads. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

interface Family {
  readonly type: 'counter' | 'gauge'
  readonly help: string
  readonly samples: string[]
}

type Labels = Readonly<Record<string, string>>

/**
 * What the tasks of this worker have done, and the facts of their streams: numbers and booleans as gauges by
 * their names, texts as labels of one gauge that is always 1. Source: Prometheus, exposition formats, text
 * format 0.0.4.
 */
export function metricsText(tasks: readonly TaskProgress[]): string {
  const families = new Map<string, Family>()
  const add = (
    name: string,
    type: Family['type'],
    help: string,
    labels: Labels,
    value: number
  ): void => {
    const family = families.get(name) ?? { type, help, samples: [] }
    families.set(name, family)
    family.samples.push(`${name}{${labelText(labels)}} ${value}`)
  }
  for (const task of tasks) {
    if (task.type !== 'source') continue
    const labels = { connector: task.id.connector, task: String(task.id.task) }
    for (const [what, value] of [
      ['polled', task.polled],
      ['written', task.written],
      ['skipped', task.skipped]
    ] as const) {
      const help = `Records ${what} since the task started here.`
      add(`connect_source_task_records_${what}_total`, 'counter', help, labels, value)
    }
    if (task.lastWriteAt !== null) {
      const help = 'When Kafka last acknowledged records.'
      const seconds = task.lastWriteAt / 1000
      add('connect_source_task_last_write_timestamp_seconds', 'gauge', help, labels, seconds)
    }
    for (const [stream, facts] of task.streams) {
      const texts: Record<string, string> = {}
      for (const [fact, value] of Object.entries(facts)) {
        if (typeof value === 'string') texts[metricName(fact)] = value
        if (typeof value !== 'number' && typeof value !== 'boolean') continue
        const help = `${fact}, as the plugin of the task says it.`
        const name = `connect_source_stream_${metricName(fact)}`
        add(name, 'gauge', help, { ...labels, stream }, Number(value))
      }
      if (Object.keys(texts).length > 0) {
        const help = 'What the plugin of the task says in words.'
        add('connect_source_stream_info', 'gauge', help, { ...labels, stream, ...texts }, 1)
      }
    }
  }
  return [...families]
    .map(([name, { type, help, samples }]) =>
      [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples, ''].join('\n')
    )
    .join('')
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
