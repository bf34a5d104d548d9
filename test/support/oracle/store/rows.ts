import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { OracleError } from '../oracle-error.ts'
import type { SqlValue } from '../sql/sql-type.ts'
import type { Constraint, Table, TableColumn } from './objects.ts'
import { type Mark, RowLocked, type Transaction } from './transaction.ts'

/**
 * Rows of all tables, as versions: a change ends one and makes another. `born` and `died` are the SCNs of the
 * commits that did so (null: not yet), `btx` and `dtx` the transactions. So every statement sees the database
 * as it was when it began, and so does every open query.
 */
export class Rows {
  readonly #sqlite: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  readonly #active: ReadonlyMap<number, Transaction>
  #lastStorage = 0
  readonly #garbage: number[] = []

  constructor(sqlite: DatabaseSync, active: ReadonlyMap<number, Transaction>) {
    this.#sqlite = sqlite
    this.#active = active
  }

  /** The SQLite table of a table, made when first asked for. */
  storageOf(table: Table): number {
    if (table.storage !== null) return table.storage
    this.#lastStorage += 1
    table.storage = this.#lastStorage
    const slots = Array.from({ length: table.nextSlot }, (_, slot) => `, c${slot}`).join('')
    this.#sqlite.exec(
      `CREATE TABLE t${table.storage} (ver INTEGER PRIMARY KEY, rid INTEGER, born INTEGER, btx INTEGER, died INTEGER, dtx INTEGER${slots})`
    )
    for (const { columns } of [...table.constraints.filter(isKey), ...table.indexes])
      this.addIndex(table, columns)
    return table.storage
  }

  addIndex(table: Table, columns: readonly (string | null)[]): void {
    if (table.storage === null) return
    const slots = columns.map((name) => table.columns.find((column) => column.name === name)?.slot)
    if (slots.some((slot) => slot === undefined)) return
    const list = slots.map((slot) => `c${slot}`)
    this.#sqlite.exec(
      `CREATE INDEX IF NOT EXISTS i${table.storage}_${list.join('_')} ON t${table.storage} (${list.join(', ')})`
    )
  }

  addSlot(table: Table): number {
    const slot = table.nextSlot
    table.nextSlot += 1
    if (table.storage !== null)
      this.#sqlite.exec(`ALTER TABLE t${table.storage} ADD COLUMN c${slot}`)
    this.#statements.clear()
    return slot
  }

  /** Gives up the rows of a table; open queries go on with what they see. */
  abandon(table: Table): void {
    if (table.storage !== null) this.#garbage.push(table.storage)
    table.storage = null
  }

  /** Removes what was given up; only while no query is open. */
  sweep(): void {
    for (const storage of this.#garbage.splice(0)) {
      for (const key of this.#statements.keys())
        if (key.includes(`t${storage} `)) this.#statements.delete(key)
      this.#sqlite.exec(`DROP TABLE t${storage}`)
    }
  }

  insert(
    table: Table,
    rowNumber: number,
    values: readonly SqlValue[],
    transaction: Transaction
  ): number {
    const storage = this.storageOf(table)
    const names = table.columns.map(({ slot }) => `c${slot}`)
    const places = names.map((_, index) => `?${index + 3}`)
    const statement = this.#prepare(
      `INSERT INTO t${storage} (rid, btx, ${names.join(', ')}) VALUES (?1, ?2, ${places.join(', ')})`
    )
    const version = Number(statement.run(rowNumber, transaction.id, ...values).lastInsertRowid)
    transaction.note('born', storage, version)
    return version
  }

  /** Ends a version for this transaction; the locks were looked at before. */
  end(storage: number, version: number, transaction: Transaction): void {
    this.#prepare(`UPDATE t${storage} SET dtx = ?1 WHERE ver = ?2`).run(transaction.id, version)
    transaction.note('died', storage, version)
  }

  /** Throws {@link RowLocked} when another open transaction ended this version. */
  checkLock(dtx: number | null, transaction: Transaction): void {
    if (dtx === null || dtx === transaction.id) return
    const holder = this.#active.get(dtx)
    if (holder !== undefined) throw new RowLocked(holder)
  }

  /** ORA-00001 when another row that counts has the same key. */
  checkKeys(
    table: Table,
    version: number,
    values: readonly SqlValue[],
    transaction: Transaction
  ): void {
    const storage = this.storageOf(table)
    for (const constraint of table.constraints.filter(isKey)) {
      this.#checkKey(table, storage, constraint, version, values, transaction)
    }
    for (const index of table.indexes.filter(({ unique }) => unique)) {
      const columns = index.columns.filter((name) => name !== null)
      const constraint: Constraint = {
        ...index,
        type: 'U',
        columns,
        condition: null,
        generated: false
      }
      this.#checkKey(table, storage, constraint, version, values, transaction)
    }
  }

  #checkKey(
    table: Table,
    storage: number,
    constraint: Constraint,
    version: number,
    values: readonly SqlValue[],
    transaction: Transaction
  ): void {
    const columns = constraint.columns.map((name) =>
      table.columns.findIndex((column) => column.name === name)
    )
    const key = columns.map((index) => values[index] ?? null)
    if (key.includes(null)) return
    const conditions = columns.map(
      (index, place) => `c${(table.columns[index] as TableColumn).slot} = ?${place + 2}`
    )
    const statement = this.#prepare(
      `SELECT born, btx, dtx FROM t${storage} WHERE ver <> ?1 AND died IS NULL AND ${conditions.join(' AND ')}`
    )
    for (const row of statement.all(version, ...key)) {
      const { born, btx, dtx } = row as { born: number | null; btx: number; dtx: number | null }
      if (dtx === transaction.id) continue
      this.checkLock(dtx, transaction)
      if (born === null) this.checkLock(btx, transaction)
      throw new OracleError(1, [`${table.owner}.${constraint.name}`])
    }
  }

  commit(transaction: Transaction, scn: number): void {
    for (const [storage, versions] of transaction.born) {
      const [first] = versions
      const last = versions.at(-1)
      if (first === undefined || last === undefined || this.#garbage.includes(storage)) continue
      this.#prepare(
        `UPDATE t${storage} SET born = ?1 WHERE ver BETWEEN ?2 AND ?3 AND btx = ?4 AND born IS NULL`
      ).run(scn, first, last, transaction.id)
    }
    for (const [storage, versions] of transaction.died) {
      if (this.#garbage.includes(storage)) continue
      const statement = this.#prepare(`UPDATE t${storage} SET died = ?1 WHERE ver = ?2`)
      for (const version of versions) statement.run(scn, version)
    }
  }

  /** Undoes what was done since the mark. */
  undo(transaction: Transaction, mark: Mark): void {
    for (const [storage, versions] of transaction.since('born', mark)) {
      if (this.#garbage.includes(storage)) continue
      const statement = this.#prepare(`DELETE FROM t${storage} WHERE ver = ?1`)
      for (const version of versions) statement.run(version)
    }
    for (const [storage, versions] of transaction.since('died', mark)) {
      if (this.#garbage.includes(storage)) continue
      const statement = this.#prepare(`UPDATE t${storage} SET dtx = NULL WHERE ver = ?1`)
      for (const version of versions) statement.run(version)
    }
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#sqlite.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }
}

function isKey({ type }: Constraint): boolean {
  return type === 'P' || type === 'U'
}
