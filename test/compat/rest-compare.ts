import { isDeepStrictEqual } from 'node:util'
import type { Answer, Recording } from './rest-recording.ts'

/*
 * What may differ from the JVM worker 4.3.1. Everything else in an answer (status, Content-Type, Location,
 * Allow, body) must be equal.
 *
 * - malformed input is 400 with a helpful text, where the JVM worker answers 500 with Java internals
 * - a refused path or media type is answered in JSON, where Jetty sends an HTML page
 * - the order of keys, of connector names and of offsets; the order of entries in `{k=v, …}` texts
 * - documentation texts
 * - versions, commit, cluster id, worker ids, times, traces
 * - the file sink of Kafka is not shipped here
 * - plugins: ours may have more; the list of available plugins in an error text
 * - Java exception names in front of a text; the explanation of a wrong regular expression
 * - which loggers exist
 * - offsets a connector refuses are 400 with its text, where the JVM worker answers 500
 * - a null value is refused at once; the JVM worker stores it for keys of the connector, which then fails
 * - the answers in `exceptions` below
 */

/** By `scenario/step`: other statuses that are fine, with any text. */
const exceptions: Readonly<Record<string, { statuses: readonly number[]; why: string }>> = {
  'plugins/GET /connector-plugins/java.lang.String/config': {
    statuses: [404],
    why: 'there are no Java classes'
  },
  'wrong-methods/PATCH /connectors/absent/config/': {
    statuses: [400],
    why: 'the missing body is noticed before the missing connector'
  },
  'offsets/null partition': { statuses: [400, 500], why: 'an empty partition like any other' },
  'offsets/position 9223372036854775808': { statuses: [400], why: 'text without a Java class' },
  'offsets/position -9223372036854775809': { statuses: [400], why: 'text without a Java class' },
  'sink-offsets/negative offset': { statuses: [400], why: 'no broker need be asked' },
  'sink-offsets/offset beyond 63 bits': { statuses: [400], why: 'text as for sources' },
  'sink-offsets/null offset of no group': { statuses: [200], why: 'what is gone need not go' },
  'loggers/empty level': { statuses: [404], why: 'an unknown level like any other' },
  'internal-requests/an unknown algorithm': { statuses: [400], why: 'text of the Java library' },
  'internal-requests/a signature that is no base64': {
    statuses: [400, 403],
    why: 'text of the Java library'
  }
}

/** A null value for a key of the connector: see `allowedDifferences`. */
const REFUSED_NULL: Readonly<Record<string, number>> = {
  'null-value/create with a null value': 400,
  'null-value/fails': 404,
  'null-value/GET /connectors/null-value/config': 404,
  'null-value/delete': 404
}

const JAVA_INTERNALS =
  /Cannot (?:invoke|deserialize|construct|coerce)|StreamReadFeature|No content to map|rest\.errors\.BadRequestException/

/** One line per answer of `ours` that is neither equal to `golden` nor an allowed difference. */
export function compareAnswers(golden: Recording, ours: Recording): string[] {
  const problems: string[] = []
  for (const { name, answer } of golden.steps) {
    const other = ours.steps.find((step) => step.name === name)?.answer
    const problem =
      other === undefined ? 'is missing' : difference(`${golden.scenario}/${name}`, answer, other)
    if (problem !== null) problems.push(`${golden.scenario} / ${name}: ${problem}`)
  }
  return problems
}

function difference(path: string, golden: Answer, ours: Answer): string | null {
  if (REFUSED_NULL[path] === ours.status) return null
  const exception = exceptions[path]
  if (exception?.statuses.includes(ours.status) === true) return null
  const html = typeof golden.body === 'string' && golden.body.startsWith('<html:')
  const internals = golden.status === 500 && JAVA_INTERNALS.test(messageIn(golden.body))
  if (html || internals) {
    const status = internals ? 400 : golden.status
    if (ours.status !== status) return `status ${ours.status}, expected ${status}`
    return messageIn(ours.body) === '' ? `no error text in ${show(ours.body)}` : null
  }
  const refusedOffset = path.startsWith('offsets/') && golden.status === 500 && ours.status === 400
  if (refusedOffset) {
    const [expected, text] = [messageIn(golden.body), messageIn(ours.body)]
    return text === expected ? null : `${show(text)}, expected ${show(expected)}`
  }
  if (ours.status !== golden.status) {
    return `status ${ours.status}, expected ${golden.status}; ${show(ours.body)} instead of ${show(golden.body)}`
  }
  if (!isDeepStrictEqual(ours.headers, golden.headers)) {
    return `headers ${show(ours.headers)}, expected ${show(golden.headers)}`
  }
  if (isPluginList(golden.body)) return missingPlugins(golden.body, ours.body)
  if (path === 'paths/GET /admin/loggers/') return null
  const [left, right] = [comparable(golden.body), comparable(ours.body)]
  return isDeepStrictEqual(left, right) ? null : `${show(right)}\n    expected ${show(left)}`
}

/** The body with everything replaced or sorted that may differ. */
function comparable(value: unknown, key = ''): unknown {
  if (key === 'documentation' || key === 'version') return `<${key}>`
  if (typeof value === 'string') return key === 'message' ? steadyMessage(value) : value
  if (Array.isArray(value)) {
    const parts: unknown[] = value.map((part) => comparable(part))
    return key === 'tasks' || key === 'errors' ? parts : parts.sort(byText)
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, part]): [string, unknown] => [name, comparable(part, name)])
      .sort(byText)
  )
}

function steadyMessage(message: string): string {
  return message
    .replace(/^(?:[\w.$]+Exception: )+/, '')
    .replace(/(available connectors are:)[\s\S]*$/, '$1 …')
    .replace(/(Invalid regex:).*(?:\n\(.*)?/, '$1 …')
    .replace(
      /\{([^}]*)\}(?= contains no connector type)/,
      (_, entries: string) => `{${entries.split(', ').sort().join(', ')}}`
    )
}

function isPluginList(body: unknown): body is { class: string; type: string }[] {
  return (
    Array.isArray(body) &&
    body.length > 0 &&
    body.every((part: unknown) => typeof part === 'object' && part !== null && 'class' in part)
  )
}

function missingPlugins(
  golden: readonly { class: string; type: string }[],
  ours: unknown
): string | null {
  if (!isPluginList(ours)) return `${show(ours)} is no list of plugins`
  const missing = golden.filter(
    (plugin) => !ours.some((own) => own.class === plugin.class && own.type === plugin.type)
  )
  return missing.length === 0
    ? null
    : `plugins are missing: ${missing.map((plugin) => plugin.class).join(', ')}`
}

function messageIn(body: unknown): string {
  if (typeof body !== 'object' || body === null || !('message' in body)) return ''
  return typeof body.message === 'string' ? body.message : ''
}

function byText(left: unknown, right: unknown): number {
  const [a, b] = [show(left), show(right)]
  return a < b ? -1 : a > b ? 1 : 0
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing'
}
