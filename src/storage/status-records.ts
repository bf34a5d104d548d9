import { DataError } from '../errors.ts'
import { parseTaskId } from './task-id.ts'
import { jsonObject, objectFields, parseJson } from './connect-json.ts'
import type { State, Status, TopicStatus } from './status-store.ts'

/** Keys: `status-connector-X`, `status-task-X-N`, `status-topic-<topic>:connector-<X>`. */
type StatusKey =
  | { readonly kind: 'connector'; readonly connector: string }
  | { readonly kind: 'task'; readonly connector: string; readonly task: number }
  | { readonly kind: 'topic'; readonly topic: string; readonly connector: string }

const CONNECTOR = 'status-connector-'
const TASK = 'status-task-'
const TOPIC = 'status-topic-'
const TOPIC_SEPARATOR = ':connector-'

export function connectorStatusKey(connector: string): string {
  return `${CONNECTOR}${connector}`
}

export function taskStatusKey(connector: string, task: number): string {
  return `${TASK}${connector}-${task}`
}

export function topicStatusKey(topic: string, connector: string): string {
  return `${TOPIC}${topic}${TOPIC_SEPARATOR}${connector}`
}

/** What a key stands for; null when no kind of record has such a key. A topic's name holds no colon. */
export function parseStatusKey(key: string): StatusKey | null {
  if (key.startsWith(CONNECTOR)) {
    const connector = key.slice(CONNECTOR.length)
    return connector === '' ? null : { kind: 'connector', connector }
  }
  if (key.startsWith(TASK)) {
    const id = parseTaskId(key.slice(TASK.length))
    return id === null ? null : { kind: 'task', ...id }
  }
  if (!key.startsWith(TOPIC)) return null
  const colon = key.indexOf(':')
  const topic = key.slice(TOPIC.length, colon)
  const connector = key.slice(colon + TOPIC_SEPARATOR.length)
  if (colon < 0 || !key.startsWith(TOPIC_SEPARATOR, colon)) return null
  return topic === '' || connector === '' ? null : { kind: 'topic', topic, connector }
}

/** Bytes of `{"state":…,"trace":…,"worker_id":…,"generation":…,"version":…}`; DESTROYED is a tombstone. */
export function statusValue(status: Status): Buffer | null {
  if (status.state === 'DESTROYED') return null
  return Buffer.from(
    jsonObject([
      ['state', status.state],
      ['trace', status.trace],
      ['worker_id', status.workerId],
      ['generation', status.generation],
      ['version', status.version]
    ])
  )
}

/** Bytes of `{"topic":{"name":…,"connector":…,"task":…,"discoverTimestamp":…}}`. */
export function topicStatusValue(status: TopicStatus): Buffer {
  const topic = jsonObject([
    ['name', status.topic],
    ['connector', status.connector],
    ['task', status.task],
    ['discoverTimestamp', status.discoveredAt]
  ])
  return Buffer.from(`{"topic":${topic}}`)
}

/**
 * null for a tombstone. Throws DataError for anything a worker would not write; missing trace and version are
 * null.
 */
export function parseStatus(value: Uint8Array | null): Status | null {
  if (value === null) return null
  const fields = fieldsOf(parseJson(value))
  const state = fields.get('state')
  if (!isState(state)) throw new DataError("'state' is no known state")
  return {
    state,
    trace: textOrNull(fields, 'trace'),
    workerId: textOrNull(fields, 'worker_id') ?? '',
    generation: wholeNumber(fields, 'generation'),
    version: textOrNull(fields, 'version')
  }
}

/** null for a tombstone. Throws DataError for anything a worker would not write. */
export function parseTopicStatus(value: Uint8Array | null): TopicStatus | null {
  if (value === null) return null
  const fields = fieldsOf(fieldsOf(parseJson(value)).get('topic'))
  const topic = textOrNull(fields, 'name')
  const connector = textOrNull(fields, 'connector')
  if (topic === null || connector === null) throw new DataError('name or connector is missing')
  const task = wholeNumber(fields, 'task')
  return { topic, connector, task, discoveredAt: wholeNumber(fields, 'discoverTimestamp') }
}

const states: ReadonlySet<unknown> = new Set<State>([
  'UNASSIGNED',
  'RUNNING',
  'PAUSED',
  'FAILED',
  'RESTARTING',
  'STOPPED',
  'DESTROYED'
])

function isState(value: unknown): value is State {
  return states.has(value)
}

function fieldsOf(value: unknown): ReadonlyMap<string, unknown> {
  const fields = objectFields(value)
  if (fields === null) throw new DataError('the value is not a JSON object')
  return fields
}

function textOrNull(fields: ReadonlyMap<string, unknown>, name: string): string | null {
  const value = fields.get(name) ?? null
  if (value === null || typeof value === 'string') return value
  throw new DataError(`'${name}' is not text`)
}

function wholeNumber(fields: ReadonlyMap<string, unknown>, name: string): number {
  const value = fields.get(name)
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  throw new DataError(`'${name}' is not a whole number`)
}
