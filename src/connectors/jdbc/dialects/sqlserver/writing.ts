import type { Dialect } from '../../database/database.ts'
import type { WritingDialect } from '../../database/writing.ts'
import { sqlServerRoom } from './column-room.ts'
import { sqlServerAddColumns, sqlServerColumnType, sqlServerCreateTable } from './ddl.ts'
import { sqlServerTarget } from './target.ts'
import { classified } from './write-errors.ts'
import { stagedStatement } from './write-statements.ts'
import { offsetsTableSql } from '../shared/sql-offsets.ts'
import { sqlServerOffsetWords } from './offset-words.ts'

/** How SQL Server is written to. */
export function sqlServerWriting(dialect: () => Dialect): WritingDialect {
  return {
    async open(options) {
      const target = sqlServerTarget(options)
      const { connectSqlServer } = await import('./session.ts')
      const { SqlServerWriteSession } = await import('./write-session.ts')
      try {
        const session = await connectSqlServer(
          target,
          options,
          (parts) => new SqlServerWriteSession({ ...parts, dialect: dialect() }, options)
        )
        const cut = (): void => session.abort()
        options.signal.addEventListener('abort', cut, { once: true })
        try {
          await session.start()
          return session
        } catch (error) {
          session.abort()
          throw error
        } finally {
          options.signal.removeEventListener('abort', cut)
        }
      } catch (error) {
        throw classified(error)
      }
    },
    columnType: sqlServerColumnType,
    createTable: sqlServerCreateTable,
    addColumns: sqlServerAddColumns,
    createOffsetsTable: (table) => offsetsTableSql(table, sqlServerOffsetWords),
    giveRoom: (_, table, column, room) => Promise.resolve(sqlServerRoom(table, column, room)),
    statementText(shape) {
      const statement = stagedStatement(shape)
      return statement === null ? '' : `${statement.create}; ${statement.apply}`
    }
  }
}
