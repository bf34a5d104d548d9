import type { OffsetWords } from '../shared/sql-offsets.ts'
import { tableSql } from './write-statements.ts'

export const sqliteOffsetWords: OffsetWords = {
  tableSql,
  types: {
    cluster: 'TEXT',
    connector: 'TEXT',
    topic: 'TEXT',
    partition: 'INTEGER',
    number: 'INTEGER',
    owner: 'TEXT',
    topicId: 'TEXT',
    time: 'TEXT'
  },
  place: () => '?',
  numberOf: (place) => `CAST(${place} AS INTEGER)`,
  shown: (column) => `CAST(${column} AS TEXT)`,
  now: 'CURRENT_TIMESTAMP',
  insertMissing: ({ table, columns, values }) =>
    `INSERT INTO ${table} (${columns}) VALUES (${values}) ON CONFLICT DO NOTHING`
}
