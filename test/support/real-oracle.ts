import { oracleDialect } from '../../src/connectors/jdbc/dialects/oracle/dialect.ts'
import { oracleTarget } from '../../src/connectors/jdbc/dialects/oracle/target.ts'
import type { TestDatabase } from './dialect-suite.ts'
import { openOptions } from './open-dialect.ts'
import { type Client, driver } from './oracle/oracle-client.ts'

/** What depends on how the database is reached, and on who runs it. */
export type OracleAccess = Pick<
  TestDatabase,
  'config' | 'exec' | 'partitionName' | 'cutSessions' | 'close' | 'slowQuery'
>

/** Keys of the connector for a user whose own tables are read. */
export function oracleConfig(
  url: string,
  user: string,
  password: string
): Readonly<Record<string, string>> {
  return {
    'connection.url': url,
    'connection.user': user,
    'connection.password': password,
    'schema.pattern': user,
    'numeric.mapping': 'best_fit'
  }
}

const OWN_TABLES = 'SELECT table_name FROM user_tables'

/** Of the two that our own server knows, the one whose types a database has. */
export async function realRelease(
  url: string,
  user: string,
  password: string
): Promise<'19c' | '23ai'> {
  const client = await logOn(url, user, password)
  const [major = '0'] = client.oracleServerVersionString.split('.')
  await client.close()
  return Number(major) >= 23 ? '23ai' : '19c'
}

/** A session of the real driver, at a JDBC address. */
export async function logOn(url: string, user: string, password: string): Promise<Client> {
  const { connectString } = oracleTarget(openOptions(oracleDialect, { url }))
  return await driver.getConnection({ user, password, connectString })
}

/**
 * A database of Oracle's own. The user needs CREATE SESSION, CREATE TABLE and a quota; for the test that cuts
 * sessions ALTER SYSTEM, and SELECT on V_$SESSION. Tables made meanwhile in its schema are dropped at the
 * end.
 */
export async function realOracle(
  url: string,
  userName: string,
  password: string
): Promise<OracleAccess> {
  const user = userName.toUpperCase()
  const client = await logOn(url, user, password)
  const names = async (): Promise<string[]> =>
    ((await client.execute(OWN_TABLES)).rows ?? []).map(([name]) => String(name))
  const present = new Set(await names())
  return {
    config: oracleConfig(url, user, password),
    exec: async (...statements) => {
      for (const sql of statements) await client.execute(sql)
      await client.commit()
    },
    partitionName: (table) => `${user}.${table}`,
    // Endless for our purposes; the optimizer has no short cut for it.
    slowQuery: {
      sql: 'SELECT COUNT(a.object_name || b.object_name || c.object_name) AS n FROM all_objects a CROSS JOIN all_objects b CROSS JOIN all_objects c',
      runs: async () => {
        const { rows = [] } = await client.execute(
          `SELECT sid FROM v$session WHERE username = :1 AND module = 'kafka-connect-node' AND status = 'ACTIVE'`,
          [user]
        )
        return rows.length > 0
      }
    },
    cutSessions: async () => {
      const { rows = [] } = await client.execute(
        `SELECT sid, serial# FROM v$session WHERE username = :1 AND module = 'kafka-connect-node'`,
        [user]
      )
      for (const [sid, serial] of rows) {
        await client.execute(
          `ALTER SYSTEM DISCONNECT SESSION '${String(sid)},${String(serial)}' IMMEDIATE`
        )
      }
    },
    close: async () => {
      for (const name of await names()) {
        if (!present.has(name))
          await client.execute(`DROP TABLE "${name}" CASCADE CONSTRAINTS PURGE`)
      }
      await client.close()
    }
  }
}
