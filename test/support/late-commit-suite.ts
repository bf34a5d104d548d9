import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { encodedOffset, type SourceRecord } from '../../src/data/record.ts'
import {
  type Config,
  field,
  type RunningTask,
  startJdbcTask,
  StoredOffsets
} from './jdbc-source.ts'
import { Random } from './random.ts'
import { until } from './until.ts'

/** A session that keeps its transaction until it is told. */
export interface Writer {
  /** Begins a transaction when none is open. */
  run(sql: string): Promise<void>
  commit(): Promise<void>
  rollback(): Promise<void>
}

/** A real database with several sessions. */
export interface LateCommitDatabase {
  readonly config: Config
  /** Columns of a table: id from a sequence or counter, time of the change set by the statement, value. */
  createTable(name: string): Promise<void>
  /** As the database spells an unquoted name. */
  nameOf?(name: string): string
  /** With an id taken now. */
  insert(name: string, value: number): string
  update(name: string, value: number, from: number): string
  /** Every row, as `value` by `id`. */
  rows(name: string): Promise<Map<number, number>>
  writer(): Promise<Writer>
  readonly columns: { readonly id: string; readonly ts: string; readonly value: string }
  close(): Promise<void>
}

const MODES = ['incrementing', 'timestamp', 'timestamp+incrementing'] as const

/** I6 on a real server: concurrent sessions whose transactions end in any order. */
export function lateCommitSuite(name: string, create: () => Promise<LateCommitDatabase>): void {
  describe(`${name}: late commits`, () => {
    let db: LateCommitDatabase
    let tables = 0
    before(async () => {
      db = await create()
    })
    after(() => db.close())

    async function table(): Promise<string> {
      tables += 1
      const name = db.nameOf?.(`late${tables}`) ?? `late${tables}`
      await db.createTable(name)
      return name
    }
    const config = (name: string, mode: string, more: Config = {}): Config => ({
      ...db.config,
      'topic.prefix': 'late-',
      'poll.interval.ms': '20',
      mode,
      'table.whitelist': name,
      ...(mode.includes('incrementing') ? { 'incrementing.column.name': db.columns.id } : {}),
      ...(mode.includes('timestamp') ? { 'timestamp.column.name': db.columns.ts } : {}),
      ...more
    })
    const values = (records: readonly SourceRecord[]): number[] =>
      records.map((record) => Number(field(record, db.columns.value)))
    /** Polls until a value has come. */
    async function readUntil(task: RunningTask, value: number): Promise<SourceRecord[]> {
      const all: SourceRecord[] = []
      await until(async () => {
        for (const record of await task.poll()) all.push(record)
        return values(all).includes(value)
      }, `the row ${value}`)
      return all
    }

    for (const mode of MODES) {
      it(`I6: ${mode}: a row whose transaction commits last comes as well, in its place`, async () => {
        const name = await table()
        const [early, late] = [await db.writer(), await db.writer()]
        const task = await startJdbcTask(config(name, mode))
        try {
          await early.run(db.insert(name, 1))
          await late.run(db.insert(name, 2))
          await late.commit()
          for (let polls = 0; polls < 10; polls++) assert.deepEqual(await task.poll(), [])
          await early.commit()
          assert.deepEqual(values(await readUntil(task, 2)), [1, 2])
        } finally {
          await task.stop()
        }
      })

      it(`I6: ${mode}: a transaction that is idle holds nothing up for long; its row follows, also after a restart`, async () => {
        const name = await table()
        const [idle, other] = [await db.writer(), await db.writer()]
        const offsets = new StoredOffsets()
        const settings = config(name, mode, { 'late.commit.max.wait.ms': '300' })
        const task = await startJdbcTask(settings, offsets)
        try {
          await idle.run(db.insert(name, 1))
          await other.run(db.insert(name, 2))
          await other.commit()
          const first = await readUntil(task, 2)
          assert.deepEqual(values(first), [2])
          assert.equal(typeof encodedOffset(first[0]?.sourceOffset ?? {})['late_low'], 'string')
          const [facts] = task.progress().values()
          assert.equal(facts?.['late_commits'], 'transactions')
          assert.equal(facts['watched_transactions'], 1)
          offsets.commit(first)
        } finally {
          await task.stop()
        }
        await idle.commit()
        const again = await startJdbcTask(settings, offsets)
        try {
          const late = await readUntil(again, 1)
          assert.deepEqual(values(late), [1])
          offsets.commit(late)
          await other.run(db.insert(name, 3))
          await other.commit()
          const [last] = await readUntil(again, 3)
          const fields = Object.keys(encodedOffset(last?.sourceOffset ?? {})).filter((key) =>
            key.startsWith('late')
          )
          assert.deepEqual(fields, [], 'nobody is watched any more')
        } finally {
          await again.stop()
        }
      })

      it(`I6: ${mode}: without the guard such a row is lost`, async () => {
        const name = await table()
        const [early, late] = [await db.writer(), await db.writer()]
        const task = await startJdbcTask(config(name, mode, { 'late.commit.guard': 'off' }))
        try {
          await early.run(db.insert(name, 1))
          await late.run(db.insert(name, 2))
          await late.commit()
          await readUntil(task, 2)
          await early.commit()
          await late.run(db.insert(name, 3))
          await late.commit()
          assert.deepEqual(values(await readUntil(task, 3)), [3])
        } finally {
          await task.stop()
        }
      })

      it(`I6: ${mode}: many sessions that commit and roll back in any order lose nothing`, async () => {
        const name = await table()
        const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
        const random = new Random(seed)
        const writers = await Promise.all([1, 2, 3, 4].map(() => db.writer()))
        const offsets = new StoredOffsets()
        const settings = config(name, mode, { 'batch.max.rows': '7' })
        const seen = new Map<number, number>()
        const take = (records: readonly SourceRecord[]): void => {
          for (const record of records) {
            seen.set(Number(field(record, db.columns.id)), Number(field(record, db.columns.value)))
          }
          offsets.commit(records)
        }
        let task = await startJdbcTask(settings, offsets)
        try {
          for (let value = 1; value <= 120; value++) {
            const writer = writers[random.within(0, 3)]
            if (writer === undefined) continue
            await writer.run(db.insert(name, value))
            if (mode !== 'incrementing' && random.chance(0.3)) {
              // A row of its own transaction: no other session waits for a lock.
              await writer.run(db.update(name, value + 1000, value))
            }
            const end = random.next()
            if (end < 0.3) await writer.commit()
            else if (end < 0.4) await writer.rollback()
            if (random.chance(0.5)) take(await task.poll())
            if (random.chance(0.03)) {
              await task.stop()
              task = await startJdbcTask(settings, offsets)
            }
          }
          for (const writer of writers) await writer.commit()
          const expected = await db.rows(name)
          await until(async () => {
            take(await task.poll())
            return [...expected].every(([id, value]) => seen.get(id) === value)
          }, `every committed row (replay with SEED=${seed})`)
        } finally {
          await task.stop()
        }
      })
    }
  })
}
