import type { Row } from '../database.ts'

const COUNTER = `SELECT VERSION(), engine, extra FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = COALESCE(?, DATABASE()) AND c.table_name = ? AND c.column_name = ?`

/** MySQL 8.0 and MariaDB 10.2.4 keep the counter of a table on disk; before, InnoDB took the largest number it found at its start. */
export async function mysqlIdHazards(
  ask: (sql: string) => Promise<Row[]>,
  column: string
): Promise<string[]> {
  const [[version, engine, extra] = []] = await ask(COUNTER)
  if (!/auto_increment/i.test(String(extra)) || !/innodb/i.test(String(engine))) return []
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
