import { openSqliteFile } from './sqlite-file.ts'
import { createMysqlDatabase } from './mysql-database.ts'
import { createPostgresDatabase } from './postgres-database.ts'

/** A database of its own that a sink writes to. */
export interface SinkDatabase {
  readonly config: Readonly<Record<string, string>>
  /** The rows of the last statement. */
  exec(...statements: string[]): Promise<Record<string, unknown>[]>
  /** How its driver answers this number in a column of 64 bits. */
  bigint(value: number): unknown
  quoted(name: string): string
  close(): Promise<void>
}

interface Kind {
  readonly name: string
  open(): Promise<SinkDatabase>
}

/** The databases of this machine on which the parts that are the same for all of them are tested. */
export const sinkDatabases: readonly Kind[] = [
  {
    name: 'PostgreSQL',
    async open() {
      const database = await createPostgresDatabase()
      return {
        config: database.config,
        exec: database.exec,
        bigint: String,
        quoted: (name: string) => `"${name}"`,
        close: () => database.close()
      }
    }
  },
  {
    name: 'MariaDB',
    async open() {
      const database = await createMysqlDatabase()
      return {
        config: database.config,
        exec: database.exec,
        bigint: (value: number) => value,
        quoted: (name: string) => `\`${name}\``,
        close: () => database.close()
      }
    }
  },
  {
    name: 'SQLite',
    open() {
      const file = openSqliteFile()
      return Promise.resolve({
        config: { 'connection.url': file.url },
        exec(...statements: string[]) {
          let rows: Record<string, unknown>[] = []
          for (const sql of statements) {
            rows = file.database
              .prepare(sql)
              .all()
              .map((row) => ({ ...row }))
          }
          return Promise.resolve(rows)
        },
        bigint: (value: number) => value,
        quoted: (name: string) => `"${name}"`,
        close() {
          file.close()
          return Promise.resolve()
        }
      })
    }
  }
]
