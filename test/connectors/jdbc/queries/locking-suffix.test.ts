import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fields, startJdbcTask } from '../../../support/jdbc-source.ts'
import { createPostgresDatabase } from '../../../support/postgres-database.ts'

describe('a suffix that locks the rows that are read', () => {
  for (const suffix of ['FOR UPDATE SKIP LOCKED', 'for no key update', 'FOR KEY SHARE']) {
    it(`is taken on PostgreSQL (${suffix})`, async () => {
      const database = await createPostgresDatabase()
      try {
        await database.exec(
          'CREATE TABLE jobs (id int PRIMARY KEY)',
          'INSERT INTO jobs VALUES (1), (2)'
        )
        const task = await startJdbcTask({
          ...database.config,
          'topic.prefix': '',
          'poll.interval.ms': '3600000',
          mode: 'incrementing',
          'incrementing.column.name': 'id',
          'table.whitelist': 'jobs',
          'query.suffix': suffix
        })
        assert.deepEqual(fields(await task.read(2), 'id'), [1, 2])
        await task.stop()
      } finally {
        await database.close()
      }
    })
  }
})
