import type { OffsetWords } from '../shared/sql-offsets.ts'
import { tableName } from './write-statements.ts'

/** Texts that are the same only when each byte is, whatever the database compares otherwise. */
const BINARY = 'COLLATE Latin1_General_100_BIN2'

export const sqlServerOffsetWords: OffsetWords = {
  tableSql: tableName,
  // A key takes 900 bytes.
  types: {
    cluster: `VARCHAR(64) ${BINARY}`,
    connector: `NVARCHAR(255) ${BINARY}`,
    topic: `VARCHAR(249) ${BINARY}`,
    partition: 'INT',
    number: 'BIGINT',
    owner: `NVARCHAR(255) ${BINARY}`,
    topicId: `VARCHAR(64) ${BINARY}`,
    time: 'DATETIME2(3)'
  },
  place: (index) => `@p${index}`,
  // Parameters are NVARCHAR: compared with those, a column of VARCHAR would not be looked up in its index.
  textOf: (place, type) => `CONVERT(${type.replace(` ${BINARY}`, '')}, ${place}) ${BINARY}`,
  numberOf: (place) => `CONVERT(BIGINT, ${place})`,
  shown: (column) => `CONVERT(VARCHAR(20), ${column})`,
  now: 'SYSUTCDATETIME()',
  // Rows of other partitions are others': a scan would wait for their locks.
  updateHint: ' WITH (ROWLOCK, FORCESEEK)',
  insertMissing: ({ table, columns, values, exists }) =>
    `INSERT INTO ${table} (${columns}) SELECT ${values} WHERE NOT EXISTS (SELECT 1 FROM ${table} WITH (UPDLOCK, HOLDLOCK) WHERE ${exists})`
}
