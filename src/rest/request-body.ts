import { javaTrim } from '../config/config-value.ts'
import { ConnectError } from '../errors.ts'
import type { ConnectorOffset, InitialState, RestConfig } from '../herder/herder.ts'
import { cited } from '../secrets/redact.ts'
import { JsonNumber } from '../data/json-reader.ts'
import { type JsonValue, parseJson } from './request-json.ts'

/**
 * What a request body must look like. The JVM worker answers 500 with Java internals when it does not; here
 * it is 400 and the text says which part is wrong. All functions throw BAD_REQUEST.
 */

interface CreateRequest {
  name: string
  config: Map<string, string | null>
  initialState: InitialState | null
  /** KIP-995; null: none given. */
  initialOffsets: ConnectorOffset[] | null
}

const initialStates: Readonly<Record<string, InitialState>> = {
  RUNNING: 'STARTED',
  PAUSED: 'PAUSED',
  STOPPED: 'STOPPED'
}

export function createRequest(body: Uint8Array | undefined): CreateRequest {
  const fields = object(
    parsed(body),
    'The request body',
    "an object with the fields 'name' and 'config'"
  )
  known(fields, ['name', 'config', 'initial_state', 'initial_offsets'])
  const config = fields.get('config')
  if (config === undefined || config === null) {
    throw wrong("The request body has no field 'config' with the configuration of the connector")
  }
  return {
    // As the JVM worker: a missing name is the empty one, blanks around it do not count.
    name: javaTrim(scalar(fields.get('name') ?? null, "The field 'name'") ?? ''),
    config: configOf(config, "The field 'config'"),
    initialState: initialState(fields.get('initial_state') ?? null),
    initialOffsets: initialOffsets(fields.get('initial_offsets') ?? null)
  }
}

/** A flat configuration: numbers and booleans become their text, null stays. */
export function configBody(body: Uint8Array | undefined): Map<string, string | null> {
  return configOf(parsed(body) ?? null, 'The request body')
}

/** Task configurations of an internal request. A null stays: tasks of JVM workers may be given one. */
export function taskConfigsBody(body: Uint8Array): ReadonlyMap<string, string | null>[] {
  const list = parsed(body)
  if (!Array.isArray(list)) throw mustBe('The request body', 'a list of task configurations', list)
  return list.map((config, index) => configOf(config, `Task configuration ${index}`))
}

/** `{"offsets":[{"partition":{…},"offset":{…}}]}`; integers beyond 2^53 arrive as bigint. */
export function offsetsBody(body: Uint8Array | undefined): ConnectorOffset[] {
  const fields = object(parsed(body), 'The request body', "an object with the field 'offsets'")
  known(fields, ['offsets'])
  return offsetList(fields.get('offsets') ?? [], 'offsets')
}

function initialOffsets(value: JsonValue): ConnectorOffset[] | null {
  return value === null ? null : offsetList(value, 'initial_offsets')
}

function offsetList(list: JsonValue, field: string): ConnectorOffset[] {
  if (!Array.isArray(list)) throw mustBe(`The field '${field}'`, 'a list', list)
  if (list.length === 0) {
    throw wrong('Partitions / offsets need to be provided for an alter offsets request')
  }
  return list.map((entry, index) => {
    const what = `Entry ${index} of '${field}'`
    const parts = object(entry, what, "an object with the fields 'partition' and 'offset'")
    known(parts, ['partition', 'offset'])
    const partition = parts.get('partition') ?? null
    const offset = parts.get('offset') ?? null
    return {
      // A null partition is for the herder to judge: some connectors know what it means.
      partition:
        partition === null ? null : plainObject(partition, `The partition of entry ${index}`),
      offset: offset === null ? null : plainObject(offset, `The offset of entry ${index}`)
    }
  })
}

/** Where a connector is to start, for the connector to understand: an object or a text. */
export function startBody(body: Uint8Array | undefined): unknown {
  const start = parsed(body)
  if (typeof start === 'string' || start instanceof Map) return plain(start)
  throw mustBe('The request body', 'an object or a text that says where to start', start)
}

/** The value of `level`, null when it is missing. */
export function levelBody(body: Uint8Array | undefined): string | null {
  return configBody(body).get('level') ?? null
}

function initialState(value: JsonValue): InitialState | null {
  const text = scalar(value, "The field 'initial_state'")
  if (text === null) return null
  const upper = text.toUpperCase()
  const state = Object.hasOwn(initialStates, upper) ? initialStates[upper] : undefined
  if (state === undefined) {
    throw wrong(`Unknown initial_state '${cited(text)}': it must be RUNNING, PAUSED or STOPPED`)
  }
  return state
}

function configOf(value: JsonValue, what: string): Map<string, string | null> & RestConfig {
  const fields = object(value, what, 'an object with configuration keys and values')
  const config = new Map<string, string | null>()
  for (const [key, entry] of fields)
    config.set(
      key,
      scalar(entry, () => `The value of '${cited(key)}'`)
    )
  return config
}

function parsed(body: Uint8Array | undefined): JsonValue | undefined {
  return body === undefined ? undefined : parseJson(body)
}

function object(
  value: JsonValue | undefined,
  what: string,
  expected: string
): Map<string, JsonValue> {
  if (!(value instanceof Map)) throw mustBe(what, expected, value)
  return value
}

/** Offsets hold plain values only; nested lists and objects are kept as they are. */
function plainObject(value: JsonValue, what: string): Record<string, unknown> {
  return plain(object(value, what, 'an object')) as Record<string, unknown>
}

function plain(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return finite(value)
  if (Array.isArray(value)) return value.map(plain)
  if (!(value instanceof Map)) return value
  return Object.fromEntries([...value].map(([key, part]) => [key, plain(part)]))
}

/** I5: what is beyond the range of numbers would be stored as nothing. */
function finite(number: JsonNumber): number | bigint {
  const value = number.value()
  if (value !== Infinity && value !== -Infinity) return value
  throw wrong(`The number ${cited(number.text)} is too large`)
}

function scalar(value: JsonValue, what: string | (() => string)): string | null {
  if (value === null || typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  if (value instanceof JsonNumber) return value.text
  throw mustBe(typeof what === 'string' ? what : what(), 'a string', value)
}

function known(fields: ReadonlyMap<string, JsonValue>, names: readonly string[]): void {
  const unknown = [...fields.keys()].find((name) => !names.includes(name))
  if (unknown !== undefined) {
    throw wrong(`Unrecognized field '${cited(unknown)}', known are: ${names.join(', ')}`)
  }
}

function mustBe(what: string, expected: string, value: JsonValue | undefined): ConnectError {
  const found =
    value === undefined
      ? 'missing'
      : value === null
        ? 'null'
        : Array.isArray(value)
          ? 'a list'
          : value instanceof Map
            ? 'an object'
            : value instanceof JsonNumber
              ? 'a number'
              : `a ${typeof value}`
  return wrong(`${what} must be ${expected}, but it is ${found}`)
}

function wrong(message: string): ConnectError {
  return new ConnectError('BAD_REQUEST', message)
}
