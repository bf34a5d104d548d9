import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import pg from 'pg'
import { CopyIn } from '../../../../../src/connectors/jdbc/dialects/postgres/copy-in.ts'
import { postgresUrl } from '../../../../support/environment.ts'

describe('rows that are copied to PostgreSQL', () => {
  it('I9: fail their COPY alone when they cannot be made; the session goes on', async (t) => {
    const client = new pg.Client({ connectionString: postgresUrl() })
    await client.connect()
    t.after(() => client.end())
    await client.query('CREATE TEMP TABLE copied (id int)')
    const pieces = function* (): Generator<Uint8Array> {
      yield Buffer.from('1\n')
      throw new Error('no such row')
    }
    const copy = new CopyIn('COPY copied FROM STDIN', pieces())
    client.query(copy)
    await assert.rejects(copy.done, /no such row/)
    const { rows } = await client.query('SELECT count(*) FROM copied')
    assert.deepEqual(rows, [{ count: '0' }])
  })
})
