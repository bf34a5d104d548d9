import type { OffsetWords } from '../shared/sql-offsets.ts'
import { tableSql } from './write-statements.ts'

export const postgresOffsetWords: OffsetWords = {
  tableSql: (id) => tableSql({ id }),
  types: {
    cluster: 'text',
    connector: 'text',
    topic: 'text',
    partition: 'int',
    number: 'bigint',
    owner: 'text',
    topicId: 'text',
    time: 'timestamptz'
  },
  place: (index) => `$${index}`,
  textOf: (place) => `${place}::text`,
  numberOf: (place) => `${place}::bigint`,
  shown: (column) => `${column}::text`,
  now: 'CURRENT_TIMESTAMP',
  lasting: 'SET LOCAL synchronous_commit TO on',
  insertMissing: ({ table, columns, values }) =>
    `INSERT INTO ${table} (${columns}) VALUES (${values}) ON CONFLICT DO NOTHING`
}
