import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import { RetriableError } from '../../../../src/errors.ts'
import type { PartitionOffset } from '../../../../src/plugin/source.ts'
import { postgresUrl, uniqueName } from '../../../support/environment.ts'
import { type Config, fields, startJdbcTask, StoredOffsets } from '../../../support/jdbc-source.ts'
import { openSqliteFile } from '../../../support/sqlite-file.ts'

interface Database {
  readonly name: string
  readonly config: Config
  exec(sql: string): Promise<void>
  partition(table: string): { protocol: string; table: string }
  close(): Promise<void>
}

function sqlite(): Database {
  const { database, url, close } = openSqliteFile()
  return {
    name: 'SQLite',
    config: { 'connection.url': url },
    exec: async (sql) => database.exec(sql),
    partition: (table) => ({ protocol: '1', table }),
    close: async () => close()
  }
}

function postgres(): Database {
  const url = new URL(postgresUrl())
  const schema = uniqueName('moving').replaceAll('-', '_')
  const client = new pg.Client({ connectionString: url.href })
  let connected: Promise<unknown> | null = null
  return {
    name: 'PostgreSQL',
    config: {
      'connection.url': `jdbc:postgresql://${url.host}${url.pathname}`,
      'connection.user': url.username,
      'connection.password': url.password,
      'schema.pattern': schema
    },
    exec: async (sql) => {
      connected ??= client
        .connect()
        .then(() => client.query(`CREATE SCHEMA ${schema}; SET search_path TO ${schema}`))
      await connected
      await client.query(sql)
    },
    partition: (table) => ({ protocol: '1', table: `${schema}.${table}` }),
    close: async () => {
      await client.query(`DROP SCHEMA ${schema} CASCADE`)
      await client.end()
    }
  }
}

/** Offsets of a Kafka that is away for a while. */
class RefusingOffsets extends StoredOffsets {
  refusals = 0

  override async store(positions: readonly PartitionOffset[]): Promise<void> {
    if (this.refusals-- > 0) throw new RetriableError('no broker')
    await super.store(positions)
  }
}

/** 2024-01-01 at so many seconds after midnight, UTC. */
const at = (second: number): number => Date.UTC(2024, 0, 1, 0, 0, second)

for (const create of [sqlite, postgres]) {
  let db: Database
  let tables = 0

  describe(`moving the start: ${create.name}`, () => {
    before(() => {
      db = create()
    })
    after(() => db.close())

    async function table(rows = 5): Promise<string> {
      tables += 1
      const name = `t${tables}`
      await db.exec(`CREATE TABLE ${name} (id BIGINT NOT NULL PRIMARY KEY, ts TIMESTAMP NOT NULL)`)
      for (let id = 1; id <= rows; id++) await insert(name, id)
      return name
    }

    const insert = (name: string, id: number): Promise<void> =>
      db.exec(`INSERT INTO ${name} VALUES (${id}, '2024-01-01 00:00:0${id}')`)

    const config = (names: string, mode: string, over: Config = {}): Config => ({
      ...db.config,
      'table.whitelist': names,
      'topic.prefix': 'm-',
      'poll.interval.ms': '0',
      // Nobody else takes ids: the first poll reads what is there.
      'late.commit.margin.ms': '0',
      mode,
      ...(mode.startsWith('timestamp') ? { 'timestamp.column.name': 'ts' } : {}),
      ...(mode.endsWith('incrementing') ? { 'incrementing.column.name': 'id' } : {}),
      ...over
    })

    /**
     * A task started like this reads these ids, stored as a worker would; `crash`: before any record's offset
     * is stored.
     */
    async function reads(
      settings: Config,
      offsets: StoredOffsets,
      ids: readonly number[],
      message?: string,
      options: { crash?: boolean } = {}
    ): Promise<void> {
      const task = await startJdbcTask(settings, offsets)
      // Where nothing is to come, there is nothing to wait for: a while is given to what should not come.
      const records = await (ids.length > 0 ? task.read(ids.length) : task.read(1, 150))
      await task.stop()
      if (options.crash !== true) offsets.commit(records)
      assert.deepEqual(fields(records, 'id'), ids, message)
    }

    for (const [mode, key, first, second, later] of [
      ['incrementing', 'incrementing.initial', '3', '1', [2, 3, 4, 5]],
      ['timestamp', 'timestamp.initial', String(at(3)), String(at(1)), [2, 3, 4, 5]],
      // A time without an id means all rows of that time.
      ['timestamp+incrementing', 'timestamp.initial', String(at(4)), String(at(2)), [2, 3, 4, 5]],
      ['timestamp', 'timestamp.initial.ms', String(at(3)), String(at(1)), [2, 3, 4, 5]]
    ] as const) {
      it(`${mode}: a changed ${key} moves a table once, an unchanged one never`, async () => {
        const name = await table()
        const offsets = new StoredOffsets()
        const before = config(name, mode, { [key]: first })
        await reads(before, offsets, [4, 5])
        await reads(before, offsets, [], 'restarted')
        await reads({ ...before, 'batch.max.rows': '7' }, offsets, [], 'other key')
        const changed = config(name, mode, { [key]: second })
        await reads(changed, offsets, later)
        await reads(changed, offsets, [], 'restarted after the change')
        await reads(before, offsets, [4, 5], 'changed back')
        await reads(before, offsets, [])
      })
    }

    it('a start taken away moves nothing; given anew it counts', async () => {
      const name = await table()
      const offsets = new StoredOffsets()
      const without = config(name, 'incrementing')
      const given = config(name, 'incrementing', { 'incrementing.initial': '3' })
      await reads(given, offsets, [4, 5])
      await reads(without, offsets, [])
      await reads(given, offsets, [4, 5], 'given anew')
    })

    it('offsets have nothing of ours while no start was ever configured; the first one is adopted', async () => {
      const name = await table()
      const offsets = new StoredOffsets()
      await reads(config(name, 'incrementing'), offsets, [1, 2, 3, 4, 5])
      assert.deepEqual(offsets.get(db.partition(name)), { incrementing: 5 })
      const start = (id: string) => config(name, 'incrementing', { 'incrementing.initial': id })
      await reads(start('3'), offsets, [])
      await reads(start('4'), offsets, [5], 'a change after that counts')
    })

    it('the same start in other words, or in another db.timezone, moves nothing', async () => {
      const name = await table()
      const offsets = new StoredOffsets()
      const start = (text: string, ids: readonly number[], message?: string, over: Config = {}) =>
        reads(
          config(name, 'timestamp', { 'timestamp.initial': text, ...over }),
          offsets,
          ids,
          message
        )
      await start(String(at(3)), [4, 5])
      await start('2024-01-01T00:00:03Z', [])
      await start('2024-01-01 08:00:03+08:00', [])
      await reads(config(name, 'timestamp', { 'timestamp.initial.ms': String(at(3)) }), offsets, [])
      await start('2024-01-01T00:00:01', [2, 3, 4, 5], 'local time')
      await start('2024-01-01 00:00:01', [], 'an hour earlier', { 'db.timezone': 'GMT+1' })
    })

    it('offsets of a JVM worker are adopted, also of an idle table; a change after that counts', async () => {
      for (const mode of ['incrementing', 'timestamp']) {
        const name = await table()
        const offsets = new StoredOffsets()
        const key = mode === 'timestamp' ? 'timestamp.initial' : 'incrementing.initial'
        const value = (n: number) => (mode === 'timestamp' ? String(at(n)) : String(n))
        const stored =
          mode === 'timestamp' ? { timestamp_nanos: 0, timestamp: at(5) } : { incrementing: 5 }
        offsets.set({ table: name }, stored)
        const before = config(name, mode, { [key]: value(1) })
        await reads(before, offsets, [], 'no rewind')
        const { start, ...cursor } = offsets.get(db.partition(name)) ?? {}
        assert.equal(JSON.stringify(cursor), JSON.stringify(stored))
        assert.match(String(start), /initial=/)
        await reads(before, offsets, [])
        await reads(config(name, mode, { [key]: value(3) }), offsets, [4, 5])
      }
    })

    it('all tables of a connector move, those without rows too', async () => {
      const [one, two, idle] = [await table(), await table(), await table(0)]
      const offsets = new StoredOffsets()
      const settings = (id: number) =>
        config(`${one},${two},${idle}`, 'incrementing', { 'incrementing.initial': String(id) })
      const first = await startJdbcTask(settings(3), offsets)
      offsets.commit(await first.read(4))
      await first.stop()
      const second = await startJdbcTask(settings(4), offsets)
      const records = await second.read(2)
      await second.stop()
      assert.deepEqual(fields(records, 'id'), [5, 5])
      for (const name of [one, two]) {
        const at4 = { incrementing: 4, start: 'incrementing.initial=4' }
        assert.deepEqual(offsets.get(db.partition(name)), at4)
      }
      await insert(idle, 5)
      const third = await startJdbcTask(settings(4), offsets)
      assert.deepEqual(fields(await third.read(3), 'id'), [5, 5, 5], 'none was stored as read')
      await third.stop()
    })

    it('a crash behind the move finds the new place, also when -1 meant a moment that is over', async () => {
      const name = await table()
      const offsets = new StoredOffsets()
      const first = { 'timestamp.initial': String(at(1)) }
      await reads(config(name, 'timestamp+incrementing', first), offsets, [1, 2, 3, 4, 5])
      const changed = config(name, 'timestamp+incrementing', { 'timestamp.initial': String(at(4)) })
      await reads(changed, offsets, [4, 5], 'before a crash', { crash: true })
      await reads(changed, offsets, [4, 5])
      const fromNow = config(name, 'timestamp+incrementing', { 'timestamp.initial': '-1' })
      await reads(fromNow, offsets, [])
      const moved = offsets.get(db.partition(name))
      assert.ok(Math.abs(Number(moved?.['timestamp']) - Date.now()) < 60_000)
      await reads(fromNow, offsets, [])
      assert.deepEqual(offsets.get(db.partition(name)), moved, 'now was asked for once')
      await reads(changed, offsets, [4, 5])
    })

    it('I6: a table that starts now keeps that moment while nothing runs', async () => {
      const name = await table()
      const offsets = new StoredOffsets()
      const settings = config(name, 'timestamp', { 'timestamp.initial': '-1' })
      await reads(settings, offsets, [])
      const moment = offsets.get(db.partition(name))
      assert.notEqual(moment, null)
      await reads(settings, offsets, [])
      assert.deepEqual(offsets.get(db.partition(name)), moment)
    })

    it('a key that the mode does not read moves nothing', async () => {
      const name = await table()
      const offsets = new StoredOffsets()
      await reads(config(name, 'incrementing'), offsets, [1, 2, 3, 4, 5])
      const other = config(name, 'incrementing', { 'timestamp.initial': String(at(1)) })
      await reads(other, offsets, [])
      const both = config(name, 'timestamp+incrementing', { 'incrementing.initial': '1' })
      const times = new StoredOffsets()
      await reads(config(name, 'timestamp+incrementing'), times, [1, 2, 3, 4, 5])
      await reads(both, times, [])
    })

    it('a new place that cannot be stored yet is not taken up; it is tried again', async () => {
      const name = await table()
      const offsets = new RefusingOffsets()
      await reads(config(name, 'incrementing', { 'incrementing.initial': '4' }), offsets, [5])
      offsets.refusals = 1
      const changed = config(name, 'incrementing', { 'incrementing.initial': '3' })
      const task = await startJdbcTask(changed, offsets)
      assert.match(String(task.conditions.at(-1)), /Retrying \(1\): no broker/)
      assert.deepEqual(fields(await task.read(2), 'id'), [4, 5])
      assert.equal(task.conditions.at(-1), null)
      await task.stop()
      assert.equal(offsets.get(db.partition(name))?.['start'], 'incrementing.initial=3')
    })

    it('a query moves as well', async () => {
      const name = await table()
      const offsets = new StoredOffsets()
      const full = db.partition(name).table
      const settings = (id: string): Config => {
        const { 'table.whitelist': _, ...rest } = config(name, 'incrementing')
        return { ...rest, query: `SELECT * FROM ${full}`, 'incrementing.initial': id }
      }
      await reads(settings('2'), offsets, [3, 4, 5])
      await reads(settings('2'), offsets, [])
      await reads(settings('4'), offsets, [5])
    })
  })
}

describe('timestamp.initial', () => {
  it('is refused when it is no time, or one that the clocks skip', async () => {
    const start = (value: string) =>
      startJdbcTask({
        'connection.url': 'jdbc:sqlite::memory:',
        mode: 'timestamp',
        'timestamp.column.name': 'ts',
        'topic.prefix': 'm-',
        'table.whitelist': 't',
        'db.timezone': 'Europe/Berlin',
        'timestamp.initial': value
      })
    await assert.rejects(start('soon'), /timestamp\.initial.*'soon' is not a time/)
    await assert.rejects(start('2026-03-29 02:30'), /does not exist in Europe\/Berlin/)
    await assert.rejects(start('99999999999999999'), /no time that a calendar knows/)
  })
})
