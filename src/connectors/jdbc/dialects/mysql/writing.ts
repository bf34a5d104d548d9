import type { Dialect } from '../../database/database.ts'
import type { WritingDialect } from '../../database/writing.ts'
import { mysqlRoom } from './column-room.ts'
import { mysqlAddColumns, mysqlColumnType, mysqlCreateTable } from './ddl.ts'
import { openMysql } from './opening.ts'
import { mysqlTarget } from './target.ts'
import { classified } from './write-errors.ts'
import { MysqlWriteSession } from './write-session.ts'
import { statementText } from './write-statements.ts'
import { offsetsTableSql } from '../shared/sql-offsets.ts'
import { mysqlOffsetWords } from './offset-words.ts'

/** How MySQL and MariaDB are written to. */
export function mysqlWriting(dialect: () => Dialect): WritingDialect {
  return {
    async open(options) {
      const settings = mysqlTarget(options, 'writes')
      const session = await openMysql(
        options,
        settings,
        dialect(),
        (parts) => new MysqlWriteSession(parts, options)
      ).catch((error: unknown) => {
        throw classified(error)
      })
      const cut = (): void => session.abort()
      options.signal.addEventListener('abort', cut, { once: true })
      try {
        await session.start(settings.setsIsolation)
        return session
      } catch (error) {
        session.abort()
        throw error
      } finally {
        options.signal.removeEventListener('abort', cut)
      }
    },
    columnType: mysqlColumnType,
    createTable: mysqlCreateTable,
    addColumns: mysqlAddColumns,
    createOffsetsTable: (table) => offsetsTableSql(table, mysqlOffsetWords),
    giveRoom: mysqlRoom,
    // As MariaDB and all versions of MySQL understand it.
    statementText: (shape) => statementText(shape, { isMariaDb: true, namesRows: false })
  }
}
