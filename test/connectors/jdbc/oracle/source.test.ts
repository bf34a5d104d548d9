import { dialectSuite } from '../../../support/dialect-suite.ts'
import { startOracleServer } from '../../../support/oracle/oracle-server.ts'
import { type OracleAccess, oracleConfig, realOracle } from '../../../support/real-oracle.ts'

/** Quotes every name written in lower case, so that it is not folded; texts and quoted names stay as they are. */
function keepCase(sql: string): string {
  return sql.replace(/\$\{[a-z.]+|'[^']*'|"[^"]*"|--.*|\b[a-z_][a-z0-9_]*\b/g, (found) =>
    /^[a-z_]/.test(found) ? `"${found}"` : found
  )
}

async function testServer(): Promise<OracleAccess> {
  const server = await startOracleServer()
  const { control } = server
  const url = `jdbc:oracle:thin:@//127.0.0.1:${server.port}/${server.service}`
  return {
    config: oracleConfig(url, server.user, server.password),
    exec: async (...statements) => void (await control.execute(statements)),
    partitionName: (table) => `${server.user}.${table}`,
    get slowQuery() {
      control.delayNext(20_000, { sql: /slow_query/ })
      return 'SELECT 1 AS slow_query FROM DUAL'
    },
    cutSessions: () => {
      control.dropSessions()
      return Promise.resolve()
    },
    close: () => server.stop()
  }
}

/** A database of Oracle's own when its address is given, else our server of its protocol. */
function access(): Promise<OracleAccess> {
  const { ORACLE_TEST_URL: url, ORACLE_TEST_USER: user, ORACLE_TEST_PASSWORD: word } = process.env
  if (url === undefined || url === '') return testServer()
  if (user === undefined || word === undefined) {
    throw new Error('ORACLE_TEST_URL wants ORACLE_TEST_USER and ORACLE_TEST_PASSWORD beside it')
  }
  return realOracle(url, user, word)
}

dialectSuite('Oracle', true, async () => {
  const database = await access()
  return {
    name: 'Oracle',
    config: database.config,
    exec: (...statements) => database.exec(...statements.map(keepCase)),
    quoted: (name) => `"${name}"`,
    partitionName: (table) => database.partitionName(table),
    types: { id: 'NUMBER(18)', timestamp: 'TIMESTAMP(6)', text: 'VARCHAR2(4000)' },
    keepCase,
    impossibleName: /"/,
    timestamp: (text) => `TIMESTAMP '${text}'`,
    get slowQuery() {
      return database.slowQuery
    },
    cutSessions: database.cutSessions,
    limit: (rows) => `FETCH FIRST ${rows} ROWS ONLY`,
    close: () => database.close()
  }
})
