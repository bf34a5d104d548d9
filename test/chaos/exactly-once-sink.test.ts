import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, it } from 'node:test'
import { freeze, thaw } from '../support/frozen-process.ts'
import { Random } from '../support/random.ts'
import { openOracleSinkDatabase } from '../support/oracle-sink-database.ts'
import { sinkDatabases } from '../support/sink-databases.ts'
import { SEED } from './at-least-once.ts'
import { SinkLedger } from './sink-ledger.ts'

/** Rounds for each database: `CHAOS_KILLS`, or 5. */
const KILLS = Number(process.env['CHAOS_KILLS'] ?? 5)
const TIMEOUT_MS = 300_000 + KILLS * 60_000
const DATABASES = (process.env['CHAOS_DATABASES'] ?? 'PostgreSQL,MariaDB,SQLite,Oracle').split(',')
const all = [...sinkDatabases, { name: 'Oracle', open: openOracleSinkDatabase }]
const chosen = all.filter(({ name }) => DATABASES.includes(name))
/** A statement, or the call of Oracle's protocol (message 3, function 14 in a packet of data). */
const isCommit = (piece: Buffer): boolean =>
  /\bCOMMIT\b/.test(piece.toString('latin1')) ||
  (piece[4] === 6 && piece.includes('\x03\x0e', 10, 'latin1'))

for (const { name, open } of chosen) {
  void describe(`A sink that writes exactly once into ${name}`, () => {
    void it(`I15: has every record once after ${KILLS} kills and lost answers`, {
      timeout: TIMEOUT_MS
    }, async (t) => {
      t.diagnostic(`CHAOS_SEED=${SEED} CHAOS_KILLS=${KILLS}`)
      const random = new Random(SEED)
      const ledger = await SinkLedger.start(t, { open })
      const { proxy } = ledger
      let worker = await ledger.worker()
      // A file has one writer at a time.
      await ledger.configure(worker, name === 'SQLite' ? {} : { 'write.lanes': '2' })
      const faults: Readonly<Record<string, () => void>> = {
        // That of a claim, too, when it comes first.
        'an answer to COMMIT is lost': () => proxy?.loseAnswerTo(isCommit),
        'connections to the database break': () => proxy?.breakConnections(),
        'nothing else happens': () => undefined
      }
      for (let round = 1; round <= KILLS; round++) {
        await ledger.progress()
        const fault = random.pick(Object.keys(faults)) ?? ''
        faults[fault]?.()
        // A kill is to meet any moment of a transaction: what shows is always between two.
        await delay(random.below(400))
        await worker.kill()
        t.diagnostic(`round ${round}: ${fault}; the worker is killed`)
        // What the next one claims with.
        if (random.below(3) === 0) proxy?.loseAnswerTo(isCommit)
        worker = await ledger.worker()
      }
      await ledger.progress()
      t.diagnostic(`${await ledger.settle()} records, each once`)
    })
  })
}

/** Another session that keeps every insert into the ledger waiting, and whether one does. */
const LOCKS: Readonly<
  Record<string, { lock(table: string): string[]; waiting: string; unlock: string }>
> = {
  PostgreSQL: {
    lock: (table) => ['BEGIN', `LOCK TABLE ${table} IN SHARE MODE`],
    waiting: `SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
    unlock: 'COMMIT'
  },
  MariaDB: {
    lock: (table) => [`LOCK TABLES ${table} READ`],
    waiting: `SELECT id FROM information_schema.processlist WHERE state LIKE 'Waiting for table%' AND db = DATABASE()`,
    unlock: 'UNLOCK TABLES'
  }
}

for (const { name, open } of chosen.filter((each) => each.name in LOCKS)) {
  void describe(`A sink that writes exactly once into ${name}, and stands still`, () => {
    void it('I11, I15: wakes up in the middle of a transaction after another one has taken over', {
      timeout: TIMEOUT_MS
    }, async (t) => {
      const ledger = await SinkLedger.start(t, { open })
      const { database } = ledger
      const { lock, waiting, unlock } = LOCKS[name] as (typeof LOCKS)[string]
      const zombie = await ledger.worker()
      await ledger.configure(zombie, { 'tasks.max': '1' })
      await ledger.progress()
      const epochs = async (): Promise<number> => {
        const rows = await database.exec(
          `SELECT epoch FROM kafka_connect_sink_offsets WHERE connector = '${ledger.name}' ORDER BY epoch`
        )
        return Number(rows[0]?.['epoch'])
      }
      const before = await epochs()
      await database.exec(...lock(ledger.name))
      await ledger.waitFor(
        async () => (await database.exec(waiting)).length > 0,
        'a transaction waits for the table'
      )
      await freeze(zombie)
      await database.exec(unlock)
      const other = await ledger.worker()
      await ledger.waitFor(async () => (await epochs()) > before, 'the other one claims')
      await ledger.progress()
      thaw(zombie)
      await ledger.progress(200)
      assert.ok(await ledger.settle())
      await other.kill()
    })
  })
}

for (const { name, open } of chosen.filter((each) => each.name === 'PostgreSQL')) {
  void describe(`A sink that writes exactly once into ${name}, which falls back`, () => {
    void it('I15: writes again what the database has forgotten', {
      timeout: TIMEOUT_MS
    }, async (t) => {
      const ledger = await SinkLedger.start(t, { open })
      const { database, name: table } = ledger
      await ledger.configure(await ledger.worker())
      // Of a partition that was never claimed before, nobody could say where it was.
      await ledger.progressOfEach()
      const both = `LOCK TABLE kafka_connect_sink_offsets, ${table} IN EXCLUSIVE MODE`
      for (let round = 0; round < 3; round++) {
        await database.exec(
          'BEGIN',
          both,
          `DROP TABLE IF EXISTS older, older_offsets`,
          `CREATE TABLE older AS TABLE ${table}`,
          'CREATE TABLE older_offsets AS TABLE kafka_connect_sink_offsets',
          'COMMIT'
        )
        await ledger.progress(100)
        // Between two transactions of the sink, as a copy that was taken between two is.
        await database.exec(
          'BEGIN',
          both,
          `DELETE FROM ${table}`,
          `INSERT INTO ${table} TABLE older`,
          'DELETE FROM kafka_connect_sink_offsets',
          'INSERT INTO kafka_connect_sink_offsets TABLE older_offsets',
          'COMMIT'
        )
        // After the last time nothing may come any more that would show it.
        if (round < 2) await ledger.progress(100)
      }
      t.diagnostic(`${await ledger.settle()} records, each once`)
    })
  })
}
