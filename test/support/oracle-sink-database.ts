import { oracleDialect } from '../../src/connectors/jdbc/dialects/oracle/dialect.ts'
import { oracleTarget } from '../../src/connectors/jdbc/dialects/oracle/target.ts'
import { openOptions } from './open-dialect.ts'
import { driver } from './oracle/oracle-client.ts'
import { oracleAccess } from './oracle-access.ts'
import type { SinkDatabase } from './sink-databases.ts'

/** Oracle over its protocol, looked at through a session of the real driver; columns in small letters. */
export async function openOracleSinkDatabase(): Promise<SinkDatabase> {
  const access = await oracleAccess()
  const { 'connection.url': url = '', 'connection.user': user, ...more } = access.config
  const { 'connection.password': password } = more
  const { connectString } = oracleTarget(openOptions(oracleDialect, { url }))
  const client = await driver.getConnection({ user, password, connectString })
  return {
    config: {
      'connection.url': url,
      'connection.user': user ?? '',
      'connection.password': password ?? ''
    },
    async exec(...statements) {
      let answer: Record<string, unknown>[] = []
      for (const sql of statements) {
        const { rows = [], metaData = [] } = await client.execute(sql)
        const names = metaData.map(({ name }) => String(name).toLowerCase())
        answer = rows.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at]])))
      }
      // Of its own session nothing is left open.
      await client.commit()
      return answer
    },
    bigint: (value) => value,
    quoted: (name) => `"${name}"`,
    async close() {
      await client.close()
      await access.close()
    }
  }
}
