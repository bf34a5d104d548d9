import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { doubleToString } from '../../src/data/java-numbers.ts'
import { Decimal } from '../../src/data/logical-types.ts'
import type { Schema } from '../../src/data/schema.ts'
import { Struct } from '../../src/data/struct.ts'
import { kafkaLibs } from './environment.ts'

/** Asks Kafka's own converters, run in a JVM, what they would do (java/ConverterOracle.java). */

export interface Question {
  op: 'write' | 'read' | 'writeHeader' | 'readHeader' | 'config'
  class: string
  config?: Record<string, string>
  schema?: unknown
  value?: unknown
  /** Base64. */
  bytes?: string | null
}

export interface Answer {
  error?: string
  /** Base64. */
  bytes?: string | null
  schema?: unknown
  value?: unknown
  keys?: unknown
}

const SOURCE = fileURLToPath(new URL('java/ConverterOracle.java', import.meta.url))
const LIMIT_MS = 60_000

/** One JVM for all questions; answers in their order. */
export async function askJvm(questions: readonly Question[]): Promise<Answer[]> {
  return (await askOracle(['-cp', `${kafkaLibs()}/*`, SOURCE], questions)) as Answer[]
}

/** Starts an oracle with arguments of `java`, hands it a line per question and reads one back for each. */
export async function askOracle(
  args: readonly string[],
  questions: readonly unknown[]
): Promise<unknown[]> {
  const options = [
    '-Xmx256m',
    '-XX:TieredStopAtLevel=1',
    '-Duser.timezone=UTC',
    '-Duser.language=en'
  ]
  const java = spawn('java', [...options, ...args], { timeout: LIMIT_MS })
  const ended = new Promise<number | null>((resolve, reject) => {
    java.on('error', (error) =>
      reject(
        new Error('These tests compare with Kafka in a JVM: `java` (17) must be installed', {
          cause: error
        })
      )
    )
    java.on('close', resolve)
  })
  const outputs = Promise.all([text(java.stdout), text(java.stderr)])
  // A JVM that dies early closes the pipe; its exit code and output say why.
  java.stdin.on('error', () => undefined)
  java.stdin.end(questions.map((question) => `${JSON.stringify(question)}\n`).join(''))
  const code = await ended
  const [output, complaint] = await outputs
  const answers = output.split('\n').filter((line) => line !== '')
  if (code !== 0 || answers.length !== questions.length) {
    throw new Error(`The JVM ended with ${code} after ${answers.length} answers: ${complaint}`)
  }
  return answers.map((line) => JSON.parse(line) as unknown)
}

/**
 * A schema in the words of the oracle; parameters sorted by name when `sorted`, as the JVM describes them.
 */
export function describeSchema(schema: Schema | null | undefined, sorted = false): unknown {
  if (schema === null || schema === undefined) return null
  const described: Record<string, unknown> = { type: schema.type, optional: schema.optional }
  if (schema.name !== undefined) described['name'] = schema.name
  if (schema.version !== undefined) described['version'] = schema.version
  if (schema.doc !== undefined) described['doc'] = schema.doc
  if (schema.parameters !== undefined) {
    const parameters = [...schema.parameters]
    described['parameters'] = sorted ? parameters.sort(([a], [b]) => (a < b ? -1 : 1)) : parameters
  }
  if (schema.type === 'struct') {
    described['fields'] = schema.fields.map((field) => ({
      name: field.name,
      schema: describeSchema(field.schema, sorted)
    }))
  }
  if (schema.type === 'map') described['keys'] = describeSchema(schema.keySchema, sorted)
  if (schema.type === 'map' || schema.type === 'array') {
    described['values'] = describeSchema(schema.valueSchema, sorted)
  }
  if ((schema.defaultValue ?? null) !== null) {
    described['default'] = describeValue(schema, schema.defaultValue, sorted)
  }
  return described
}

/**
 * A value in the words of the oracle: `{t, v}`. Maps sorted by key when `sorted`, for the JVM forgets their
 * order.
 */
export function describeValue(
  schema: Schema | null | undefined,
  value: unknown,
  sorted = false
): unknown {
  if (value === null || value === undefined) return null
  if (typeof value === 'string') return { t: 'string', v: value }
  if (typeof value === 'boolean') return { t: 'boolean', v: value }
  if (typeof value === 'bigint') return { t: 'int', v: String(value) }
  if (typeof value === 'number') {
    const floating =
      schema?.type.startsWith('float') ?? (!Number.isSafeInteger(value) || Object.is(value, -0))
    return floating ? { t: 'float', v: doubleToString(value) } : { t: 'int', v: String(value) }
  }
  if (value instanceof Date) return { t: 'moment', v: String(value.getTime()) }
  if (value instanceof Uint8Array) {
    return { t: 'bytes', v: Buffer.from(value).toString('base64') }
  }
  if (value instanceof Decimal) {
    return { t: 'decimal', v: String(value.unscaled), scale: value.scale }
  }
  if (Array.isArray(value)) {
    return {
      t: 'list',
      v: value.map((item: unknown) => describeValue(schema?.valueSchema, item, sorted))
    }
  }
  if (value instanceof Map) {
    const entries = [...(value as Map<unknown, unknown>)].map(([key, item]) => [
      describeValue(schema?.keySchema, key, sorted),
      describeValue(schema?.valueSchema, item, sorted)
    ])
    const rank = (entry: unknown[]): string => JSON.stringify(entry[0])
    return {
      t: 'map',
      v: sorted ? entries.sort((a, b) => (rank(a) < rank(b) ? -1 : 1)) : entries
    }
  }
  if (value instanceof Struct) {
    return {
      t: 'struct',
      v: value.schema.fields.map((field) =>
        describeValue(field.schema, value.values[field.index], sorted)
      )
    }
  }
  throw new TypeError(`No description for ${typeof value}`)
}
