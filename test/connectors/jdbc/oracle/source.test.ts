import { dialectSuite } from '../../../support/dialect-suite.ts'
import { startOracleServer } from '../../../support/oracle/oracle-server.ts'

/** Quotes every name written in lower case, so that it is not folded; texts and quoted names stay as they are. */
function keepCase(sql: string): string {
  return sql.replace(/'[^']*'|"[^"]*"|--.*|\b[a-z_][a-z0-9_]*\b/g, (found) =>
    /^[a-z_]/.test(found) ? `"${found}"` : found
  )
}

dialectSuite('Oracle', true, async () => {
  const server = await startOracleServer()
  const { control } = server
  return {
    name: 'Oracle',
    config: {
      'connection.url': `jdbc:oracle:thin:@//127.0.0.1:${server.port}/${server.service}`,
      'connection.user': server.user,
      'connection.password': server.password,
      'schema.pattern': server.user,
      'numeric.mapping': 'best_fit'
    },
    exec: async (...statements) => void (await control.execute(statements.map(keepCase))),
    quoted: (name) => `"${name}"`,
    partitionName: (table) => `${server.user}.${table}`,
    types: { id: 'NUMBER(18)', timestamp: 'TIMESTAMP(6)', text: 'VARCHAR2(4000)' },
    keepCase,
    impossibleName: /"/,
    timestamp: (text) => `TIMESTAMP '${text}'`,
    get slowQuery() {
      control.delayNext(20_000, { sql: /slow_query/ })
      return 'SELECT 1 AS slow_query FROM DUAL'
    },
    cutSessions: () => {
      control.dropSessions()
      return Promise.resolve()
    },
    limit: (rows) => `FETCH FIRST ${rows} ROWS ONLY`,
    close: () => server.stop()
  }
})
