import { epochDay, MS_PER_DAY } from '../../../../data/calendar.ts'
import type { Row, TableId } from '../../database/database.ts'
import type { TargetColumn, TargetTable, TargetType } from '../../database/writing.ts'
import { numberOf } from '../shared/number-of.ts'

type Ask = (sql: string, binds: unknown[]) => Promise<Row[]>

/** What is said of a table, and whether all its triggers can be seen by this account. */
interface Described {
  readonly table: TargetTable
  readonly triggersAreSeen: boolean
}

const OF_TABLE = 'WHERE table_schema = ? AND table_name = ?'
const TABLE = `SELECT table_name, table_type, engine FROM information_schema.tables ${OF_TABLE}`
const ENGINES = `SELECT transactions FROM information_schema.engines WHERE engine = ?`
const COLUMNS = `SELECT column_name, data_type, column_type, is_nullable, numeric_precision, numeric_scale, datetime_precision, character_maximum_length, character_set_name, collation_name, column_default, extra
FROM information_schema.columns ${OF_TABLE} ORDER BY ordinal_position`
const UNIQUE = `SELECT index_name, column_name FROM information_schema.statistics ${OF_TABLE} AND non_unique = 0 ORDER BY index_name, seq_in_index`
const PARENTS = `SELECT DISTINCT referenced_table_schema, referenced_table_name FROM information_schema.key_column_usage ${OF_TABLE} AND referenced_table_name IS NOT NULL`
const TRIGGERS = `SELECT trigger_name FROM information_schema.triggers WHERE event_object_schema = ? AND event_object_table = ? LIMIT 1`
/** Of these views an account sees its own lines. */
const SEES_TRIGGERS = `SELECT 1 FROM information_schema.user_privileges WHERE privilege_type = 'TRIGGER'
UNION ALL SELECT 1 FROM information_schema.schema_privileges WHERE privilege_type = 'TRIGGER' AND ? LIKE table_schema
UNION ALL SELECT 1 FROM information_schema.table_privileges WHERE privilege_type = 'TRIGGER' AND table_schema = ? AND table_name = ?`
/** MariaDB keeps JSON as text with a check. */
const JSON_CHECKS = `SELECT check_clause FROM information_schema.check_constraints WHERE constraint_schema = ? AND table_name = ? AND check_clause LIKE 'json_valid(%)'`

export async function mysqlTargetTable(
  ask: Ask,
  { catalog, schema, table }: TableId & { catalog: string },
  isMariaDb: boolean
): Promise<Described | null> {
  const name = [catalog, table]
  const [[spelled, type, engine] = []] = await ask(TABLE, name)
  if (spelled !== table) return null
  const transactions = engine === null ? [] : await ask(ENGINES, [engine])
  const json = isMariaDb ? jsonColumns(await ask(JSON_CHECKS, name)) : new Set<string>()
  const columns = (await ask(COLUMNS, name)).map((row) => targetColumn(row, json, isMariaDb))
  const keys = uniqueKeys(await ask(UNIQUE, name))
  const parents = (await ask(PARENTS, name)).map(
    ([of, parent]): TableId => ({ catalog: String(of), schema: null, table: String(parent) })
  )
  return {
    table: {
      id: { catalog, schema, table },
      kind: kindOf(String(type)),
      columns,
      primaryKey: keys.get('PRIMARY') ?? [],
      uniqueKeys: [...keys].filter(([index]) => index !== 'PRIMARY').map(([, of]) => of),
      parents: parents.filter((parent) => parent.catalog !== catalog || parent.table !== table),
      hasTriggers: (await ask(TRIGGERS, name)).length > 0,
      ...(transactions[0]?.[0] === 'NO'
        ? { cannotRollBack: `its engine ${String(engine)} has no transactions` }
        : {}),
      refusesBulk: null
    },
    triggersAreSeen: (await ask(SEES_TRIGGERS, [catalog, ...name])).length > 0
  }
}

function kindOf(type: string): TargetTable['kind'] {
  if (type === 'BASE TABLE' || type === 'SYSTEM VERSIONED') return 'table'
  return type === 'VIEW' ? 'view' : 'other'
}

/** Without those over an expression, which is no column. */
function uniqueKeys(rows: readonly Row[]): Map<string, string[]> {
  const keys = new Map<string, string[]>()
  const overExpressions = new Set<string>()
  for (const [index, column] of rows) {
    if (column === null) overExpressions.add(String(index))
    keys.set(String(index), [...(keys.get(String(index)) ?? []), String(column)])
  }
  return new Map([...keys].filter(([index]) => !overExpressions.has(index)))
}

function targetColumn(row: Row, json: ReadonlySet<string>, isMariaDb: boolean): TargetColumn {
  const [name, dataType, columnType, nullable, , , , , , collation, preset, extra] = row
  const more = String(extra)
  const isIdentity = /auto_increment/i.test(more)
  return {
    name: String(name),
    databaseType: String(columnType),
    type: json.has(String(name)) ? { kind: 'json' } : targetType(row, isMariaDb),
    ...bindType(String(dataType), String(columnType), collation),
    isNullable: nullable === 'YES',
    hasDefault: isIdentity || (preset !== null && preset !== 'NULL'),
    identity: isIdentity ? 'by default' : null,
    isGenerated: /\b(VIRTUAL|STORED|PERSISTENT)\b/i.test(more)
  }
}

/** By which rules texts are compared; of a set, its members. */
function bindType(dataType: string, columnType: string, collation: unknown): { bindType?: string } {
  if (collation === null || dataType === 'enum') return {}
  return { bindType: dataType === 'set' ? columnType : String(collation) }
}

/** json_valid(`column`) */
function jsonColumns(clauses: readonly Row[]): Set<string> {
  const columns = clauses.map(([clause]) => /^json_valid\(`(.*)`\)$/.exec(String(clause))?.[1])
  return new Set(columns.map((column) => column?.replaceAll('``', '`') ?? ''))
}

const INTEGER_BITS: Readonly<Record<string, number>> = {
  tinyint: 8,
  smallint: 16,
  mediumint: 24,
  int: 32,
  integer: 32,
  bigint: 64
}

function targetType(row: Row, isMariaDb: boolean): TargetType {
  const [, dataType, columnType, , precision, scale, digits, length, characterSet] = row
  const type = String(dataType).toLowerCase()
  const isUnsigned = / unsigned/i.test(String(columnType))
  const bits = INTEGER_BITS[type]
  if (bits !== undefined) return integer(bits, isUnsigned)
  const resolutionNanos = 10 ** (9 - (numberOf(digits) ?? 0))
  switch (type) {
    case 'bit':
      return bitType(numberOf(precision) ?? 1)
    case 'year':
      return { kind: 'integer', min: 1901n, max: 2155n }
    case 'float':
      return { kind: 'float', bits: 32, takesNaN: false }
    case 'double':
      return { kind: 'float', bits: 64, takesNaN: false }
    case 'decimal':
      return { kind: 'decimal', precision: numberOf(precision), scale: numberOf(scale) }
    case 'date':
      return {
        kind: 'date',
        minDay: epochDay(1, 1, 1),
        maxDay: epochDay(9999, 12, 31),
        takesDigits: true
      }
    case 'time':
      return { kind: 'time', resolutionNanos, cuts: isMariaDb }
    case 'datetime':
    case 'timestamp': {
      // Either is a reading of the session's wall clock, for sources as for the JVM's drivers.
      const range = type === 'datetime' ? DATETIMES : EPOCH_SECONDS
      return { kind: 'timestamp', hasZone: false, resolutionNanos, cuts: isMariaDb, ...range }
    }
    case 'enum':
      return { kind: 'enum', labels: labelsOf(String(columnType)), isLoose: true }
    case 'json':
      return { kind: 'json' }
    case 'uuid':
      return { kind: 'uuid' }
    default:
      return textOrBytes(
        type,
        numberOf(length),
        characterSet === null ? null : String(characterSet)
      )
  }
}

const DATETIMES = {
  minMs: epochDay(1, 1, 1) * MS_PER_DAY,
  maxMs: epochDay(10_000, 1, 1) * MS_PER_DAY - 1
}
/** By how much a wall clock may differ from UTC. */
const FARTHEST_ZONE_MS = (MS_PER_DAY * 14) / 24
/** A zero is no time, and more than 31 bits only some servers have. */
const EPOCH_SECONDS = {
  minMs: 1000 - FARTHEST_ZONE_MS,
  maxMs: 2_147_483_647_999 + FARTHEST_ZONE_MS
}

function integer(bits: number, isUnsigned: boolean): TargetType {
  const half = 2n ** BigInt(bits - 1)
  return isUnsigned
    ? { kind: 'integer', min: 0n, max: 2n * half - 1n }
    : { kind: 'integer', min: -half, max: half - 1n }
}

function bitType(length: number): TargetType {
  return length === 1
    ? { kind: 'boolean' }
    : { kind: 'bits', length, varying: false, spare: 'first' }
}

/** `enum('a','it''s')` */
export function labelsOf(columnType: string): string[] {
  return [...columnType.matchAll(/'((?:[^']|'')*)'/g)].map(([, label = '']) =>
    label.replaceAll("''", "'")
  )
}

const TEXT = { kind: 'string', dropsBlanks: true, booleansAreDigits: true, bytes: 'utf8' } as const

/** Types whose length is one of bytes. */
const BOUNDED_BY_BYTES = ['tinytext', 'text', 'mediumtext', 'longtext']
/** The server's own form of geometries, in which they are read too. */
const GEOMETRY = /geo|point|linestring|polygon/

function textOrBytes(type: string, length: number | null, characterSet: string | null): TargetType {
  if (GEOMETRY.test(type)) return { kind: 'bytes', max: null }
  if (characterSet === null) {
    return /binary|blob/.test(type) ? { kind: 'bytes', max: length } : { kind: 'other' }
  }
  if (type === 'set') return { kind: 'enum', labels: null }
  const refuses = REFUSED[characterSet] ?? null
  if (!BOUNDED_BY_BYTES.includes(type)) {
    return { ...TEXT, max: length, unit: 'characters', refuses }
  }
  const width = WIDTHS[characterSet]
  if (width === undefined || length === null) {
    return { ...TEXT, max: length, unit: 'bytes', refuses }
  }
  const unit = width === 1 ? 'characters' : 'UTF-16 units'
  return { ...TEXT, max: Math.floor(length / width), unit, refuses }
}

/** Bytes of a unit, of character sets whose text is not as long as in UTF-8. */
const WIDTHS: Readonly<Record<string, number>> = {
  latin1: 1,
  ascii: 1,
  ucs2: 2,
  utf16: 2,
  utf16le: 2
}
const REFUSED: Readonly<Record<string, RegExp>> = {
  utf8: /[\u{10000}-\u{10ffff}]/u,
  utf8mb3: /[\u{10000}-\u{10ffff}]/u,
  ucs2: /[\u{10000}-\u{10ffff}]/u,
  // oxlint-disable-next-line no-control-regex
  ascii: /[^\u0000-\u007f]/u
}
