import { dialectSuite } from '../../../../support/dialect-suite.ts'
import { oracleAccess } from '../../../../support/oracle-access.ts'

/**
 * Quotes every name written in lower case, so that it is not folded; texts and quoted names stay as they are.
 */
function keepCase(sql: string): string {
  return sql.replace(/\$\{[a-z.]+|'[^']*'|"[^"]*"|--.*|\b[a-z_][a-z0-9_]*\b/g, (found) =>
    /^[a-z_]/.test(found) ? `"${found}"` : found
  )
}

dialectSuite('Oracle', true, async () => {
  const database = await oracleAccess()
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
    slowQuery: database.slowQuery,
    cutSessions: database.cutSessions,
    limit: (rows) => `FETCH FIRST ${rows} ROWS ONLY`,
    close: () => database.close()
  }
})
