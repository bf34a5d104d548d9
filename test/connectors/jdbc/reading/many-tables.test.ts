import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Clock, systemClock } from '../../../../src/clock.ts'
import { jdbcSourceConfig } from '../../../../src/connectors/jdbc/settings/source-config.ts'
import { jdbcSourcePlugin } from '../../../../src/connectors/jdbc/source/source-plugins.ts'
import { JdbcSourceTask } from '../../../../src/connectors/jdbc/source/source-task.ts'
import type { SourceConnectorPlugin } from '../../../../src/plugin/source.ts'
import { fields, startJdbcTask, StoredOffsets } from '../../../support/jdbc-source.ts'
import { createMysqlDatabase, type TestDatabase } from '../../../support/mysql-database.ts'
import { createPostgresDatabase } from '../../../support/postgres-database.ts'
import { Random } from '../../../support/random.ts'
import { until } from '../../../support/until.ts'

const TABLES = 60
const SPEED = 4

/** Time passes faster for the task: its poll interval is that of default settings, five seconds. */
const fastClock: Clock = {
  ...systemClock,
  monotonicMs: () => performance.now() * SPEED,
  sleep: (ms, signal) => systemClock.sleep(ms / SPEED, signal)
}
const plugin: SourceConnectorPlugin = {
  ...jdbcSourcePlugin,
  createTask: (...given) => new JdbcSourceTask(jdbcSourceConfig, ...given, fastClock)
}

function suite(name: string, create: () => Promise<TestDatabase>): void {
  describe(`${name}: ${TABLES} tables of one task in default settings`, () => {
    it('I6, I8: bursts whose ids have gaps come all, each row once and in the order of its ids, restart included', {
      timeout: 280_000
    }, async (t) => {
      const db = await create()
      t.after(() => db.close())
      const random = new Random(7)
      const tables = Array.from({ length: TABLES }, (_, index) => `t${index}`)
      const written = new Map(tables.map((table): [string, number[]] => [table, []]))
      const come = new Map(tables.map((table): [string, unknown[]] => [table, []]))
      for (const table of tables) {
        await db.exec(`CREATE TABLE ${table} (id BIGINT PRIMARY KEY, v VARCHAR(20) NOT NULL)`)
      }
      /**
       * Rows in some of the tables, in one transaction that commits; another one, between them, is rolled
       * back.
       */
      const burst = async (exec: TestDatabase['exec']): Promise<void> => {
        await exec('BEGIN')
        for (const table of tables.filter(() => random.chance(0.4))) {
          const ids = written.get(table) as number[]
          const count = random.pick([1, 3, 150, 700]) as number
          const added: number[] = []
          let id = ids.at(-1) ?? 0
          for (let row = 0; row < count; row++) added.push((id += random.within(1, 40)))
          await exec(
            `INSERT INTO ${table} VALUES ${added.map((each) => `(${each}, 'x')`).join(',')}`
          )
          ids.push(...added)
        }
        await exec('COMMIT')
      }
      await burst(db.exec)
      const offsets = new StoredOffsets()
      const config = {
        ...db.config,
        'topic.prefix': 'x-',
        mode: 'incrementing',
        'incrementing.column.name': 'id',
        'table.whitelist': tables.join()
      }
      let task = await startJdbcTask(config, offsets, plugin)
      t.after(() => task.stop())
      /** Polls while `work` is done, and then until every row has come. */
      const readAll = async (work: () => Promise<void>): Promise<void> => {
        let done = false
        const working = work().finally(() => {
          done = true
        })
        await until(
          async () => {
            for (let polls = 0; polls < 100; polls++) {
              const records = await task.poll()
              offsets.commit(records)
              for (const record of records) {
                come.get(record.topic.slice('x-'.length))?.push(...fields([record], 'id'))
              }
            }
            return (
              done &&
              tables.every((table) => come.get(table)?.length === written.get(table)?.length)
            )
          },
          'every row came',
          120_000
        )
        await working
      }
      const writer = await db.connect()
      await readAll(async () => {
        for (let bursts = 0; bursts < 3; bursts++) await burst(writer)
      })
      await task.stop()
      await burst(writer)
      task = await startJdbcTask(config, offsets, plugin)
      await readAll(() => burst(writer))
      for (const table of tables) assert.deepEqual(come.get(table), written.get(table), table)
      // InnoDB's list is new ten times a second at the most, and each table asks for it: on a quick
      // clock some look back instead, and say so.
      const told = task.conditions.flatMap((text) => text?.split('; ') ?? [])
      const allowed = /is due since|INNODB_TRX is read so often|^the last \d+ ms are read again$/
      assert.deepEqual(
        told.filter((text) => !allowed.test(text)),
        []
      )
    })
  })
}

suite('PostgreSQL', createPostgresDatabase)
suite('MariaDB', createMysqlDatabase)
