import type { OffsetWords } from '../shared/sql-offsets.ts'
import { tableName } from './write-statements.ts'

export const oracleOffsetWords: OffsetWords = {
  tableSql: tableName,
  types: {
    cluster: 'VARCHAR2(64)',
    connector: 'VARCHAR2(255 CHAR)',
    topic: 'VARCHAR2(249)',
    partition: 'NUMBER(10,0)',
    number: 'NUMBER(19,0)',
    owner: 'VARCHAR2(255 CHAR)',
    topicId: 'VARCHAR2(64)',
    time: 'TIMESTAMP(3)'
  },
  place: (index) => `:${index}`,
  numberOf: (place) => `TO_NUMBER(${place})`,
  shown: (column) => `TO_CHAR(${column})`,
  now: 'SYS_EXTRACT_UTC(SYSTIMESTAMP)',
  // Of two that insert the same row at a time the second one waits, and is refused: a conflict, tried again.
  insertMissing: ({ table, columns, values, exists }) =>
    `INSERT INTO ${table} (${columns}) SELECT ${values} FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM ${table} WHERE ${exists})`
}
