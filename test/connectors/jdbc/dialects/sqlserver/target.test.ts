import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sqlServerDialect } from '../../../../../src/connectors/jdbc/dialects/sqlserver/dialect.ts'
import { openOptions } from '../../../../support/open-dialect.ts'
import { silentServer } from '../../../../support/silent-server.ts'

void describe('An address of SQL Server', () => {
  void it('I8: names a partner, who is asked when the first one is silent', async () => {
    const silent = await silentServer()
    try {
      const url = `jdbc:sqlserver://127.0.0.1:${silent.port};encrypt=false;failoverPartner=127.0.0.1:1;loginTimeout=8`
      await assert.rejects(
        sqlServerDialect.open(openOptions(sqlServerDialect, { url, user: 'sa', password: 'x' })),
        (error: Error) =>
          /^Could not connect to SQL Server at 127\.0\.0\.1:\d+: .*\d+ ?ms.*; Could not connect to SQL Server at 127\.0\.0\.1:1: .*ECONNREFUSED/.test(
            error.message
          )
      )
    } finally {
      await silent.close()
    }
  })
})
