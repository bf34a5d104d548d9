import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { freeze, thaw } from '../support/frozen-process.ts'
import { openOracleSinkDatabase } from '../support/oracle-sink-database.ts'
import { sinkDatabases } from '../support/sink-databases.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { SinkLedger } from './sink-ledger.ts'

const TIMEOUT_MS = 600_000
/** A multiple of the number of partitions, so that a key is always in the same one. */
const KEYS = 150
/** Longer than the session of a member lasts. */
const FROZEN_MS = 6000
/** A file has one writer at a time. `endsIdle`: the server ends transactions in which nothing happens. */
const chosen = [
  ...sinkDatabases
    .filter(({ name }) => name !== 'SQLite')
    .map((database) => ({ ...database, endsIdle: true })),
  { name: 'Oracle', open: openOracleSinkDatabase, endsIdle: false }
]

for (const { name, open, endsIdle } of chosen) {
  void describe(`A sink that writes the newest of each key into ${name}, at least once`, () => {
    void it('I11: stands still in the middle, and goes on when another one has taken over', {
      timeout: TIMEOUT_MS
    }, async (t) => {
      const ledger = await SinkLedger.start(t, { open, keys: KEYS })
      const zombie = await ledger.worker()
      await ledger.configure(zombie)
      await ledger.progress(1000)
      const other = await ledger.worker()
      for (let round = 0; round < 3; round++) {
        await freeze(zombie)
        // The other one writes what both did, unless rows stay locked.
        await (endsIdle ? ledger.progressOfEach() : delay(FROZEN_MS))
        thaw(zombie)
        await ledger.progress(1000)
      }
      t.diagnostic(`${await ledger.settle()} records`)
      await other.kill()
    })

    void it('I11: is cut off from Kafka alone, and comes back when another one has taken over', {
      timeout: TIMEOUT_MS
    }, async (t) => {
      const ledger = await SinkLedger.start(t, { open, keys: KEYS })
      const proxy = await startTcpProxy(ledger.bootstrap)
      t.after(() => proxy.close())
      const cutOff = await ledger.worker(proxy.address)
      await ledger.configure(cutOff)
      await ledger.progress(1000)
      await ledger.worker()
      for (let round = 0; round < 3; round++) {
        // It has the database all the while, and records that it read before.
        proxy.stall()
        await ledger.progressOfEach()
        proxy.resume()
        await ledger.progress(1000)
      }
      t.diagnostic(`${await ledger.settle()} records`)
    })
  })
}
