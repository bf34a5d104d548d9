import type { OffsetWords } from '../shared/sql-offsets.ts'
import { tableName } from './write-statements.ts'

/** Texts that are the same only when each byte is. */
const ASCII = 'CHARACTER SET ascii COLLATE ascii_bin'
const UNICODE = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin'

export const mysqlOffsetWords: OffsetWords = {
  tableSql: tableName,
  types: {
    cluster: `VARCHAR(64) ${ASCII}`,
    connector: `VARCHAR(255) ${UNICODE}`,
    topic: `VARCHAR(249) ${ASCII}`,
    partition: 'INT',
    number: 'BIGINT',
    owner: `VARCHAR(255) ${UNICODE}`,
    topicId: `VARCHAR(64) ${ASCII}`,
    time: 'DATETIME(3)'
  },
  tableOptions: ' ENGINE=InnoDB',
  place: () => '?',
  numberOf: (place) => `CAST(${place} AS SIGNED)`,
  shown: (column) => `CAST(${column} AS CHAR)`,
  now: 'UTC_TIMESTAMP(3)',
  // IGNORE would hide what is wrong with values, too.
  insertMissing: ({ table, columns, values }) =>
    `INSERT INTO ${table} (${columns}) VALUES (${values}) ON DUPLICATE KEY UPDATE kafka_partition = kafka_partition`
}
