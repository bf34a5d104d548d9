import { ConnectError } from '../../../../errors.ts'
import type { Logger } from '../../../../log.ts'
import { databaseError, type Dialect, type TableId } from '../../database/database.ts'
import type { SinkOffsets, SinkOffsetsPlace } from '../../database/sink-offsets.ts'
import {
  errorClassOf,
  type TargetTable,
  type WriteRow,
  type WriterOptions,
  type WriteSession,
  type WriteShape
} from '../../database/writing.ts'
import { OracleConnection, type OracleSettings } from './connection.ts'
import {
  fetchType,
  type OracleAnswer,
  type OracleBatchError,
  type OracleDriver,
  type OracleSession
} from './driver.ts'
import { oracleTargetTable } from './target-table.ts'
import { classified, oracleWriteError } from './write-errors.ts'
import { bindRows, chunksOf } from './write-rows.ts'
import { type OracleWriteStatement, writeStatement } from './write-statements.ts'
import { SqlOffsets } from '../shared/sql-offsets.ts'
import { oracleOffsetWords } from './offset-words.ts'

/** The driver breaks a call off by itself; without an answer in this time beyond that, nobody is there. */
const GRACE_MS = 10_000
const SAVEPOINT = 'KAFKA_BATCH'
const NO_SAVEPOINT = 'ORA-01086'

/** A session that writes: one statement is applied to many rows of binds. */
export class OracleWriteSession extends OracleConnection implements WriteSession {
  readonly #limitMs: number
  readonly #log: Logger
  /** Columns of which it was said that an empty text is NULL. */
  readonly #told = new Set<string>()

  constructor(
    dialect: Dialect,
    driver: OracleDriver,
    session: OracleSession,
    settings: OracleSettings,
    options: WriterOptions
  ) {
    super(dialect, driver, session, settings)
    this.#log = settings.log
    this.#limitMs = options.writeTimeoutMs
    if (!settings.isBare) {
      session.module = options.applicationName
      session.action = 'sink'
    }
    // Oracle would wait for a lock for ever.
    session.callTimeout = options.writeTimeoutMs
  }

  async describeTarget({ schema, table }: TableId): Promise<TargetTable | null> {
    try {
      const owner = schema ?? (await this.currentSchema())
      return await oracleTargetTable(this.questions, owner, table)
    } catch (error) {
      throw classified(error)
    }
  }

  /** A transaction begins with its first change; what may be left of another one is none of it. */
  async begin(): Promise<void> {
    await this.#call('begin a transaction', (session) => session.rollback())
  }

  async commit(): Promise<void> {
    await this.#call('commit', (session) => session.commit())
  }

  async rollback(): Promise<void> {
    await this.#call('roll back', (session) => session.rollback())
  }

  async savepoint(): Promise<void> {
    await this.#execute('set a savepoint', `SAVEPOINT ${SAVEPOINT}`)
  }

  async rollbackToSavepoint(): Promise<boolean> {
    try {
      await this.#execute('go back to a savepoint', `ROLLBACK TO SAVEPOINT ${SAVEPOINT}`)
      return true
    } catch (error) {
      if (error instanceof ConnectError && error.facts['code'] === NO_SAVEPOINT) return false
      throw error
    }
  }

  async write(shape: WriteShape, rows: readonly WriteRow[]): Promise<void> {
    const statement = writeStatement(shape)
    if (statement === null) return
    if (shape.operation === 'truncate') {
      await this.#execute(`delete all rows of ${labelOf(shape.table.id)}`, statement.sql)
      return
    }
    const bound = bindRows(shape, statement, rows, (column) => this.#tellEmpty(shape, column))
    for (const chunk of chunksOf(statement, bound)) {
      const what = `write rows (${shape.operation}) to ${labelOf(shape.table.id)}`
      const { batchErrors = [] } = await this.#call(
        what,
        (session, driver) =>
          session.executeMany(statement.sql, chunk.rows, {
            bindDefs: chunk.binds.map(({ type, maxSize }) => ({
              type: driver[type],
              ...(maxSize === null ? {} : { maxSize })
            })),
            // Without them the rows before a refused one would stay, and nobody knew which it was.
            batchErrors: true,
            autoCommit: false
          }),
        statement.sql
      )
      if (batchErrors.length > 0) throw batchFailure(batchErrors, what, statement, chunk.from)
    }
  }

  offsets(place: SinkOffsetsPlace): SinkOffsets {
    return new SqlOffsets(this, place, oracleOffsetWords)
  }

  async execute(sql: string): Promise<void> {
    await this.#execute('change the structure', sql)
  }

  async ask(
    sql: string,
    binds: readonly unknown[]
  ): Promise<{ rows: unknown[][]; affected: number }> {
    const { rows, rowsAffected } = await this.#call('answer', (session, driver) =>
      session.execute(sql, binds, {
        outFormat: driver.OUT_FORMAT_ARRAY,
        fetchTypeHandler: fetchType(driver)
      })
    )
    return { rows: rows?.map((row) => [...row]) ?? [], affected: rowsAffected ?? 0 }
  }

  async #execute(what: string, sql: string): Promise<OracleAnswer> {
    return await this.#call(what, (session) => session.execute(sql, [], {}))
  }

  async #call<T>(
    what: string,
    work: (session: OracleSession, driver: OracleDriver) => Promise<T>,
    sql?: string
  ): Promise<T> {
    try {
      return await this.call(work, this.#limitMs + GRACE_MS, (error) =>
        oracleWriteError(error, `Oracle did not ${what}`, sql === undefined ? {} : { sql })
      )
    } catch (error) {
      throw classified(error)
    }
  }

  /** I16: said once, since there is no way to keep an empty text apart from none. */
  #tellEmpty({ table }: WriteShape, column: string): void {
    const name = `${labelOf(table.id)}.${column}`
    if (this.#told.has(name)) return
    this.#told.add(name)
    this.#log.warn(`Oracle has no empty text: those for ${name} are written as NULL`)
  }
}

/** What went wrong first; an error that is not of a row comes before those that are. */
function batchFailure(
  errors: readonly OracleBatchError[],
  what: string,
  { sql }: OracleWriteStatement,
  from: number
): ConnectError {
  const failures = errors.map((error) => ({
    offset: error.offset,
    failure: oracleWriteError(error, `Oracle did not ${what}`, {
      sql,
      rowIndex: from + error.offset
    })
  }))
  const other = failures.find(({ failure }) => errorClassOf(failure) !== 'data')
  const [first] = failures.toSorted((a, b) => a.offset - b.offset)
  const chosen = (other ?? first)?.failure
  return (
    chosen ?? databaseError(`Oracle did not ${what}`, { retriable: false, errorClass: 'unknown' })
  )
}

function labelOf({ schema, table }: TableId): string {
  return schema === null ? table : `${schema}.${table}`
}
