import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Row } from '../../../../../src/connectors/jdbc/database/database.ts'
import { OracleDictionary } from '../../../../../src/connectors/jdbc/dialects/oracle/dictionary.ts'
import { OracleQuestions } from '../../../../../src/connectors/jdbc/dialects/oracle/questions.ts'
import { oracleDialect } from '../../../../../src/connectors/jdbc/dialects/oracle/dialect.ts'
import { recordingLog } from '../../../../support/recording-log.ts'

describe('columns of Oracle', () => {
  it('that somebody made invisible are told apart; those of the database itself are not there', async () => {
    const asked: string[] = []
    const session = {
      ask: (sql: string): Promise<Row[]> => {
        asked.push(sql)
        if (!sql.includes('all_tab_cols')) return Promise.resolve([])
        return Promise.resolve([
          ['V', 'NUMBER', 9, 0, 'Y', null, 'NO', 'NO'],
          ['ID', 'NUMBER', 18, 0, 'N', null, 'YES', 'YES']
        ])
      },
      describeQuery: () => Promise.resolve([])
    }
    const questions = new OracleQuestions(session, recordingLog().log)
    const columns = await new OracleDictionary(oracleDialect, questions).columns({
      catalog: null,
      schema: 'APP',
      table: 'HID'
    })
    assert.deepEqual(
      columns.map(({ name, isInvisible }) => [name, isInvisible]),
      [
        ['V', false],
        ['ID', true]
      ]
    )
    assert.match(asked[0] ?? '', /hidden_column = 'NO' OR user_generated = 'YES'/)
  })
})
