import type { TargetColumn, TargetTable } from '../../../src/connectors/jdbc/database/writing.ts'

const column = (name: string, isKey: boolean): TargetColumn => ({
  name,
  databaseType: 'bigint',
  type: { kind: 'integer', min: -(2n ** 63n), max: 2n ** 63n - 1n },
  isNullable: !isKey,
  hasDefault: false,
  identity: null,
  isGenerated: false
})

/** The only table: `(id, v, a)`, where `v` tells which record a row is of. */
const table: TargetTable = {
  id: { catalog: null, schema: null, table: 'changes' },
  kind: 'table',
  columns: [column('id', true), column('v', false), column('a', false)],
  primaryKey: ['id'],
  uniqueKeys: [],
  parents: [],
  hasTriggers: false,
  refusesBulk: null
}

const POSITIONS = 'kafka_connect_sink_offsets'
const POSITION_KEYS = ['kafka_cluster', 'connector', 'topic', 'kafka_partition']
const POSITION_COLUMNS = [
  ...POSITION_KEYS,
  'next_offset',
  'epoch',
  'owner',
  'topic_id',
  'updated_at'
]
const positions: TargetTable = {
  ...table,
  id: { ...table.id, table: POSITIONS },
  columns: POSITION_COLUMNS.map((name) => column(name, POSITION_KEYS.includes(name))),
  primaryKey: POSITION_KEYS
}

/** What the dictionary has. */
export const targets: readonly TargetTable[] = [table, positions]
