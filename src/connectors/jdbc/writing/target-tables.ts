import { Schema } from '../../../data/schema.ts'
import { type DataError, messageOf } from '../../../errors.ts'
import { tableName } from '../database/table-name.ts'
import type { TableId } from '../database/database.ts'
import {
  type ColumnRoom,
  errorClassOf,
  type NewColumn,
  type TargetTable,
  type WriteSession,
  type WritingDialect
} from '../database/writing.ts'
import type { SinkSettings } from '../settings/sink-settings.ts'
import { lacksRoom, roomStatements } from './column-room.ts'
import { concernsNoTable, madeTable } from './made-table.ts'
import type { PlannedColumn, RecordPlan } from './record-plan.ts'
import type { PlannedRecord } from './record-reader.ts'
import { tableAdvice } from './table-advice.ts'
import {
  amendFailed,
  creationFailed,
  evolutionDisabled,
  missingColumns,
  missingTable,
  withoutType
} from './table-errors.ts'
import { findTarget, tableIdOf } from './table-names.ts'
import { roomOf } from '../written-values/misfit.ts'
import { type BoundPlan, boundPlan, lackingColumns } from './table-plan.ts'

/** What is done to a table that does not fit, before rows are written. */
interface TableChange {
  readonly table: string
  readonly statements: readonly string[]
}

/** Records of a plan, and the table they go to. */
type Planned = Pick<PlannedRecord, 'table' | 'plan' | 'rules'>

/** A value that a column has no room for, as it is. */
export interface WantedRoom {
  readonly planned: Planned
  readonly column: string
  readonly room: ColumnRoom
}

/** Who is told of tables. */
interface TableWatcher {
  /** Before the statements are sent; what it throws keeps them from being sent. */
  beforeChange(change: TableChange): void
  /** A sentence that an operator should know, with the table in front; once for each table. */
  onAdvice(text: string): void
}

/**
 * The tables that are written to, as the dictionary has them. Those that are missing are made, and missing
 * columns added, where the settings allow it; outside the transaction of the rows, since some databases
 * commit with every such statement (I13).
 */
export class TargetTables {
  readonly #settings: SinkSettings
  readonly #watcher: TableWatcher
  readonly #known = new Map<string, TargetTable>()
  #bound = new WeakMap<RecordPlan, BoundPlan>()
  readonly #advised = new Set<string>()

  constructor(settings: SinkSettings, watcher: TableWatcher) {
    this.#settings = settings
    this.#watcher = watcher
  }

  /** What was known of tables is asked again. */
  forget(): void {
    this.#known.clear()
    this.#bound = new WeakMap()
  }

  /** How records of a plan are bound, as long as nothing was forgotten since. */
  boundTo(plan: RecordPlan): BoundPlan | undefined {
    return this.#bound.get(plan)
  }

  /**
   * Binds a plan to its table, which is looked up, made or given more columns. null: there is no such table,
   * and the plan only deletes from it. Errors are of class `structure`, or those of the session.
   */
  async bind(
    session: WriteSession,
    writing: WritingDialect,
    planned: Planned
  ): Promise<BoundPlan | null> {
    const { table: name, plan, rules } = planned
    const known = this.#known.get(name)
    let table = known ?? (await this.#find(session, name))
    if (table === null) {
      if (rules.tables.creates && plan.kind !== 'write') return null
      table = await this.#create(session, writing, planned)
    }
    table = await this.#evolve(session, writing, planned, table)
    const bound = boundPlan(table, plan, rules)
    if (this.#known.get(name) === undefined) this.#advise(session, bound)
    if (this.#known.get(name) !== table) this.#changed(name, table)
    this.#bound.set(plan, bound)
    return bound
  }

  /**
   * Makes columns larger where the settings allow it. False: none was, so that what did not fit does not fit.
   * Errors as of `bind`; what a database refuses to change is told as advice.
   */
  async giveRoom(
    session: WriteSession,
    writing: WritingDialect,
    wanted: readonly WantedRoom[]
  ): Promise<boolean> {
    let hasChanged = false
    for (const [name, ofTable] of Map.groupBy(wanted, ({ planned }) => planned.table)) {
      const before = this.#known.get(name)
      const found = await this.#find(session, name)
      if (found === null || before === undefined) continue
      const rooms = ofTable.map(({ column, room }) => ({ column, room }))
      const statements = await roomStatements(session, writing, found, rooms)
      if (statements.length > 0) await this.#tryChange(session, found, statements)
      const table = await this.#find(session, name)
      if (table === null) continue
      // Another task may have made them larger.
      hasChanged ||= rooms.some(
        ({ column, room }) => lacksRoom(before, column, room) && !lacksRoom(table, column, room)
      )
      this.#changed(name, table)
    }
    return hasChanged
  }

  async #tryChange(
    session: WriteSession,
    { id }: TargetTable,
    statements: readonly string[]
  ): Promise<void> {
    try {
      await this.#run(session, id, statements)
    } catch (error) {
      if (errorClassOf(error) === null || concernsNoTable(error)) throw error
      this.#tell(
        `${tableName(session.dialect, id)}: a column was not made larger: ${messageOf(error)}`
      )
    }
  }

  #tell(advice: string): void {
    if (!this.#advised.has(advice)) this.#watcher.onAdvice(advice)
    this.#advised.add(advice)
  }

  #changed(name: string, table: TargetTable): void {
    // Plans bound to what the table was before have to be bound anew.
    if (this.#known.has(name)) this.#bound = new WeakMap()
    this.#known.set(name, table)
  }

  #find(session: WriteSession, name: string): Promise<TargetTable | null> {
    const { quoted, types } = this.#settings.tables
    return findTarget(session, tableIdOf(session, name, quoted), types)
  }

  #advise(session: WriteSession, bound: BoundPlan): void {
    const name = tableName(session.dialect, bound.target.table.id)
    for (const text of tableAdvice(bound)) {
      this.#tell(`${name}: ${text}`)
    }
  }

  async #create(
    session: WriteSession,
    writing: WritingDialect,
    { table: name, plan, rules }: Planned
  ): Promise<TargetTable> {
    const { quoted, creates } = rules.tables
    const id = tableIdOf(session, name, quoted)
    const hasSchema = plan.inOrder.every(({ schema }) => schema !== null)
    if (!creates || !hasSchema) throw missingTable(session.dialect, id)
    const columns = newColumns(plan.inOrder, plan, writing, this.#fold(session))
    const keys = plan.keys.map((column) => this.#fold(session)(column.name))
    const statements = writing.createTable(id, columns, keys)
    const table = await madeTable(
      () => this.#run(session, id, statements),
      () => this.#find(session, name)
    ).catch((error: unknown) => {
      throw creationFailed(session.dialect, id, error)
    })
    if (table === null) throw missingTable(session.dialect, id)
    return table
  }

  async #evolve(
    session: WriteSession,
    writing: WritingDialect,
    { table: name, plan, rules }: Planned,
    found: TargetTable
  ): Promise<TargetTable> {
    const { dialect } = session
    const keys = new Set(plan.keys)
    let table = found
    let lacking = lackingColumns(table, plan)
    for (let attempts = 0; lacking.length > 0; attempts++) {
      if (attempts === 0 && this.#known.has(name)) {
        // Somebody may have added them since it was looked at.
        table = (await this.#find(session, name)) ?? table
        lacking = lackingColumns(table, plan)
        if (lacking.length === 0) break
      }
      const refusal = missingColumns(dialect, table, lacking, keys)
      if (refusal !== null) throw refusal
      if (!rules.tables.evolves) {
        throw evolutionDisabled(dialect, table.id, lacking, keys)
      }
      const columns = newColumns(lacking, plan, writing, this.#fold(session))
      let failure: unknown = null
      try {
        await this.#run(session, table.id, writing.addColumns(table.id, columns))
      } catch (error) {
        if (concernsNoTable(error)) throw error
        failure = error
      }
      // Another task may have added some of them: then there is less to do than before.
      table = (await this.#find(session, name)) ?? table
      lacking = lackingColumns(table, plan)
      if (lacking.length > 0 && attempts >= this.#settings.retries.maxRetries) {
        throw amendFailed(dialect, table.id, lacking, failure)
      }
    }
    return table
  }

  async #run(session: WriteSession, id: TableId, statements: readonly string[]): Promise<void> {
    const table = tableName(session.dialect, id)
    this.#watcher.beforeChange({ table, statements })
    for (const sql of statements) await session.execute(sql)
  }

  #fold({ dialect }: WriteSession): (name: string) => string {
    const { foldCase } = dialect
    return this.#settings.tables.quoted || foldCase === undefined ? (name) => name : foldCase
  }
}

const JSON_TEXT = Schema.OPTIONAL_STRING

function newColumns(
  columns: readonly PlannedColumn[],
  plan: RecordPlan,
  writing: WritingDialect,
  fold: (name: string) => string
): NewColumn[] {
  const keys = new Set(plan.keys)
  return columns.map((column) => {
    const { schema, timestampDigits } = column
    if (schema === null) throw withoutType(column)
    const isKey = keys.has(column)
    const use = { isKey, timestampDigits }
    // What has no type of its own is written as JSON, where it is written at all.
    const isNested = /^(?:struct|map|array)$/.test(schema.type)
    const type =
      writing.columnType(schema, use) ?? (isNested ? writing.columnType(JSON_TEXT, use) : null)
    if (type === null) throw withoutType(column)
    return {
      name: fold(column.name),
      type,
      schema,
      isOptional: !isKey && schema.optional
    }
  })
}

/** What a record wants that did not fit; null: no room would help, or its rules forbid to make any. */
export function wantedRoom(planned: Planned, error: DataError): WantedRoom | null {
  const room = roomOf(error)
  const { widens, relaxes } = planned.rules.tables
  if (room === null || !(room.kind === 'null' ? relaxes : widens)) return null
  return { planned, column: String(error.facts['column']), room }
}
