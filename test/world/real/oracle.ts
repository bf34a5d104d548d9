import { type Client, logOn } from '../../support/oracle/oracle-client.ts'
import { startOracleServer } from '../../support/oracle/oracle-server.ts'
import { oracleConfig } from '../../support/real-oracle.ts'
import type { Home, WorldDatabase } from './database.ts'
import { literal, unlessAbsent } from './database.ts'
import type { TablePlan } from './plan.ts'

/** Errors that pass by themselves, wherever they come. */
const PASSING = [28, 1012, 3113, 2396, 12_850, 12_801, 4031]

/** A server of Oracle's protocol for each world. */
export function oracleWorlds(): WorldDatabase {
  return { home: oracleHome, restart: null, close: () => Promise.resolve() }
}

async function oracleHome(plan: { readonly zone: string }): Promise<Home> {
  const server = await startOracleServer()
  const { control } = server
  const clients = new Set<Client>()
  const taken = new Map<string, number>()
  // The server has no sequences: ids are handed out here, in the same order.
  const nextId = ({ name, step, from }: TablePlan): number => {
    const id = (taken.get(name) ?? from - step) + step
    taken.set(name, id)
    return id
  }
  const stamp = ({ wallClock }: TablePlan): string =>
    wallClock ? `CAST(SYSTIMESTAMP AT TIME ZONE '${plan.zone}' AS TIMESTAMP)` : 'SYSTIMESTAMP'
  const exec = async (...statements: string[]): Promise<void> =>
    void (await control.execute(statements))
  const nothing = (): Promise<void> => Promise.resolve()
  const oracleConnection = {
    'connection.url': `jdbc:oracle:thin:@//127.0.0.1:${server.port}/${server.service}`,
    'connection.user': server.user,
    'connection.password': server.password
  }
  return {
    config: {
      ...oracleConfig(
        oracleConnection['connection.url'],
        oracleConnection['connection.user'],
        oracleConnection['connection.password']
      ),
      'connection.backoff.ms': '200'
    },
    listed: (table) => table.name,
    createTable: (table) =>
      exec(
        `CREATE TABLE ${table.name} (ID NUMBER(18) NOT NULL, CODE VARCHAR2(60) NOT NULL PRIMARY KEY, VERSION NUMBER(18) NOT NULL, CHANGED ${table.wallClock ? 'TIMESTAMP(6)' : 'TIMESTAMP(6) WITH TIME ZONE'} NOT NULL, AMOUNT NUMBER(10,2), NOTE VARCHAR2(200))`
      ),
    insert: (table, row) =>
      `INSERT INTO ${table.name} (ID, CODE, VERSION, CHANGED, AMOUNT, NOTE) VALUES (${nextId(table)}, ${literal(row.code)}, ${row.version}, ${stamp(table)}, ${row.amount}, ${literal(row.note)})`,
    insertMany: () => null,
    update: (table, row) =>
      `UPDATE ${table.name} SET VERSION = ${row.version}, CHANGED = ${stamp(table)}, AMOUNT = ${row.amount}, NOTE = ${literal(row.note)} WHERE CODE = ${literal(row.code)} AND VERSION < ${row.version}`,
    async session() {
      const client = await logOn(server)
      clients.add(client)
      return {
        begin: nothing,
        run: async (sql) => void (await client.execute(sql)),
        commit: () => client.commit(),
        rollback: () => client.rollback(),
        async close() {
          clients.delete(client)
          await client.close()
        }
      }
    },
    async rows(table) {
      const rows = await control.execute(`SELECT CODE, VERSION, ID FROM ${table.name}`)
      return rows.map(([code, version, id]) => ({
        code: String(code),
        version: Number(version),
        id: BigInt(id ?? '0')
      }))
    },
    endSessions() {
      // Writers stay: only what the connector asks meets the error.
      for (const code of PASSING.slice(0, 3)) control.failNext(code, { sql: /SELECT/ })
      return Promise.resolve()
    },
    grant: nothing,
    revoke: nothing,
    hide: nothing,
    show: nothing,
    lock() {
      control.refuseLogons(28_000)
      control.failNext(12_850, { sql: /TRANSACTION/ })
      control.failNext(28, { sql: /SELECT/ })
      return Promise.resolve()
    },
    unlock() {
      control.refuseLogons(null)
      return Promise.resolve()
    },
    addColumn: nothing,
    empty: (table) => exec(`DELETE FROM ${table.name}`),
    copies: {
      config: oracleConnection,
      quoted: (one) => `"${one}"`,
      types: {
        text: 'VARCHAR2(200)',
        whole: 'NUMBER(18)',
        amount: 'NUMBER(10,2)',
        moment: 'TIMESTAMP(6)'
      },
      create: (table, columns) => exec(`CREATE TABLE ${table} (${columns})`),
      run: (sql) => exec(sql),
      rows: (table, columns) =>
        unlessAbsent(
          control.execute(`SELECT ${columns.map((one) => `"${one}"`).join()} FROM ${table}`)
        ),
      endSessions() {
        for (const code of PASSING.slice(0, 3)) control.failNext(code, { sql: /INSERT|MERGE/ })
        return Promise.resolve()
      },
      lockAccount: nothing,
      unlockAccount: nothing,
      hold: nothing,
      revoke: nothing,
      grant: nothing
    },
    async close() {
      for (const client of clients) await client.close()
      await server.stop()
      const [failure] = control.failures
      if (failure !== undefined) throw failure
    }
  }
}
