import { parseTaskId } from './task-id.ts'
import { DataError } from '../errors.ts'
import type { RestartRequest, SessionKey, StoredConfig, WrittenConfig } from './cluster-config.ts'
import type { TargetState } from './target-state.ts'
import { jsonDocument, jsonObject, objectFields } from './connect-json.ts'
import type { StartFromRecord } from './start-from-record.ts'

/** One record of the config topic as it is written; value null is a tombstone. */
export interface ConfigRecord {
  readonly key: Buffer
  readonly value: Buffer | null
}

/**
 * Keys: `connector-X`, `task-X-N`, `commit-X`, `tasks-fencing-X`, `target-state-X`, `session-key`,
 * `restart-connector-X`, `logger-cluster-L`, and of our own `start-from-X`.
 */
export type ConfigKey =
  | {
      readonly kind: 'target-state' | 'connector' | 'commit' | 'restart' | 'fencing' | 'start-from'
      connector: string
    }
  | { readonly kind: 'task'; readonly connector: string; readonly task: number }
  | { readonly kind: 'session-key' }
  | { readonly kind: 'logger'; readonly namespace: string }

const prefixes = [
  ['target-state-', 'target-state'],
  ['connector-', 'connector'],
  ['task-', 'task'],
  ['commit-', 'commit'],
  ['restart-connector-', 'restart'],
  ['tasks-fencing-', 'fencing'],
  ['logger-cluster-', 'logger'],
  ['start-from-', 'start-from']
] as const
const SESSION_KEY = 'session-key'

function record(key: string, json: string | null): ConfigRecord {
  return { key: Buffer.from(key), value: json === null ? null : Buffer.from(json) }
}

function properties(config: WrittenConfig): string {
  return `{"properties":${jsonObject(config)}}`
}

export function connectorRecord(connector: string, config: StoredConfig | null): ConfigRecord {
  return record(`connector-${connector}`, config === null ? null : properties(config))
}

export function taskRecord(connector: string, task: number, config: WrittenConfig): ConfigRecord {
  return record(`task-${connector}-${task}`, properties(config))
}

export function commitRecord(connector: string, tasks: number): ConfigRecord {
  return record(`commit-${connector}`, jsonObject([['tasks', tasks]]))
}

export function taskCountRecord(connector: string, taskCount: number): ConfigRecord {
  return record(`tasks-fencing-${connector}`, jsonObject([['task-count', taskCount]]))
}

/** Workers from before the state STOPPED read `state` only: for them a stopped connector is a paused one. */
export function targetStateRecord(connector: string, state: TargetState | null): ConfigRecord {
  const json =
    state === null
      ? null
      : jsonObject([
          ['state', state === 'STOPPED' ? 'PAUSED' : state],
          ['state.v2', state]
        ])
  return record(`target-state-${connector}`, json)
}

export function sessionKeyRecord(key: SessionKey): ConfigRecord {
  return record(
    SESSION_KEY,
    jsonObject([
      ['key', Buffer.from(key.key).toString('base64')],
      ['algorithm', key.algorithm],
      ['creation-timestamp', key.createdAt]
    ])
  )
}

export function restartRecord(request: RestartRequest): ConfigRecord {
  return record(
    `restart-connector-${request.connector}`,
    jsonObject([
      ['include-tasks', request.includeTasks],
      ['only-failed', request.onlyFailed]
    ])
  )
}

export function loggerRecord(namespace: string, level: string): ConfigRecord {
  return record(`logger-cluster-${namespace}`, jsonObject([['level', level]]))
}

/** The JVM worker logs that it does not know such a key, and goes on. */
export function startFromRecord(connector: string, state: StartFromRecord | null): ConfigRecord {
  return record(`start-from-${connector}`, state === null ? null : jsonDocument(state))
}

/** What a key stands for; null when no kind of record has such a key. */
export function parseConfigKey(key: string): ConfigKey | null {
  if (key === SESSION_KEY) return { kind: 'session-key' }
  const prefix = prefixes.find(([text]) => key.startsWith(text))
  if (prefix === undefined) return null
  const [text, kind] = prefix
  const rest = key.slice(text.length)
  if (kind === 'logger') return { kind, namespace: rest }
  if (kind !== 'task') return { kind, connector: rest }
  const task = parseTaskId(rest)
  return task === null ? null : { kind, ...task }
}

/** The fields of a record's value. Throws DataError when it is no JSON object. */
function recordFields(value: unknown): ReadonlyMap<string, unknown> {
  const fields = objectFields(value)
  if (fields === null) {
    throw new DataError(value === null ? 'its value is null' : 'its value is not a JSON object')
  }
  return fields
}

/**
 * A configuration: numbers and booleans that were not written as text become text. `skipped` names the keys
 * whose value cannot be a setting (null, objects, arrays). Throws DataError without a `properties` object.
 */
export function parseProperties(value: unknown): { config: StoredConfig; skipped: string[] } {
  const fields = objectFields(recordFields(value).get('properties'))
  if (fields === null) throw new DataError("'properties' is not a JSON object")
  const config = new Map<string, string>()
  const skipped: string[] = []
  for (const [key, setting] of fields) {
    if (typeof setting === 'string') config.set(key, setting)
    else if (typeof setting === 'object') skipped.push(key)
    else config.set(key, String(setting))
  }
  return { config, skipped }
}

/** Throws DataError unless the field is a whole number from 0. */
export function parseCount(value: unknown, field: string): number {
  const count = recordFields(value).get(field)
  if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 0) return count
  throw new DataError(`'${field}' is not a whole number from 0`)
}

/**
 * `state.v2` when it is text, else `state`. Throws DataError for an unknown state: there is no fallback from
 * an unknown `state.v2`.
 */
export function parseTargetState(value: unknown): TargetState {
  const fields = recordFields(value)
  const newer = fields.get('state.v2')
  const state = typeof newer === 'string' ? newer : fields.get('state')
  if (state === 'STARTED' || state === 'PAUSED' || state === 'STOPPED') return state
  throw new DataError("neither 'state.v2' nor 'state' holds a known target state")
}

export function parseSessionKey(value: unknown): SessionKey {
  const fields = recordFields(value)
  const key = fields.get('key')
  const algorithm = fields.get('algorithm')
  const createdAt = fields.get('creation-timestamp')
  if (typeof key !== 'string' || !/^[A-Za-z0-9+/]+={0,2}$/.test(key)) {
    throw new DataError("'key' is not base64 text")
  }
  if (typeof algorithm !== 'string') throw new DataError("'algorithm' is not text")
  if (typeof createdAt !== 'number' || !Number.isSafeInteger(createdAt)) {
    throw new DataError("'creation-timestamp' is not a whole number")
  }
  return { key: Buffer.from(key, 'base64'), algorithm, createdAt }
}

export function parseRestartRequest(connector: string, value: unknown): RestartRequest {
  const fields = recordFields(value)
  return {
    connector,
    onlyFailed: fields.get('only-failed') === true,
    includeTasks: fields.get('include-tasks') === true
  }
}

export function parseLoggerLevel(value: unknown): string {
  const level = recordFields(value).get('level')
  if (typeof level !== 'string') throw new DataError("'level' is not text")
  return level
}
