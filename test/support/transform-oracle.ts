import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ConnectRecord, SinkRecord } from '../../src/data/record.ts'
import { askOracle, describeSchema, describeValue } from './converter-oracle.ts'
import { kafkaLibs } from './environment.ts'

/**
 * Asks Kafka's own transformations and predicates, run in a JVM, what they would do
 * (java/TransformOracle.java).
 */

export type TransformQuestion =
  | { op: 'apply' | 'test'; class: string; config: Record<string, string>; record: unknown }
  | { op: 'config'; class: string }
  | { op: 'format'; pattern: string; ms: number }
  | { op: 'parse'; pattern: string; text: string }

export interface TransformAnswer {
  error?: string
  record?: unknown
  holds?: boolean
  keys?: unknown
  text?: string
  ms?: number
}

const run = promisify(execFile)

/** One JVM for all questions; answers in their order. */
export async function askTransforms(
  questions: readonly TransformQuestion[]
): Promise<TransformAnswer[]> {
  const classes = await mkdtemp(join(tmpdir(), 'transform-oracle-'))
  const sources = ['ConverterOracle.java', 'TransformOracle.java'].map((file) =>
    join(import.meta.dirname, 'java', file)
  )
  const jars = join(kafkaLibs(), '*')
  try {
    await run(
      'javac',
      ['-J-Xmx256m', '-encoding', 'UTF-8', '-cp', jars, '-d', classes, ...sources],
      { timeout: 180_000 }
    )
    const answers = await askOracle(['-cp', `${classes}:${jars}`, 'TransformOracle'], questions)
    return answers as TransformAnswer[]
  } finally {
    await rm(classes, { recursive: true })
  }
}

/** A record in the words of the oracle; `sorted` as the JVM describes it, for comparison. */
export function describeRecord(record: ConnectRecord, sorted = false): Record<string, unknown> {
  const { kafkaOffset } = record as Partial<SinkRecord>
  return {
    topic: record.topic,
    partition: record.kafkaPartition,
    timestamp: record.timestamp,
    ...(sorted || kafkaOffset === undefined ? {} : { offset: Number(kafkaOffset) }),
    keySchema: describeSchema(record.keySchema, sorted),
    key: describeValue(record.keySchema, record.key, sorted),
    valueSchema: describeSchema(record.valueSchema, sorted),
    value: describeValue(record.valueSchema, record.value, sorted),
    headers: record.headers.map(({ key, schema, value }) => ({
      key,
      schema: describeSchema(schema, sorted),
      value: describeValue(schema, value, sorted)
    }))
  }
}
