import { oracleAccess } from './oracle-access.ts'
import { logOn } from './real-oracle.ts'
import type { SinkDatabase } from './sink-databases.ts'

/** Oracle over its protocol, looked at through a session of the real driver; columns in small letters. */
export async function openOracleSinkDatabase(): Promise<SinkDatabase> {
  const access = await oracleAccess()
  const {
    'connection.url': url = '',
    'connection.user': user = '',
    'connection.password': password = ''
  } = access.config
  const client = await logOn(url, user, password)
  return {
    config: { 'connection.url': url, 'connection.user': user, 'connection.password': password },
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
