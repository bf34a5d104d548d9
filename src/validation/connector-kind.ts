import { commaList } from '../config/config-value.ts'
import { javaFullMatch } from '../config/java-regex.ts'
import { ConfigError, messageOf } from '../errors.ts'
import type { SourceConnectorPlugin } from '../plugin/source.ts'
import type { WorkerConfig } from '../settings/worker/worker-config.ts'
import type { Section, SubmittedConfig } from './section.ts'

/**
 * Rules over several keys of a sink: where records come from, where failed ones go, which consumer group
 * reads.
 */
export function checkSink(base: Section, worker: WorkerConfig, config: SubmittedConfig): void {
  const text = (key: string): string => (config.get(key) ?? '').trim()
  const topics = base.value('topics', null)
  const regex = base.value('topics.regex', null)
  const [listed, pattern] = [text('topics'), text('topics.regex')]
  const complain = (problem: string): void => {
    topics.errors.push(problem)
    regex.errors.push(problem)
  }
  if (listed !== '' && pattern !== '') {
    complain('topics and topics.regex are mutually exclusive options, but both are set.')
  } else if (listed === '' && pattern === '')
    complain('Must configure one of topics or topics.regex')

  const dlq = text('errors.deadletterqueue.topic.name')
  if (dlq !== '') {
    const names = commaList(listed)
    if (names.includes(dlq)) {
      topics.errors.push(
        `The DLQ topic '${dlq}' may not be included in the list of topics ('topics=[${names.join(', ')}]') consumed by the connector`
      )
    }
    if (pattern !== '' && regex.errors.length === 0) {
      const problem = dlqProblem(dlq, pattern)
      if (problem !== null) regex.errors.push(problem)
    }
  }
  if (worker.kind === 'distributed') checkGroup(base, worker.values['group.id'], config)
}

function dlqProblem(dlq: string, pattern: string): string | null {
  try {
    return javaFullMatch(pattern)(dlq)
      ? `The DLQ topic '${dlq}' may not be matched by the regex for the topics ('topics.regex=${pattern}') consumed by the connector`
      : null
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
}

function checkGroup(base: Section, workerGroup: string, config: SubmittedConfig): void {
  const key = 'consumer.override.group.id'
  const own = config.get(key)
  if (own !== undefined) {
    const value = base.value(key, own)
    if (own === workerGroup) {
      value.errors.push(`Consumer group ${own} conflicts with Connect worker group ${workerGroup}`)
    }
  } else if (`connect-${config.get('name')}` === workerGroup) {
    base
      .value('name', null)
      .errors.push(
        `Consumer group for sink connector named ${config.get('name')} conflicts with Connect worker group ${workerGroup}`
      )
  }
}

const NOT_IMPLEMENTED =
  'The connector does not implement the API required for preflight validation of exactly-once source support. Please consult the documentation for the connector to determine whether it supports exactly-once semantics, and then consider reconfiguring the connector to use the value "requested" for this property (which will disable this preflight check and allow the connector to be created).'

/** Whether a source can do what it is asked for exactly once. Only a distributed worker asks. */
export function checkSource(
  base: Section,
  worker: WorkerConfig,
  plugin: SourceConnectorPlugin,
  config: SubmittedConfig
): void {
  if (worker.kind !== 'distributed') return
  const is = (key: string, word: string): boolean => config.get(key)?.trim().toLowerCase() === word
  const present = new Map(
    [...config].filter((entry): entry is [string, string] => entry[1] !== null)
  )
  if (is('exactly.once.support', 'required')) {
    const { errors } = base.value('exactly.once.support', null)
    if (worker.values['exactly.once.source.support'] !== 'enabled') {
      errors.push('This worker does not have exactly-once source support enabled.')
    }
    const problem = asked(() => {
      const support = plugin.exactlyOnceSupport?.(present) ?? null
      if (support === null) return NOT_IMPLEMENTED
      return support === 'supported'
        ? null
        : 'The connector does not support exactly-once semantics with the provided configuration.'
    })
    if (problem !== null) errors.push(problem)
  }
  if (is('transaction.boundary', 'connector')) {
    const problem = asked(() =>
      plugin.canDefineTransactionBoundaries?.(present) === true
        ? null
        : 'The connector does not support connector-defined transaction boundaries with the given configuration. Please reconfigure it to use a different transaction boundary definition.'
    )
    if (problem !== null) base.value('transaction.boundary', null).errors.push(problem)
  }
}

/** I9: a plugin that fails to answer is a complaint. */
function asked(question: () => string | null): string | null {
  try {
    return question()
  } catch (error) {
    return `An unexpected error occurred during validation: ${messageOf(error)}`
  }
}
