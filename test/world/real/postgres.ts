import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { until } from '../../support/until.ts'
import type { CopyPlace, Home, Session, WorldDatabase } from './database.ts'
import { literal, throughRestart, unlessAbsent } from './database.ts'
import type { RealPlan, TablePlan } from './plan.ts'

const quoted = (name: string): string => `"${name}"`
/** The ids of a table. */
const ids = (table: TablePlan): string => quoted(`${table.name} ids`)

/** A database and a role for each world: transactions in others are not waited for. */
export function postgresWorlds(url: string, restart: (() => Promise<void>) | null): WorldDatabase {
  return {
    home: (plan) => postgresHome(url, plan),
    restart,
    close: () => Promise.resolve()
  }
}

/**
 * Waits for a server that restarts as part of the story: what is to be done to a world is done all the same.
 */
async function connect(url: string): Promise<pg.Client> {
  return await until(async () => {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
    // A session that is ended says so at its next statement.
    client.on('error', () => undefined)
    await client.connect()
    return client
  }, 'PostgreSQL takes a connection')
}

async function postgresHome(server: string, plan: RealPlan): Promise<Home> {
  const name = plan.name.replaceAll('-', '_')
  const writer = `${name}_w`
  const url = new URL(server)
  const once = (where: string, ...statements: string[]): Promise<pg.QueryResult[]> =>
    throughRestart(() => run(where, statements), [])
  const run = async (where: string, statements: string[]): Promise<pg.QueryResult[]> => {
    const client = await connect(where)
    try {
      const results: pg.QueryResult[] = []
      for (const statement of statements) results.push(await client.query(statement))
      return results
    } finally {
      await client.end()
    }
  }
  await once(
    server,
    `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`,
    `DROP ROLE IF EXISTS ${name}`,
    `DROP ROLE IF EXISTS ${writer}`,
    `CREATE ROLE ${name} LOGIN PASSWORD 'reader'`,
    `CREATE ROLE ${writer} LOGIN PASSWORD 'writer'`,
    `CREATE DATABASE ${name}`
  )
  if (plan.seesTransactions) await once(server, `GRANT pg_monitor TO ${name}`)
  url.pathname = `/${name}`
  const own = url.toString()
  const stamp = (table: TablePlan): string =>
    table.wallClock ? `(clock_timestamp() AT TIME ZONE '${plan.zone}')` : 'clock_timestamp()'
  await once(own, `GRANT CREATE ON SCHEMA public TO ${writer}`)
  const endSessions = async (role = name): Promise<void> => {
    await once(
      server,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role}'`
    )
  }
  const lock = async (role = name): Promise<void> => {
    await once(server, `ALTER ROLE ${role} NOLOGIN`)
    await endSessions(role)
  }
  const unlock = async (role = name): Promise<void> =>
    void (await once(server, `ALTER ROLE ${role} LOGIN`))
  const copies: CopyPlace = {
    config: {
      'connection.url': `jdbc:postgresql://${url.host}/${name}`,
      'connection.user': writer,
      'connection.password': 'writer'
    },
    quoted,
    types: { text: 'text', whole: 'bigint', amount: 'numeric(10,2)', moment: 'timestamptz' },
    create: async (table, columns) =>
      void (await once(
        own,
        `CREATE TABLE ${quoted(table)} (${columns})`,
        `ALTER TABLE ${quoted(table)} OWNER TO ${writer}`
      )),
    run: async (sql) => void (await once(own, sql)),
    rows: (table, columns) =>
      unlessAbsent(
        once(own, `SELECT ${columns.map(quoted).join()} FROM ${quoted(table)}`).then(([found]) =>
          ((found?.rows ?? []) as Record<string, unknown>[]).map((row) =>
            columns.map((column) => row[column])
          )
        )
      ),
    endSessions: () => endSessions(writer),
    lockAccount: () => lock(writer),
    unlockAccount: () => unlock(writer),
    async hold(table, forMs) {
      const client = await connect(own)
      await client.query('BEGIN').catch(() => undefined)
      await client.query(`LOCK TABLE ${quoted(table)} IN EXCLUSIVE MODE`).catch(() => undefined)
      await delay(forMs)
      await client.end()
    },
    revoke: async (table) =>
      void (await once(own, `REVOKE INSERT, UPDATE ON ${quoted(table)} FROM ${writer}`)),
    grant: async (table) =>
      void (await once(own, `GRANT INSERT, UPDATE ON ${quoted(table)} TO ${writer}`))
  }
  return {
    config: {
      'connection.url': `jdbc:postgresql://${url.host}/${name}`,
      'connection.user': name,
      'connection.password': 'reader'
    },
    listed: (table) => `public.${quoted(table.name)}`,
    async createTable(table) {
      const time = table.wallClock ? 'timestamp(3)' : 'timestamptz'
      await once(
        own,
        `CREATE SEQUENCE ${ids(table)} INCREMENT ${table.step} START ${table.from}`,
        `CREATE TABLE ${quoted(table.name)} (id bigint NOT NULL DEFAULT nextval('${ids(table)}'), code text PRIMARY KEY,
          version bigint NOT NULL, changed ${time} NOT NULL DEFAULT ${stamp(table)}, amount numeric(10,2), note text)`,
        `CREATE UNIQUE INDEX ON ${quoted(table.name)} (id)`,
        `CREATE INDEX ON ${quoted(table.name)} (changed, id)`,
        `GRANT SELECT ON ${quoted(table.name)} TO ${name}`
      )
    },
    insert: (table, row) =>
      `INSERT INTO ${quoted(table.name)} (code, version, amount, note) VALUES (${literal(row.code)}, ${row.version}, ${row.amount}, ${literal(row.note)})`,
    insertMany: (table, row, count) =>
      `INSERT INTO ${quoted(table.name)} (code, version, amount, note) SELECT ${literal(`${row.code}.`)} || g, ${row.version} + g, ${row.amount}, ${literal(row.note)} FROM generate_series(0, ${count - 1}) g`,
    update: (table, row) =>
      `UPDATE ${quoted(table.name)} SET version = ${row.version}, amount = ${row.amount}, note = ${literal(row.note)}, changed = ${stamp(table)} WHERE code = ${literal(row.code)} AND version < ${row.version}`,
    session: async () => postgresSession(await connect(own)),
    async rows(table) {
      const [found] = await once(own, `SELECT code, version, id FROM ${quoted(table.name)}`)
      const rows = (found?.rows ?? []) as Record<'code' | 'version' | 'id', string>[]
      return rows.map(({ code, version, id }) => ({
        code,
        version: Number(version),
        id: BigInt(id)
      }))
    },
    endSessions: () => endSessions(),
    grant: async (table) =>
      void (await once(own, `GRANT SELECT ON ${quoted(table.name)} TO ${name}`)),
    revoke: async (table) =>
      void (await once(own, `REVOKE SELECT ON ${quoted(table.name)} FROM ${name}`)),
    hide: async (table) =>
      void (await once(own, `ALTER TABLE ${quoted(table.name)} RENAME TO "away ${table.name}"`)),
    show: async (table) =>
      void (await once(own, `ALTER TABLE "away ${table.name}" RENAME TO ${quoted(table.name)}`)),
    lock: () => lock(),
    unlock: () => unlock(),
    copies,
    addColumn: async (table, column) =>
      void (await once(own, `ALTER TABLE ${quoted(table.name)} ADD COLUMN ${column} int`)),
    empty: async (table) => void (await once(own, `TRUNCATE ${quoted(table.name)}`)),
    async close() {
      await once(
        server,
        `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`,
        `DROP ROLE ${name}`,
        `DROP ROLE ${writer}`
      )
    }
  }
}

function postgresSession(client: pg.Client): Session {
  const run = async (sql: string): Promise<void> => void (await client.query(sql))
  return {
    async begin() {
      await run('BEGIN')
      await run("SET LOCAL lock_timeout = '500ms'")
    },
    run,
    commit: () => run('COMMIT'),
    rollback: () => run('ROLLBACK'),
    close: () => client.end()
  }
}
