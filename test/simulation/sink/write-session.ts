import {
  databaseError,
  type Dialect,
  type TableId
} from '../../../src/connectors/jdbc/database/database.ts'
import type { SinkOffsets } from '../../../src/connectors/jdbc/database/sink-offsets.ts'
import type {
  TargetTable,
  WriteErrorClass,
  WriteRow,
  WriteSession,
  WriteShape
} from '../../../src/connectors/jdbc/database/writing.ts'
import { copyOf, Refusal, type Transaction } from './database.ts'
import type { SessionUser } from './session-user.ts'
import { ModelOffsets, type Statements } from './sink-offsets.ts'
import { targets } from './target-tables.ts'

const ANSWER_LIMIT_MS = 8000

/**
 * A session over a network that may break at any time. Client and server each know their own half of it: one
 * may think it open while the other has ended it, and what is on its way gets there all the same.
 */
export class ModelWriteSession implements WriteSession {
  readonly dialect: Dialect
  readonly #user: SessionUser
  readonly #writeTimeoutMs: number
  /** The client's half. */
  #isOver = false
  #giveUp: (() => void) | null = null
  /** The server's half. */
  #isGone = false
  #transaction: Transaction | null = null

  constructor(dialect: Dialect, user: SessionUser, writeTimeoutMs: number) {
    this.dialect = dialect
    this.#user = user
    this.#writeTimeoutMs = writeTimeoutMs
    user.server.sessions.add(this)
    user.process.onDeath.push(() => this.#hangUp())
  }

  /** The server ends it. */
  drop(): void {
    const { server } = this.#user
    this.#isGone = true
    server.sessions.delete(this)
    if (this.#transaction !== null) server.end(this.#transaction)
    this.#transaction = null
  }

  listTables(): Promise<TableId[]> {
    return Promise.resolve([])
  }

  describeTarget({ table: name }: TableId): Promise<TargetTable | null> {
    return this.#ask('describe', (done) =>
      done(targets.find(({ id }) => id.table === name) ?? null)
    )
  }

  begin(): Promise<void> {
    const mark = this.#user.mark()
    return this.#ask('begin', (done) => {
      this.#transaction = this.#user.server.begin(mark)
      done()
    })
  }

  commit(): Promise<void> {
    this.#user.onCommitSent()
    const commits = (done: () => void): void => {
      const transaction = this.#open()
      this.#transaction = null
      if (transaction !== null) this.#user.server.commit(transaction)
      done()
    }
    return this.#ask('commit', commits, this.#user.weather.commitLost)
  }

  rollback(): Promise<void> {
    return this.#ask('rollback', (done) => {
      if (this.#transaction !== null) this.#user.server.end(this.#transaction)
      this.#transaction = null
      done()
    })
  }

  savepoint(): Promise<void> {
    return this.#ask('savepoint', (done) => {
      const transaction = this.#open()
      if (transaction !== null) transaction.savepoint = copyOf(transaction.changes)
      done()
    })
  }

  rollbackToSavepoint(): Promise<boolean> {
    return this.#ask('rollback to savepoint', (done) => {
      const transaction = this.#transaction
      const { savepoint } = transaction ?? {}
      if (transaction === null || savepoint === undefined || savepoint === null) return done(false)
      const { rows, appended } = transaction.changes
      rows.clear()
      for (const [key, row] of savepoint.rows) rows.set(key, row)
      appended.splice(0, appended.length, ...savepoint.appended)
      done(true)
    })
  }

  write({ operation, columns, keyColumns }: WriteShape, rows: readonly WriteRow[]): Promise<void> {
    const { server, random, weather } = this.#user
    return this.#ask('write', (done, refuse) => {
      const next = (index: number): void => {
        const transaction = this.#open()
        const row = rows[index]
        if (row === undefined || transaction === null) return done()
        const values = Object.fromEntries(columns.map(({ name }, at) => [name, row[at]]))
        const key = row.slice(0, keyColumns).join()
        if (this.#user.isBad(values)) {
          if (weather.losesTransactions && random.chance(0.5)) this.#abandon()
          return refuse(new Refusal('data', 'a row is refused'), weather.namesRows ? index : null)
        }
        server.write(transaction, { operation, key, values }, this.#writeTimeoutMs, (refusal) => {
          if (refusal === null) return next(index + 1)
          refuse(refusal, null)
        })
      }
      next(0)
    })
  }

  offsets(): SinkOffsets {
    const { server } = this.#user
    return new ModelOffsets({
      server,
      lockLimitMs: this.#writeTimeoutMs,
      alone: (what, work) => this.#alone(what, work),
      within: (what, work) =>
        this.#ask(what, (done, refuse) => {
          const transaction = this.#open()
          if (transaction !== null) work(transaction, done, (refusal) => refuse(refusal, null))
        }),
      read: (what, work) => this.#ask(what, (done) => done(work()))
    })
  }

  execute(): Promise<void> {
    throw new Error('the model has no DDL')
  }

  ask(): Promise<{ rows: unknown[][]; affected: number }> {
    throw new Error('the model knows no SQL')
  }

  abort(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#giveUp?.()
    this.#hangUp()
  }

  close(): Promise<void> {
    this.abort()
    return Promise.resolve()
  }

  describeTable = notAsked
  describeQuery = notAsked
  query = notAsked
  now = notAsked

  /** A transaction of its own, all of it on the server. */
  #alone<T>(what: string, work: Parameters<Statements['alone']>[1]): Promise<T> {
    const { server, weather, name } = this.#user
    return this.#ask<T>(
      what,
      (done, refuse) => {
        const transaction = server.begin({ task: name, records: [] })
        this.#transaction = transaction
        const end = (): void => {
          this.#transaction = null
          server.end(transaction)
        }
        work(
          transaction,
          (answer) => {
            this.#transaction = null
            server.commit(transaction)
            done(answer as T)
          },
          (refusal) => {
            end()
            refuse(refusal, null)
          }
        )
      },
      weather.commitLost
    )
  }

  /** The server's transaction; one that it has ended by itself takes nothing. */
  #open(): Transaction | null {
    const transaction = this.#transaction
    if (transaction === null) throw new Refusal('unknown', 'there is no transaction')
    return transaction
  }

  #abandon(): void {
    if (this.#transaction !== null) this.#user.server.end(this.#transaction)
    this.#transaction = null
  }

  /** The server learns that nobody is there any more, unless the network keeps that to itself. */
  #hangUp(): void {
    const { process, random } = this.#user
    const { timeline, cutFromDatabaseUntilMs } = process
    const afterMs = Math.max(0, cutFromDatabaseUntilMs - timeline.nowMs) + random.next() * 4
    timeline.after(afterMs, null, () => this.drop())
  }

  /** One statement on its way there and back; `lost`: how likely it is that its answer does not arrive. */
  #ask<T>(
    what: string,
    serve: (
      done: (answer: T) => void,
      refuse: (refusal: Refusal, row: number | null) => void
    ) => void,
    lost = 0
  ): Promise<T> {
    const { process, random, weather, name } = this.#user
    const { timeline } = process
    if (this.#isOver) return Promise.reject(failure('outage', 'the connection is closed'))
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const breaks = (text: string): void => {
      this.#isOver = true
      timeline.tell(() => `${name}: ${what}: ${text}`)
      reject(failure('outage', text))
    }
    this.#giveUp = () => reject(failure('outage', 'the connection was given up'))
    // A client that hears nothing gives up in the end.
    const cancelLimit = timeline.after(ANSWER_LIMIT_MS, process, () => {
      if (!this.#isOver) breaks('no answer in time')
      this.#hangUp()
    })
    const back = (settle: () => void, chance = 0): void => {
      cancelLimit()
      const isLost = random.chance(chance) || random.chance(weather.breaks)
      if (isLost) this.drop()
      timeline.after(this.#delayMs(), process, () => {
        if (isLost) breaks('the answer is lost')
        else settle()
      })
    }
    const isRefused = (): Refusal | null => {
      if (what === 'rollback') return null
      if (random.chance(weather.conflict)) return new Refusal('conflict', 'others are in the way')
      if (random.chance(weather.resource)) return new Refusal('resource', 'the disk is full')
      if (random.chance(weather.unknown)) return new Refusal('unknown', 'something is wrong')
      return null
    }
    timeline.after(this.#delayMs(), null, () => {
      if (timeline.nowMs < process.cutFromDatabaseUntilMs) return
      if (this.#isGone || random.chance(weather.breaks)) {
        this.drop()
        return back(() => breaks('the connection is broken'))
      }
      const refuse = (refusal: Refusal, row: number | null = null): void => {
        timeline.tell(() => `${name}: ${what}: ${refusal.message}`)
        back(() => reject(failure(refusal.errorClass, refusal.message, row)))
      }
      const refusal = isRefused()
      if (refusal !== null) return refuse(refusal)
      try {
        serve(
          (answer) => back(() => resolve(answer), lost),
          (...refused) => refuse(...refused)
        )
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        refuse(error)
      }
    })
    return promise.finally(() => {
      this.#giveUp = null
    })
  }

  #delayMs(): number {
    const { random, weather } = this.#user
    if (random.chance(weather.slow)) return random.within(20, 1200)
    return random.next() * 3
  }
}

export function failure(
  errorClass: WriteErrorClass,
  text: string,
  rowIndex: number | null = null
): Error {
  const retriable =
    errorClass === 'outage' || errorClass === 'conflict' || errorClass === 'resource'
  return databaseError(`the model: ${text}`, {
    retriable,
    errorClass,
    ...(rowIndex === null ? {} : { rowIndex })
  })
}

export function notAsked(): never {
  throw new Error('not asked by a sink')
}
