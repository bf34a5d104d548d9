import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { parentPort } from 'node:worker_threads'
import { DataError } from '../../../errors.ts'
import type { Row } from '../database.ts'
import { epochNanos, readTimestampText, type TimestampParts } from '../values/timestamp.ts'
import { BATCH_BYTES, rowBytes } from './batch-size.ts'
import { NANOS_FUNCTION } from './sqlite-nanos.ts'
import type { SqliteAnswers, SqliteQuestion, SqliteReply, SqliteRequests } from './sqlite-thread.ts'

// What runs in the thread of a SqliteThread.
let opened: DatabaseSync | null = null
let running: { readonly rows: IterableIterator<Row>; readonly fetchRows: number } | null = null

parentPort?.on('message', (question: SqliteQuestion) => {
  let reply: SqliteReply
  try {
    reply = { answer: answerTo(question) }
  } catch (error) {
    const { errcode } = error as { errcode?: number }
    reply = { error: { message: error instanceof Error ? error.message : String(error), errcode } }
  }
  parentPort?.postMessage(reply)
})

function answerTo(question: SqliteQuestion): SqliteAnswers[keyof SqliteAnswers] {
  switch (question.kind) {
    case 'open':
      return open(question)
    case 'all':
      return rowsOf(database().prepare(question.sql), question.binds)
    case 'columns':
      return database().prepare(question.sql).columns()
    case 'query':
      return query(question)
    case 'next':
      return nextRows()
    case 'end':
      running?.rows.return?.()
      running = null
      return null
    case 'close':
      database().close()
      return null
  }
}

function database(): DatabaseSync {
  if (opened === null) throw new Error('The database is not open')
  return opened
}

/** Opens it and sets the session up. The file is not ours to change: not its journal mode either. */
function open({ file, busyTimeoutMs, readOnly, pragmas }: SqliteRequests['open']): null {
  opened = new DatabaseSync(file, {
    timeout: busyTimeoutMs,
    readOnly,
    readBigInts: true,
    returnArrays: true
  })
  for (const pragma of ['PRAGMA query_only = 1', ...pragmas]) opened.exec(pragma)
  opened.function(NANOS_FUNCTION, { deterministic: true, useBigIntArguments: true }, nanosOf)
  return null
}

const parts: TimestampParts = { ms: 0, nanos: 0 }

function nanosOf(value: unknown): bigint | null {
  if (value === null) return null
  if (typeof value === 'bigint') return value * 1_000_000n
  if (typeof value !== 'string') throw new DataError(`${String(value)} is not a timestamp`)
  readTimestampText(value, parts)
  return epochNanos(parts)
}

function query({ sql, binds, fetchRows }: SqliteRequests['query']): SqliteAnswers['query'] {
  running?.rows.return?.()
  running = null
  const statement = database().prepare(sql)
  const rows = statement.iterate(...(binds as SQLInputValue[])) as unknown as IterableIterator<Row>
  running = { rows, fetchRows }
  const first = nextRows()
  return { columns: statement.columns(), rows: first }
}

function nextRows(): Row[] {
  const batch: Row[] = []
  if (running === null) return batch
  const { rows, fetchRows } = running
  let bytes = 0
  while (batch.length < fetchRows && bytes < BATCH_BYTES) {
    const step = rows.next()
    if (step.done === true) break
    batch.push(step.value)
    bytes += rowBytes(step.value)
  }
  return batch
}

function rowsOf(statement: StatementSync, binds: readonly unknown[]): Row[] {
  return statement.all(...(binds as SQLInputValue[])) as unknown as Row[]
}
