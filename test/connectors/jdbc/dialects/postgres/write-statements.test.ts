import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type {
  TargetColumn,
  TargetTable,
  WriteShape
} from '../../../../../src/connectors/jdbc/database/writing.ts'
import {
  copyChunks,
  unnestChunks,
  unnestStatement
} from '../../../../../src/connectors/jdbc/dialects/postgres/write-statements.ts'

const column = (name: string, over: Partial<TargetColumn> = {}): TargetColumn => ({
  name,
  databaseType: 'text',
  bindType: 'text',
  type: { kind: 'string', max: null, unit: 'characters', refuses: null },
  isNullable: true,
  hasDefault: false,
  identity: null,
  isGenerated: false,
  ...over
})
const table: TargetTable = {
  id: { catalog: null, schema: 's', table: 't' },
  kind: 'table',
  columns: [],
  primaryKey: ['a'],
  uniqueKeys: [],
  parents: [],
  hasTriggers: false,
  refusesBulk: null
}
const shape: WriteShape = {
  table,
  operation: 'upsert',
  columns: [column('a', { identity: 'always' }), column('b', { identity: 'always' }), column('c')],
  keyColumns: 1
}

describe('statements that write to PostgreSQL', () => {
  it('never set an identity column of a row that is there, which the server refuses', () => {
    const sql = unnestStatement(shape) ?? ''
    assert.match(sql, /OVERRIDING SYSTEM VALUE SELECT/)
    assert.match(sql, /DO UPDATE SET "c"=EXCLUDED\."c"$/)
    assert.match(
      unnestStatement({ ...shape, operation: 'update' }) ?? '',
      / SET "c"=u\.c3::text FROM /
    )
  })

  it('carry so many characters at most, unless one row alone is longer, and lose no row', () => {
    const rows = [1, 30, 2, 3, 4, 50].map((length, at) => [`${at}`, null, 'x'.repeat(length)])
    for (const chunks of [copyChunks, unnestChunks]) {
      const made = [...chunks(shape, rows, 24)]
      const starts = made.map(({ start }) => start)
      assert.deepEqual(new Set(starts).size, made.length)
      assert.equal(starts[0], 0)
      const whole = made
        .map(({ data, binds }) =>
          data.length === 0 ? (binds[0] ?? '').slice(1, -1) : Buffer.from(data).toString()
        )
        .join(chunks === copyChunks ? '' : ',')
      for (const [at] of rows.entries()) {
        const mark = chunks === copyChunks ? `${at}\t\\N\t` : `"${at}"`
        assert.equal(whole.split(mark).length - 1, 1, mark)
      }
      for (const [index, { start, data, binds }] of made.entries()) {
        const count = (starts[index + 1] ?? rows.length) - start
        const size = data.length + binds.join('').length
        assert.ok(count === 1 || size <= 24 + 2 * binds.length, `${count} rows of ${size}`)
      }
    }
    assert.deepEqual([...copyChunks(shape, [])], [])
    assert.deepEqual([...unnestChunks(shape, [])], [])
  })
})
