import pg from 'pg'

/** The table both workers read: seven columns, about 150 bytes a row. */
export const TABLE = 'bench_rows'

/** Fills the table with `rows` rows, ids and timestamps growing together. */
export async function fillTable(url: string, rows: number): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    await client.query(`DROP TABLE IF EXISTS ${TABLE}`)
    await client.query(`CREATE TABLE ${TABLE} (
      id bigint PRIMARY KEY,
      customer varchar(40) NOT NULL,
      amount numeric(12, 2) NOT NULL,
      city varchar(40),
      created_at timestamp(6) NOT NULL,
      updated_at timestamp(6) NOT NULL,
      note varchar(100))`)
    await client.query(
      `INSERT INTO ${TABLE}
       SELECT n, 'customer number ' || n, (n % 1000000) / 100.0, 'city ' || n % 500,
         timestamp '2026-01-01' + n * interval '1 ms', timestamp '2026-01-02' + n * interval '1 ms',
         'a note of some length about order ' || n
       FROM generate_series(1, $1::bigint) AS n`,
      [rows]
    )
    await client.query(`CREATE INDEX ON ${TABLE} (updated_at, id)`)
    await client.query(`VACUUM ANALYZE ${TABLE}`)
  } finally {
    await client.end()
  }
}

/** Keys of a JDBC source connector that reads the table. */
export function postgresConnector(
  address: string,
  mode: string,
  className: string
): Record<string, string> {
  const url = new URL(address)
  // Confluent's connector asks the driver for batch.max.rows rows at a time; Aiven's has to be told in the
  // URL, or holds all rows.
  const fetchSize = className.startsWith('io.aiven.') ? '?defaultRowFetchSize=1000' : ''
  return {
    'connection.url': `jdbc:postgresql://${url.host}${url.pathname}${fetchSize}`,
    'connection.user': decodeURIComponent(url.username),
    'connection.password': decodeURIComponent(url.password),
    'table.whitelist': TABLE,
    'schema.pattern': 'public',
    mode,
    'incrementing.column.name': 'id',
    ...(mode === 'timestamp+incrementing' && { 'timestamp.column.name': 'updated_at' })
  }
}
