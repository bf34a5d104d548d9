import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type {
  TargetColumn,
  TargetTable,
  WriteShape
} from '../../../../../src/connectors/jdbc/database/writing.ts'
import {
  copyPieces,
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
      / SET "c"=u\.c3 FROM unnest\(\$1::text\[\],/
    )
  })

  it('carry so many characters at most, unless one row alone is longer, and lose no row', () => {
    const rows = [1, 30, 2, 3, 4, 50].map((length, at) => [`${at}`, null, 'x'.repeat(length)])
    const made = [...unnestChunks(shape, rows, 40)].map(([ids = '', , texts = '']) => ({
      ids: ids.slice(1, -1).split(','),
      size: ids.length + texts.length
    }))
    assert.deepEqual(
      made.flatMap(({ ids }) => ids),
      rows.map(([id]) => `"${id}"`)
    )
    assert.ok(made.every(({ ids, size }) => ids.length === 1 || size <= 40))
    assert.ok(made.some(({ ids }) => ids.length > 1))
    assert.deepEqual([...unnestChunks(shape, [])], [])
  })

  it('copy all rows, in pieces', () => {
    const rows = Array.from({ length: 3000 }, (_, at) => [`${at}`, null, 'ü'.repeat(at % 50)])
    const pieces = [...copyPieces(shape, rows)]
    assert.ok(pieces.length > 2 && pieces.every(({ length }) => length < 70_000))
    const lines = Buffer.concat(pieces).toString().split('\n')
    assert.deepEqual(lines, [...rows.map(([id, , text]) => `${id}\t\\N\t${text}`), ''])
    assert.deepEqual([...copyPieces(shape, [])], [])
  })
})
