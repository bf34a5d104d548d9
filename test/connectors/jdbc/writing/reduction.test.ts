import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type {
  TargetColumn,
  TargetTable,
  TargetType,
  WriteOperation
} from '../../../../src/connectors/jdbc/database/writing.ts'
import {
  ColumnSets,
  type RowChange,
  type RowTarget
} from '../../../../src/connectors/jdbc/writing/row-changes.ts'
import {
  type StatementGroup,
  statementGroups
} from '../../../../src/connectors/jdbc/writing/statement-groups.ts'
import type { SinkRecord } from '../../../../src/data/record.ts'
import { Random } from '../../../support/random.ts'

const SEEDS = 10_000

const integer: TargetType = { kind: 'integer', min: -(2n ** 63n), max: 2n ** 63n - 1n }
const text: TargetType = { kind: 'string', max: null, unit: 'characters', refuses: null }

function column(name: string, type: TargetType): TargetColumn {
  return {
    name,
    databaseType: type.kind,
    type,
    isNullable: true,
    hasDefault: true,
    identity: null,
    isGenerated: false
  }
}

function tableOf(name: string, keys: readonly TargetColumn[], parents: string[] = []): RowTarget {
  const others = ['a', 'b', 'c'].map((other) => column(other, integer))
  const table: TargetTable = {
    id: { catalog: null, schema: null, table: name },
    kind: 'table',
    columns: [...keys, ...others],
    primaryKey: keys.map((key) => key.name).reverse(),
    uniqueKeys: [],
    parents: parents.map((parent) => ({ catalog: null, schema: null, table: parent })),
    hasTriggers: false,
    refusesBulk: null
  }
  return { table, keyColumns: keys, sets: new ColumnSets() }
}

function change(
  target: RowTarget,
  operation: WriteOperation,
  key: readonly unknown[],
  values: Readonly<Record<string, unknown>>
): RowChange {
  const columns = target.table.columns.filter(({ name }) => Object.hasOwn(values, name))
  const set = target.sets.of(operation === 'delete' ? [] : columns)
  return {
    record: {} as SinkRecord,
    target,
    operation,
    set,
    row: [...key, ...set.columns.map(({ name }) => values[name])]
  }
}

type Rows = Map<string, Record<string, unknown>>

/** Columns that a statement does not name have this in new rows. */
const DEFAULT = 'default'

/** A table that does what SQL says of one row, one at a time. */
function apply(
  rows: Rows,
  operation: WriteOperation,
  key: string,
  values: Readonly<Record<string, unknown>>
): void {
  const row = rows.get(key)
  if (operation === 'delete') rows.delete(key)
  else if (row !== undefined) Object.assign(row, values)
  else if (operation === 'upsert') {
    rows.set(key, { a: DEFAULT, b: DEFAULT, c: DEFAULT, ...values })
  }
}

/** How a database compares texts. */
type Collation = (key: string) => string
const exact: Collation = (key) => key
const loose: Collation = (key) => key.toLowerCase().replace(/ÿ/g, 'y').replaceAll(' ', '')

function run(rows: Rows, groups: readonly StatementGroup[], collation: Collation = exact): void {
  for (const { shape, rows: written } of groups) {
    const keys = new Set<string>()
    for (const row of written) {
      const key = collation(row.slice(0, shape.keyColumns).join())
      assert.ok(!keys.has(key), 'a row comes once in a statement')
      keys.add(key)
      const values = row
        .slice(shape.keyColumns)
        .map((value, index) => [shape.columns[shape.keyColumns + index]?.name ?? '', value])
      apply(rows, shape.operation, key, Object.fromEntries(values))
    }
  }
}

const sorted = (rows: Rows): unknown[] => [...rows].sort(([a], [b]) => (a < b ? -1 : 1))

function randomChange(
  random: Random,
  target: RowTarget,
  operation: 'upsert' | 'update'
): RowChange {
  const key = target.keyColumns.map(({ type }) =>
    type.kind === 'string' ? (random.pick(['x', 'y', 'X', 'ÿ', 'y ']) ?? '') : random.below(3)
  )
  if (random.chance(0.3)) return change(target, 'delete', key, {})
  const values = ['a', 'b', 'c'].flatMap((name) =>
    random.chance(0.6) ? [[name, random.chance(0.2) ? null : random.below(100)]] : []
  )
  return change(target, operation, key, Object.fromEntries(values))
}

describe('Rows of a batch', () => {
  const targets = [
    tableOf('one', [column('id', integer)]),
    tableOf('two', [column('area', text), column('id', integer)])
  ]

  for (const order of ['keyed', 'arrival'] as const) {
    it(`I12: written ${order} leave the table as if each record had been written by itself`, () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const random = new Random(seed)
        const collation = seed % 3 === 0 ? loose : exact
        const operation = random.chance(0.5) ? 'upsert' : 'update'
        const target = targets[seed % 2] as RowTarget
        const changes = Array.from({ length: random.within(1, 12) }, () =>
          randomChange(random, target, operation)
        )
        const [folded, single]: [Rows, Rows] = [new Map(), new Map()]
        for (const rows of [folded, single]) {
          apply(rows, 'upsert', target.keyColumns.length === 1 ? '1' : 'x,1', { a: 'old' })
        }
        run(folded, statementGroups(changes, order), collation)
        for (const { operation: what, set, row } of changes) {
          const key = row.slice(0, target.keyColumns.length)
          const values = row.slice(key.length)
          const named = values.map((value, index) => [set.columns[index]?.name ?? '', value])
          apply(single, what, collation(key.join()), Object.fromEntries(named))
        }
        assert.deepEqual(sorted(folded), sorted(single), `seed ${seed}`)
      }
    })
  }

  it('are one statement for each operation and set of columns, sorted in the order of the primary key', () => {
    const target = tableOf('two', [column('area', text), column('id', integer)])
    const groups = statementGroups(
      [
        change(target, 'upsert', ['b', 1], { a: 1 }),
        change(target, 'upsert', ['a', 2], { a: 2, b: 2 }),
        change(target, 'upsert', ['a', 10], { a: 3 }),
        change(target, 'delete', ['c', 1], {}),
        change(target, 'upsert', ['b', 1], { a: 4 })
      ],
      'keyed'
    )
    assert.deepEqual(
      groups.map(({ shape, rows }) => [shape.operation, rows]),
      [
        ['delete', [['c', 1]]],
        [
          'upsert',
          [
            ['b', 1, 4],
            ['a', 10, 3]
          ]
        ],
        ['upsert', [['a', 2, 2, 2]]]
      ]
    )
  })

  it('of children come behind those of their parents, and are deleted before them', () => {
    const child = tableOf('child', [column('id', integer)], ['parent', 'elsewhere'])
    const parent = tableOf('parent', [column('id', integer)], ['loop'])
    const loop = tableOf('loop', [column('id', integer)], ['parent'])
    const groups = statementGroups(
      [child, loop, parent].flatMap((target) => [
        change(target, 'delete', [1], {}),
        change(target, 'upsert', [2], { a: 1 })
      ]),
      'keyed'
    )
    assert.deepEqual(
      groups.map(({ shape }) => `${shape.operation} ${shape.table.id.table}`),
      [
        'delete child',
        'delete parent',
        'delete loop',
        'upsert loop',
        'upsert parent',
        'upsert child'
      ]
    )
  })

  it('that have NULL in their key are not the same row', () => {
    const target = tableOf('one', [column('id', integer)])
    const changes = [1, 2].map((a) => change(target, 'upsert', [null], { a }))
    assert.equal(statementGroups(changes, 'keyed')[0]?.rows.length, 2)
  })

  it('are the same row when their columns hold their keys equal, and only then', () => {
    const decimal: TargetType = { kind: 'decimal', precision: null, scale: null }
    const uuid: TargetType = { kind: 'uuid' }
    const bytes: TargetType = { kind: 'bytes', max: null }
    const cases: [TargetType[], unknown[], unknown[], number][] = [
      [[decimal], ['1.50'], ['1.5'], 1],
      [[decimal], ['10'], ['1'], 2],
      [[{ kind: 'float', bits: 64, takesNaN: true }], [0], [-0], 1],
      [[uuid], ['ABCD'], ['abcd'], 1],
      [[bytes], [new Uint8Array([1, 2])], [new Uint8Array([1, 2])], 1],
      [[text, text], ['ab', 'c'], ['a', 'bc'], 2],
      [[text, text], ['a', '1:b'], ['a1:', 'b'], 2]
    ]
    for (const [types, one, other, rows] of cases) {
      const target = tableOf(
        'any',
        types.map((type, index) => column(`k${index}`, type))
      )
      const changes = [one, other].map((key) => change(target, 'upsert', key, { a: 1 }))
      const [group] = statementGroups(changes, 'keyed')
      assert.equal(group?.rows.length, rows, String([one, other]))
    }
  })
})
