import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { jdbcSourcePlugin } from '../../src/connectors/jdbc/source/source-plugins.ts'
import type { SourceRecord } from '../../src/data/record.ts'
import type { NewPosition, StartPreview, StartWanted } from '../../src/plugin/start-from.ts'
import { type Config, fields, StoredOffsets } from './jdbc-source.ts'

/** What the suite of all dialects lends: tables, configurations for them, and a task that reads. */
interface StartSuiteTools {
  table(rows: readonly string[]): Promise<string>
  insert(table: string, rows: readonly string[]): Promise<void>
  config(table: string, mode: string, more?: Config): Config
  read(settings: Config, count: number, offsets: StoredOffsets): Promise<SourceRecord[]>
  keepCase(sql: string): string
}

const rows = (from: number, to: number): string[] =>
  Array.from(
    { length: to - from + 1 },
    (_, index) => `${from + index}, 2024-06-01 10:00:00.00000${from + index}`
  )

const at = (micros: number): string => `2024-06-01T10:00:00.00000${micros}Z`

/** Moves a connector as a worker does: plan, look, store. */
async function move(settings: Config, wanted: StartWanted, offsets: StoredOffsets) {
  const { startFrom } = jdbcSourcePlugin
  assert.ok(startFrom !== undefined)
  const config = new Map(Object.entries(settings))
  const signal = AbortSignal.timeout(30_000)
  const stored = offsets.all()
  const changes: readonly NewPosition[] = await startFrom.plan(config, wanted, stored, signal)
  const previews = await startFrom.preview(config, changes, stored, signal)
  for (const { partition, offset } of changes) offsets.set(partition, offset)
  return previews.map(summary)
}

function summary({ effect, rows: count, first, last, problem }: StartPreview): unknown[] {
  const ids = [first, last].map((key) => (key === null ? null : Object.values(key)[0]))
  return [effect, count, ...ids, ...(problem === undefined ? [] : [problem])]
}

/** Moving a table's start: what a dry run counts is what comes. */
export function startSuite(tools: StartSuiteTools): void {
  describe('another start', () => {
    it('by time and id, to the microsecond', async () => {
      const name = await tools.table(rows(1, 6))
      const settings = tools.config(name, 'timestamp+incrementing')
      const offsets = new StoredOffsets()
      await tools.read(settings, 6, offsets)
      const given = { timestamp: at(4), incrementing: 4 }
      assert.deepEqual(await move(settings, { given }, offsets), [['sent again', 2, 5, 6]])
      const again = await tools.read(settings, 2, offsets)
      assert.deepEqual(fields(again, 'id'), [5, 6])
      // A time alone: the rows of that moment belong to it.
      assert.deepEqual(await move(settings, { given: { timestamp: at(4) } }, offsets), [
        ['sent again', 3, 4, 6]
      ])
      assert.deepEqual(fields(await tools.read(settings, 3, offsets), 'id'), [4, 5, 6])
    })

    it('by time', async () => {
      const name = await tools.table(rows(1, 6))
      const settings = tools.config(name, 'timestamp')
      const offsets = new StoredOffsets()
      await tools.read(settings, 6, offsets)
      assert.deepEqual(await move(settings, { given: at(4) }, offsets), [['sent again', 2, 5, 6]])
      assert.deepEqual(fields(await tools.read(settings, 2, offsets), 'id'), [5, 6])
      assert.deepEqual(await move(settings, { given: at(6) }, offsets), [['none', 0, null, null]])
      // From the first row, whatever start is configured.
      const later = { ...settings, 'timestamp.initial': at(5) }
      assert.deepEqual(await move(later, { given: 'earliest' }, offsets), [['sent again', 6, 1, 6]])
      assert.deepEqual(fields(await tools.read(later, 6, offsets), 'id'), [1, 2, 3, 4, 5, 6])
    })

    it('by id, to the last row there is and to the first', async () => {
      const name = await tools.table(rows(1, 3))
      const settings = tools.config(name, 'incrementing')
      const offsets = new StoredOffsets()
      await tools.read(settings, 3, offsets)
      await tools.insert(name, rows(4, 6))
      assert.deepEqual(await move(settings, { given: 'now' }, offsets), [['skipped', 3, 4, 6]])
      await tools.insert(name, rows(7, 7))
      assert.deepEqual(fields(await tools.read(settings, 1, offsets), 'id'), [7])
      assert.deepEqual(await move(settings, { given: 'earliest' }, offsets), [
        ['sent again', 7, 1, 7]
      ])
      assert.deepEqual(fields(await tools.read(settings, 7, offsets), 'id'), [1, 2, 3, 4, 5, 6, 7])
    })

    it('before the present of the database', async () => {
      const name = await tools.table(rows(1, 6))
      const settings = tools.config(name, 'timestamp')
      const offsets = new StoredOffsets()
      assert.deepEqual(await move(settings, { given: '-PT2H' }, offsets), [['skipped', 6, 1, 6]])
      assert.deepEqual(await tools.read(settings, 0, offsets), [])
      assert.deepEqual(await move(settings, { given: '-P99999D' }, offsets), [
        ['sent again', 6, 1, 6]
      ])
      assert.deepEqual(fields(await tools.read(settings, 6, offsets), 'id'), [1, 2, 3, 4, 5, 6])
    })

    it('of a query', async () => {
      const name = await tools.table(rows(1, 6))
      const { 'table.whitelist': _, ...rest } = tools.config(name, 'incrementing')
      const settings = { ...rest, query: tools.keepCase(`SELECT id, note FROM ${name}`) }
      const offsets = new StoredOffsets()
      await tools.read(settings, 6, offsets)
      assert.deepEqual(await move(settings, { given: { incrementing: 4 } }, offsets), [
        ['sent again', 2, 5, 6]
      ])
      assert.deepEqual(fields(await tools.read(settings, 2, offsets), 'id'), [5, 6])
    })

    it('of named queries, wherever their bounds stand; single bounds are not counted', async () => {
      const name = await tools.table(rows(1, 6))
      const { 'table.whitelist': _, ...rest } = tools.config(name, 'incrementing')
      const text = `WITH some_rows AS (SELECT id, note FROM ${name} WHERE \${bounds}) SELECT id FROM some_rows`
      const single = `SELECT id FROM ${name} WHERE id > \${incrementing.from}`
      const settings = {
        ...rest,
        queries: 'whole,single',
        'queries.whole.query': tools.keepCase(text),
        'queries.single.query': tools.keepCase(single)
      }
      const offsets = new StoredOffsets()
      await tools.read(settings, 12, offsets)
      const [whole, other] = await move(settings, { given: { incrementing: 4 } }, offsets)
      assert.deepEqual(whole, ['sent again', 2, 5, 6])
      assert.match(String(other?.at(-1)), /Not counted: the query has \$\{incrementing\.from\}/)
      const again = await tools.read(settings, 4, offsets)
      assert.deepEqual(new Set(fields(again, 'id')), new Set([5, 6]))
      assert.equal(again.length, 4)
    })

    it('and back', async () => {
      const name = await tools.table(rows(1, 6))
      const settings = { ...tools.config(name, 'incrementing'), 'incrementing.initial': '1' }
      const offsets = new StoredOffsets()
      await tools.read(settings, 5, offsets)
      const before = offsets.all()
      assert.deepEqual(await move(settings, { given: { incrementing: 4 } }, offsets), [
        ['sent again', 2, 5, 6]
      ])
      assert.deepEqual(await move(settings, { restored: before }, offsets), [['skipped', 2, 5, 6]])
      assert.deepEqual(offsets.all(), before)
      assert.deepEqual(await tools.read(settings, 0, offsets), [])
    })
  })
}
