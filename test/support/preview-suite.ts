import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { jdbcSourcePlugin } from '../../src/connectors/jdbc/source/source-plugins.ts'
import { Struct } from '../../src/data/struct.ts'
import type { SourcePreview } from '../../src/plugin/preview.ts'
import { type Config, fields } from './jdbc-source.ts'

async function preview(
  settings: Config,
  maxRows: number,
  limitMs = 20_000
): Promise<SourcePreview> {
  const signal = AbortSignal.timeout(limitMs)
  const found = await jdbcSourcePlugin.preview?.(new Map(Object.entries(settings)), {
    maxRows,
    signal
  })
  assert.ok(found !== undefined)
  return found
}

/** Settings whose query runs for 20 s. */
export async function previewEndsInTime(settings: Config): Promise<void> {
  const asked = performance.now()
  const { records, problems } = await preview(settings, 3, 1500)
  assert.ok(performance.now() - asked < 10_000)
  assert.deepEqual(records, [])
  assert.match(problems.join('\n'), /^the query: not finished, the time for a preview is over/)
}

/** What the preview of a source shows, whatever the database. */
export function previewSuite({
  table,
  config,
  keepCase
}: {
  /** Makes a table of `id`, `ts` and `note`, with rows written `id, timestamp`. */
  table(rows: readonly string[]): Promise<string>
  config(table: string, mode: string, more?: Config): Config
  keepCase(sql: string): string
}): void {
  describe('preview', () => {
    it('shows the first rows as records, the SQL with its binds, and what an operator should know', async () => {
      const rows = Array.from({ length: 8 }, (_, i) => `${i}, 2024-01-01 00:00:0${i}.000000`)
      const name = await table(rows)
      const settings = config(name, 'timestamp+incrementing', {
        'timestamp.initial': '2024-01-01T00:00:02Z',
        'key.columns': 'id'
      })
      const { records, statements, columns, advice, problems } = await preview(settings, 3)
      assert.deepEqual(fields(records, 'id'), [2, 3, 4])
      assert.equal(records[0]?.topic, `db-${name}`)
      const key = records[0]?.key
      assert.ok(key instanceof Struct)
      assert.equal(key.get('id'), 2)
      const [statement] = statements
      assert.match(statement?.text ?? '', /^SELECT .*WHERE .*ORDER BY /)
      assert.equal(statement?.binds.length, 2)
      assert.deepEqual(columns, [])
      assert.deepEqual(problems, [])
      const all = advice.join('\n')
      assert.match(all, /: ts \(.*\) has no time zone and is read in db\.timezone=UTC/)
      assert.match(
        all,
        /cursor column ts is not null and first in no index.*make an index on \(ts, id\)/
      )
      assert.match(all, /the clock of the database is/)
      assert.ok(!advice.some((text) => /rows without/.test(text)))
    })

    it('shows the rows of one moment, which a poll sends only together', async () => {
      const name = await table(
        Array.from({ length: 5 }, (_, i) => `${i}, 2024-01-01 00:00:00.000000`)
      )
      const { records } = await preview(config(name, 'timestamp'), 4)
      assert.deepEqual(
        fields(records, 'id').sort((a, b) => Number(a) - Number(b)),
        [0, 1, 2, 3]
      )
    })

    it('shows what each named query answers, wherever its bounds stand', async () => {
      const name = await table(['1, 2024-01-01 00:00:01.000000', '2, 2024-01-01 00:00:02.000000'])
      const { 'table.whitelist': _, ...rest } = config(name, 'incrementing')
      const settings = {
        ...rest,
        queries: 'few,many',
        'queries.few.query': keepCase(`SELECT id FROM ${name} WHERE id < 2 AND \${bounds}`),
        'queries.many.query': keepCase(`SELECT id FROM ${name} WHERE id > \${incrementing.from}`)
      }
      const { records, statements, problems } = await preview(settings, 3)
      assert.deepEqual(problems, [])
      assert.deepEqual(
        records.map(({ topic }) => topic),
        ['db-few', 'db-many', 'db-many']
      )
      assert.deepEqual(
        statements.map(({ of, binds }) => [of, binds]),
        [
          ['query few', []],
          ['query many', ['-9223372036854775808']]
        ]
      )
    })

    it('says which table is missing', async () => {
      await assert.rejects(preview(config('no_such_table', 'bulk'), 3), /selects no table/)
    })
  })
}
