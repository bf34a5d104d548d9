import type { Row } from '../../database/database.ts'

/* One after the other: a join of these views makes MariaDB open every table of the server. */
const COUNTER = `SELECT extra FROM information_schema.columns WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ? AND column_name = ?`
const ENGINE = `SELECT VERSION(), engine FROM information_schema.tables WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ?`

/**
 * MySQL 8.0 and MariaDB 10.2.4 keep the counter of a table on disk; before, InnoDB took the largest number it
 * found at its start.
 */
export async function mysqlIdHazards(
  ask: (sql: string, binds: unknown[]) => Promise<Row[]>,
  table: readonly [schema: string | null, name: string],
  column: string
): Promise<string[]> {
  const [[extra] = []] = await ask(COUNTER, [...table, column])
  if (!/auto_increment/i.test(String(extra))) return []
  const [[version, engine] = []] = await ask(ENGINE, [...table])
  if (!/innodb/i.test(String(engine))) return []
  return forgetsCounter(String(version))
    ? [
        `${column} is AUTO_INCREMENT on a server (${String(version)}) that forgets the counter when it restarts: the number of a deleted last row is given out again, and the new row is not read`
      ]
    : []
}

function forgetsCounter(version: string): boolean {
  // Old clients are told 5.5.5 in front of MariaDB's own version.
  const [, major = '0', minor = '0', patch = '0'] =
    /^(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)/.exec(version) ?? []
  const number = Number(major) * 10_000 + Number(minor) * 100 + Number(patch)
  return number < (/mariadb/i.test(version) ? 100_204 : 80_000)
}
