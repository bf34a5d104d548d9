import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { CopyPlace, Home, WorldDatabase } from './database.ts'
import { literal, unlessAbsent } from './database.ts'
import type { RealPlan } from './plan.ts'

const quoted = (name: string): string => `"${name}"`

/** A file for each world, in which one session writes at a time. */
export function sqliteWorlds(): WorldDatabase {
  return {
    home: (plan) => Promise.resolve(sqliteHome(plan)),
    restart: null,
    close: () => Promise.resolve()
  }
}

function sqliteHome(plan: RealPlan): Home {
  const folder = mkdtempSync(join(tmpdir(), 'world-'))
  const file = join(folder, `${plan.name}.db`)
  const database = new DatabaseSync(file, { timeout: 5000, readBigInts: true })
  database.exec('PRAGMA journal_mode = WAL')
  const run = (sql: string): Promise<void> => {
    database.exec(sql)
    return Promise.resolve()
  }
  const nothing = (): Promise<void> => Promise.resolve()
  const copiesFile = join(folder, `${plan.name}-copies.db`)
  const copied = new DatabaseSync(copiesFile, { timeout: 5000, readBigInts: true })
  copied.exec('PRAGMA journal_mode = WAL')
  const copies = sqliteCopies(copied, copiesFile)
  let taken = new Map<string, number>()
  const nextId = (name: string, step: number, from: number): number => {
    const id = (taken.get(name) ?? from - step) + step
    taken = taken.set(name, id)
    return id
  }
  return {
    config: { 'connection.url': `jdbc:sqlite:${file}` },
    listed: (table) => quoted(table.name),
    createTable: (table) =>
      run(
        `CREATE TABLE ${quoted(table.name)} (id BIGINT NOT NULL UNIQUE, code TEXT PRIMARY KEY, version BIGINT NOT NULL, changed TIMESTAMP(3) NOT NULL, amount NUMERIC(10,2), note TEXT)`
      ),
    insert: (table, row) =>
      `INSERT INTO ${quoted(table.name)} (id, code, version, changed, amount, note) VALUES (${nextId(table.name, table.step, table.from)}, ${literal(row.code)}, ${row.version}, ${now()}, ${row.amount}, ${literal(row.note)})`,
    insertMany: () => null,
    update: (table, row) =>
      `UPDATE ${quoted(table.name)} SET version = ${row.version}, changed = ${now()}, amount = ${row.amount}, note = ${literal(row.note)} WHERE code = ${literal(row.code)} AND version < ${row.version}`,
    session: () =>
      Promise.resolve({
        begin: () => run('BEGIN IMMEDIATE'),
        run,
        commit: () => run('COMMIT'),
        rollback: () => run('ROLLBACK'),
        close: nothing
      }),
    rows(table) {
      const rows = database.prepare(`SELECT code, version, id FROM ${quoted(table.name)}`).all()
      return Promise.resolve(
        (rows as { code: string; version: bigint; id: bigint }[]).map(({ code, version, id }) => ({
          code,
          version: Number(version),
          id
        }))
      )
    },
    endSessions: nothing,
    grant: nothing,
    revoke: nothing,
    hide: nothing,
    show: nothing,
    lock: nothing,
    unlock: nothing,
    addColumn: (table, column) => run(`ALTER TABLE ${quoted(table.name)} ADD COLUMN ${column} INT`),
    empty: (table) => run(`DELETE FROM ${quoted(table.name)}`),
    copies,
    close() {
      database.close()
      copied.close()
      rmSync(folder, { recursive: true, force: true })
      return Promise.resolve()
    }
  }
}

/** A file of its own, since one writes to a file at a time. */
function sqliteCopies(database: DatabaseSync, file: string): CopyPlace {
  const nothing = (): Promise<void> => Promise.resolve()
  const run = (sql: string): Promise<void> => {
    database.exec(sql)
    return Promise.resolve()
  }
  return {
    config: { 'connection.url': `jdbc:sqlite:${file}` },
    quoted,
    types: { text: 'TEXT', whole: 'BIGINT', amount: 'NUMERIC(10,2)', moment: 'TIMESTAMP(3)' },
    create: (table, columns) => run(`CREATE TABLE ${quoted(table)} (${columns})`),
    run,
    rows: (table, columns) =>
      unlessAbsent(
        Promise.resolve().then(() =>
          database
            .prepare(`SELECT ${columns.map(quoted).join()} FROM ${quoted(table)}`)
            .all()
            .map((row) => columns.map((column) => row[column]))
        )
      ),
    endSessions: nothing,
    lockAccount: nothing,
    unlockAccount: nothing,
    async hold(_table, forMs) {
      database.exec('BEGIN IMMEDIATE')
      await delay(forMs)
      database.exec('ROLLBACK')
    },
    revoke: nothing,
    grant: nothing
  }
}

/** As the source has the time, too. */
function now(): string {
  return `'${new Date().toISOString().replace('T', ' ').replace('Z', '')}'`
}
