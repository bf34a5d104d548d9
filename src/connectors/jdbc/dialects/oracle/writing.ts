import { abortedError, type Dialect } from '../../database/database.ts'
import type { WritingDialect } from '../../database/writing.ts'
import { oracleRoom } from './column-room.ts'
import { oracleAddColumns, oracleColumnType, oracleCreateTable } from './ddl.ts'
import { oracleTarget } from './target.ts'
import { classified } from './write-errors.ts'
import { writeStatement } from './write-statements.ts'
import { offsetsTableSql } from '../shared/sql-offsets.ts'
import { oracleOffsetWords } from './offset-words.ts'

/** How Oracle is written to. */
export function oracleWriting(dialect: () => Dialect): WritingDialect {
  return {
    async open(options) {
      const target = oracleTarget(options)
      if (options.signal.aborted) throw abortedError()
      const { connectOracle } = await import('./session.ts')
      const { OracleWriteSession } = await import('./write-session.ts')
      try {
        return await connectOracle(
          target,
          options,
          (driver, session, settings) =>
            new OracleWriteSession(dialect(), driver, session, settings, options)
        )
      } catch (error) {
        throw classified(error)
      }
    },
    columnType: oracleColumnType,
    createTable: oracleCreateTable,
    addColumns: oracleAddColumns,
    createOffsetsTable: (table) => offsetsTableSql(table, oracleOffsetWords),
    giveRoom: (_, table, column, room) => Promise.resolve(oracleRoom(table, column, room)),
    statementText: (shape) => writeStatement(shape)?.sql ?? ''
  }
}
