/**
 * `node bench/oracle-table-server.ts ROWS`, started by oracle-server-process.ts with a channel: the server of
 * the tests that speaks Oracle's protocol, with one table. Tells its parent where it is once the table is
 * full, and ends with the channel.
 */
import { startOracleServer } from '../test/support/oracle/oracle-server.ts'

/** Where the table is. */
export interface TableAddress {
  readonly connectString: string
  readonly user: string
  readonly password: string
  readonly residentMb: number
}

/** Rows inserted by one statement. */
const CHUNK = 20_000

const rows = Number(process.argv[2])
process.once('disconnect', () => process.exit(0))
const server = await startOracleServer()
const { control } = server
await control.execute([
  `CREATE TABLE bench_rows (
    id         NUMBER(18) PRIMARY KEY,
    customer   VARCHAR2(40) NOT NULL,
    amount     NUMBER(12, 2) NOT NULL,
    city       VARCHAR2(40),
    created_at TIMESTAMP(6) NOT NULL,
    updated_at TIMESTAMP(6) NOT NULL,
    note       VARCHAR2(100))`,
  'CREATE INDEX bench_rows_changes ON bench_rows (updated_at, id)',
  `INSERT INTO bench_rows VALUES (1, 'customer number 1', 0.01, 'city 1', TIMESTAMP '2026-01-01 00:00:00.001',
    TIMESTAMP '2026-01-02 00:00:00.001', 'a note of some length about order 1')`
])
for (let filled = 1; filled < rows; ) {
  const count = Math.min(filled, CHUNK, rows - filled)
  const id = `(id + ${filled})`
  const later = `NUMTODSINTERVAL(${filled} / 1000, 'SECOND')`
  await control.execute(
    `INSERT INTO bench_rows
     SELECT ${id}, 'customer number ' || ${id}, MOD(${id}, 1000000) / 100, 'city ' || MOD(${id}, 500),
       created_at + ${later}, updated_at + ${later}, 'a note of some length about order ' || ${id}
     FROM bench_rows WHERE id <= ${count}`
  )
  filled += count
}
const { connectString, user, password } = server
const residentMb = process.memoryUsage.rss() / 2 ** 20
process.send?.({ connectString, user, password, residentMb } satisfies TableAddress)
