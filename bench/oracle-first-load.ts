/**
 * `node bench/oracle-first-load.ts [--rows N] [--mode bulk|timestamp+incrementing]`: the first load of a
 * large table over Oracle's protocol, from the server of the tests (no Oracle Database) by a worker process
 * of its own. Uses KAFKA_BOOTSTRAP when set, else a broker of its own.
 */
import { parseArgs } from 'node:util'
import { type Bench, runBench } from './bench.ts'
import { nodeWorker } from './contenders.ts'
import { measure } from './measure.ts'
import { startOracleServerProcess } from './oracle-server-process.ts'
import type { TableAddress } from './oracle-table-server.ts'
import { usageOf } from './process-usage.ts'

const MODES = ['bulk', 'timestamp+incrementing']

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    mode: { type: 'string', multiple: true, default: MODES }
  }
})
const rows = Number(values.rows)
if (!(rows > 0) || values.mode.some((mode) => !MODES.includes(mode))) {
  console.error(`Usage: node bench/oracle-first-load.ts [--rows N] [--mode ${MODES.join('|')}]`)
  process.exit(1)
}

async function main(bench: Bench): Promise<void> {
  const { folder } = bench
  const bootstrap = await bench.broker()
  console.log(`Filling a table with ${rows} rows of 7 columns on the test server …`)
  const { address, pid } = await startOracleServerProcess(bench, rows)
  console.log(`It is full; the server's process has ${address.residentMb.toFixed(0)} MB`)
  for (const mode of values.mode) {
    const before = usageOf(pid).cpuSeconds
    const measured = await measure(nodeWorker, {
      bootstrap,
      folder,
      rows,
      table: 'BENCH_ROWS',
      connector: () => oracleConnector(address, mode)
    })
    const serverCpu = usageOf(pid).cpuSeconds - before
    console.log(
      `\n${mode}: ${rows} rows over Oracle's protocol
rows/s, first to last record       ${measured.rowsPerSecond.toFixed(0).padStart(9)}
rows/s, from POST to last record   ${measured.rowsPerSecondWall.toFixed(0).padStart(9)}
CPU seconds of the worker          ${measured.cpuSeconds.toFixed(1).padStart(9)}
CPU seconds of the test server     ${serverCpu.toFixed(1).padStart(9)}
peak resident MB of the worker     ${measured.peakResidentMb.toFixed(0).padStart(9)}
idle resident MB of the worker     ${measured.idleResidentMb.toFixed(0).padStart(9)}`
    )
  }
}

function oracleConnector(address: TableAddress, mode: string): Record<string, string> {
  const config = {
    'connection.url': `jdbc:oracle:thin:@//${address.connectString}`,
    'connection.user': address.user,
    'connection.password': address.password,
    'schema.pattern': address.user,
    'table.whitelist': `${address.user}.BENCH_ROWS`,
    mode
  }
  // The next poll would read the whole table again: it comes when all is over.
  if (mode === 'bulk') return { ...config, 'poll.interval.ms': '3600000' }
  return {
    ...config,
    'timestamp.column.name': 'UPDATED_AT',
    'incrementing.column.name': 'ID'
  }
}

await runBench(main)
