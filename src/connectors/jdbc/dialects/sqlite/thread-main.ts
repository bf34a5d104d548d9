import {
  DatabaseSync,
  type SQLInputValue,
  type StatementColumnMetadata,
  type StatementSync
} from 'node:sqlite'
import { parentPort } from 'node:worker_threads'
import { messageOf } from '../../../../errors.ts'
import type { Row } from '../../database/database.ts'
import { TimeZone } from '../../values/time-zone.ts'
import { epochNanos, type TimestampParts } from '../../values/timestamp.ts'
import { BATCH_BYTES, rowBytes } from '../shared/batch-size.ts'
import { BrokenTexts } from './broken-texts.ts'
import type { SqliteAnswers, SqliteQuestion, SqliteReply, SqliteRequests } from './thread.ts'
import { NANOS_FUNCTION, readSqliteTime } from './times.ts'
import { TIME_PROBLEM_FUNCTION } from './unreadable-times.ts'

// What runs in the thread of a SqliteThread.
let opened: DatabaseSync | null = null
let running: {
  readonly rows: IterableIterator<Row>
  readonly fetchRows: number
  readonly texts: BrokenTexts
} | null = null

parentPort?.on('message', (question: SqliteQuestion) => {
  let reply: SqliteReply
  try {
    reply = { answer: answerTo(question) }
  } catch (error) {
    const { errcode, rowIndex } = error as { errcode?: number; rowIndex?: number }
    const message = error instanceof Error ? error.message : String(error)
    reply = { error: { message, errcode, rowIndex } }
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
      endQuery()
      return null
    case 'problems':
      return problems.splice(0)
    case 'exec':
      database().exec(question.sql)
      return null
    case 'rollback':
      if (database().isTransaction) database().exec('ROLLBACK')
      return null
    case 'inTransaction':
      return database().isTransaction
    case 'write':
      writeRows(question)
      return null
    case 'ask':
      return asked(question)
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
function open({
  file,
  busyTimeoutMs,
  readOnly,
  writes,
  zone,
  lenient,
  pragmas
}: SqliteRequests['open']): null {
  opened = new DatabaseSync(file, {
    timeout: busyTimeoutMs,
    readOnly,
    readBigInts: true,
    returnArrays: true
  })
  for (const pragma of [`PRAGMA query_only = ${writes ? 0 : 1}`, ...pragmas]) opened.exec(pragma)
  const nanosOf = nanosIn(new TimeZone(zone))
  const problemOf = (value: SQLInputValue): string | null => {
    try {
      nanosOf(value)
      return null
    } catch (error) {
      return messageOf(error)
    }
  }
  const noted = (value: SQLInputValue): bigint | null => {
    try {
      return nanosOf(value)
    } catch (error) {
      note(messageOf(error))
      return null
    }
  }
  const options = { deterministic: true, useBigIntArguments: true }
  opened.function(NANOS_FUNCTION, options, lenient ? noted : nanosOf)
  opened.function(TIME_PROBLEM_FUNCTION, options, problemOf)
  return null
}

/** Problems that were not told yet, and all that were met, to a limit. */
const problems: string[] = []
const known = new Set<string>()
const MOST_PROBLEMS = 100

function note(problem: string): void {
  if (known.has(problem) || known.size >= MOST_PROBLEMS) return
  known.add(problem)
  problems.push(problem)
}

function nanosIn(zone: TimeZone): (value: unknown) => bigint | null {
  const parts: TimestampParts = { ms: 0, nanos: 0 }
  return (value) => {
    if (value === null) return null
    readSqliteTime(value, zone, parts)
    return epochNanos(parts)
  }
}

function query({ sql, binds, fetchRows }: SqliteRequests['query']): SqliteAnswers['query'] {
  endQuery()
  const statement = database().prepare(sql)
  const rows = statement.iterate(...(binds as SQLInputValue[])) as unknown as IterableIterator<Row>
  const columns = (): StatementColumnMetadata[] => statement.columns()
  running = { rows, fetchRows, texts: new BrokenTexts(database(), sql, binds, columns) }
  const first = nextRows()
  // Behind the first row: only with it SQLite notices that a table has changed since the statement was made.
  return { columns: columns(), rows: first }
}

function endQuery(): void {
  running?.rows.return?.()
  running?.texts.end()
  running = null
}

function nextRows(): Row[] {
  const batch: Row[] = []
  if (running === null) return batch
  const { rows, fetchRows, texts } = running
  let bytes = 0
  while (batch.length < fetchRows && bytes < BATCH_BYTES) {
    const step = rows.next()
    if (step.done === true) break
    batch.push(texts.marked(step.value))
    bytes += rowBytes(step.value)
  }
  return batch
}

function writeRows({ sql, rows }: SqliteRequests['write']): void {
  const statement = database().prepare(sql)
  for (const [rowIndex, row] of rows.entries()) {
    try {
      statement.run(...(row as SQLInputValue[]))
    } catch (error) {
      throw Object.assign(error as Error, { rowIndex })
    }
  }
}

function asked({ sql, binds }: SqliteRequests['ask']): SqliteAnswers['ask'] {
  const statement = database().prepare(sql)
  if (statement.columns().length > 0) {
    const rows = rowsOf(statement, binds)
    return { rows, affected: rows.length }
  }
  const { changes } = statement.run(...(binds as SQLInputValue[]))
  return { rows: [], affected: Number(changes) }
}

function rowsOf(statement: StatementSync, binds: readonly unknown[]): Row[] {
  return statement.all(...(binds as SQLInputValue[])) as unknown as Row[]
}
