import { epochDay, MS_PER_DAY } from '../../../../data/calendar.ts'
import type { Row, TableId } from '../../database/database.ts'
import type { TargetColumn, TargetTable, TargetType } from '../../database/writing.ts'
import { bracketed } from './dictionary.ts'
import { charactersRefused } from './code-pages.ts'
import { bindTypeText } from './write-columns.ts'
import { tableName } from './write-statements.ts'

type Ask = (sql: string, binds: readonly string[]) => Promise<Row[]>

/** All that is asked of one table, in the catalogue `at`; `@p1` is its name. */
function questions(
  at: string
): Record<'table' | 'columns' | 'keys' | 'parents' | 'triggers', string> {
  return {
    table: `SELECT s.name, o.name, RTRIM(o.type) FROM ${at}sys.objects o JOIN ${at}sys.schemas s ON s.schema_id = o.schema_id WHERE o.object_id = OBJECT_ID(@p1)`,
    columns: `SELECT c.name, COALESCE(b.name, u.name), CONVERT(int, c.max_length), CONVERT(int, c.precision), CONVERT(int, c.scale), CONVERT(int, c.is_nullable), CONVERT(int, c.is_identity), CONVERT(int, c.is_computed), CONVERT(int, COLUMNPROPERTY(c.object_id, c.name, 'GeneratedAlwaysType')), c.default_object_id, c.collation_name, CONVERT(int, COLLATIONPROPERTY(c.collation_name, 'CodePage'))
FROM ${at}sys.columns c JOIN ${at}sys.types u ON u.user_type_id = c.user_type_id LEFT JOIN ${at}sys.types b ON b.user_type_id = c.system_type_id WHERE c.object_id = OBJECT_ID(@p1) ORDER BY c.column_id`,
    keys: `SELECT i.name, CONVERT(int, i.is_primary_key), c.name FROM ${at}sys.indexes i JOIN ${at}sys.index_columns x ON x.object_id = i.object_id AND x.index_id = i.index_id JOIN ${at}sys.columns c ON c.object_id = x.object_id AND c.column_id = x.column_id
WHERE i.object_id = OBJECT_ID(@p1) AND i.is_unique = 1 AND i.has_filter = 0 AND i.is_disabled = 0 AND x.is_included_column = 0 ORDER BY i.name, x.key_ordinal`,
    parents: `SELECT DISTINCT s.name, o.name FROM ${at}sys.foreign_keys f JOIN ${at}sys.objects o ON o.object_id = f.referenced_object_id JOIN ${at}sys.schemas s ON s.schema_id = o.schema_id WHERE f.parent_object_id = OBJECT_ID(@p1) AND f.referenced_object_id <> f.parent_object_id`,
    triggers: `SELECT TOP (1) name FROM ${at}sys.triggers WHERE parent_id = OBJECT_ID(@p1) AND is_disabled = 0`
  }
}

export async function sqlServerTargetTable(ask: Ask, id: TableId): Promise<TargetTable | null> {
  const at = id.catalog === null ? '' : `${bracketed(id.catalog)}.`
  const sql = questions(at)
  const binds = [tableName({ ...id, schema: id.schema ?? 'dbo' })]
  const [[schema, name, type] = []] = await ask(sql.table, binds)
  // The collation of a database may take another spelling for the same name.
  if (name !== id.table || (id.schema !== null && schema !== id.schema)) return null
  const keys = await ask(sql.keys, binds)
  const parents = await ask(sql.parents, binds)
  return {
    id: { ...id, schema: String(schema) },
    kind: type === 'U' ? 'table' : type === 'V' ? 'view' : 'other',
    columns: (await ask(sql.columns, binds)).map(targetColumn),
    primaryKey: keys.filter(([, primary]) => primary === 1).map(([, , column]) => String(column)),
    uniqueKeys: grouped(keys.filter(([, primary]) => primary !== 1)),
    parents: parents.map(([of, table]) => ({
      catalog: id.catalog,
      schema: String(of),
      table: String(table)
    })),
    hasTriggers: (await ask(sql.triggers, binds)).length > 0,
    refusesBulk: null
  }
}

function grouped(rows: readonly Row[]): string[][] {
  const groups = new Map<string, string[]>()
  for (const [name, , column] of rows) {
    groups.set(String(name), [...(groups.get(String(name)) ?? []), String(column)])
  }
  return [...groups.values()]
}

function targetColumn(row: Row): TargetColumn {
  const [name, base, , , , nullable, identity, computed, generated, preset, collation] = row
  const type = String(base)
  const own = typeText(type, row)
  return {
    name: String(name),
    databaseType: own,
    type: targetType(type, row),
    bindType: bindTypeText(own, collation === null ? null : String(collation)),
    isNullable: nullable === 1,
    hasDefault: identity === 1 || (preset !== 0 && preset !== null),
    identity: identity === 1 ? 'by default' : null,
    isGenerated:
      computed === 1 || type === 'timestamp' || (typeof generated === 'number' && generated !== 0)
  }
}

/** As it is written, with its sizes. */
function typeText(type: string, [, , bytes, precision, scale]: Row): string {
  const length = Number(bytes)
  switch (type) {
    case 'decimal':
    case 'numeric':
      return `${type}(${String(precision)},${String(scale)})`
    case 'time':
    case 'datetime2':
    case 'datetimeoffset':
      return `${type}(${String(scale)})`
    case 'char':
    case 'varchar':
    case 'binary':
    case 'varbinary':
      return `${type}(${length === -1 ? 'max' : length})`
    case 'nchar':
    case 'nvarchar':
      return `${type}(${length === -1 ? 'max' : length / 2})`
    default:
      return type
  }
}

const INTEGER_BITS: Readonly<Record<string, number>> = { smallint: 16, int: 32, bigint: 64 }
const UTF8 = 65_001

function targetType(type: string, row: Row): TargetType {
  const [, , bytes, precision, scale, , , , , , , codePage] = row
  const length = Number(bytes) === -1 ? null : Number(bytes)
  const bits = INTEGER_BITS[type]
  if (bits !== undefined) {
    const half = 2n ** BigInt(bits - 1)
    return { kind: 'integer', min: -half, max: half - 1n, fractions: 'cut' }
  }
  switch (type) {
    case 'tinyint':
      return { kind: 'integer', min: 0n, max: 255n, fractions: 'cut' }
    case 'bit':
      return { kind: 'boolean' }
    case 'real':
      return { kind: 'float', bits: 32, takesNaN: false }
    case 'float':
      return { kind: 'float', bits: Number(precision) <= 24 ? 32 : 64, takesNaN: false }
    case 'decimal':
    case 'numeric':
      return { kind: 'decimal', precision: Number(precision), scale: Number(scale) }
    case 'money':
      // Of 64 bits, which are a little more than so many digits.
      return { kind: 'decimal', precision: 18, scale: 4 }
    case 'smallmoney':
      return { kind: 'decimal', precision: 9, scale: 4 }
    case 'date':
      return { kind: 'date', minDay: epochDay(1, 1, 1), maxDay: epochDay(9999, 12, 31) }
    case 'time':
      return { kind: 'time', resolutionNanos: 10 ** (9 - Number(scale)) }
    case 'datetime2':
    case 'datetimeoffset': {
      const resolutionNanos = 10 ** (9 - Number(scale))
      return { kind: 'timestamp', hasZone: type === 'datetimeoffset', resolutionNanos, ...years(1) }
    }
    case 'datetime':
      return { kind: 'timestamp', hasZone: false, resolutionNanos: 1e6, ...years(1753) }
    case 'smalldatetime':
      return { kind: 'timestamp', hasZone: false, resolutionNanos: 60e9, ...SMALL_DATETIMES }
    case 'nchar':
    case 'nvarchar':
      return text(length === null ? null : length / 2, 'UTF-16 units')
    case 'ntext':
      return text(null, 'UTF-16 units')
    case 'char':
    case 'varchar':
    case 'text':
      return {
        ...text(type === 'text' ? null : length, 'bytes'),
        ...(codePage === UTF8 ? {} : { unit: 'characters', refuses: charactersRefused(codePage) })
      }
    case 'xml':
    case 'json':
      return type === 'json' ? { kind: 'json' } : { kind: 'other' }
    case 'uniqueidentifier':
      return { kind: 'uuid' }
    case 'binary':
    case 'varbinary':
    case 'image':
      return { kind: 'bytes', max: type === 'image' ? null : length }
    default:
      return { kind: 'other' }
  }
}

type StringType = Extract<TargetType, { kind: 'string' }>

function text(max: number | null, unit: StringType['unit']): StringType {
  return { kind: 'string', max, unit, refuses: null, dropsBlanks: true, booleansAreDigits: true }
}

function years(first: number): { minMs: number; maxMs: number } {
  return {
    minMs: epochDay(first, 1, 1) * MS_PER_DAY,
    maxMs: epochDay(10_000, 1, 1) * MS_PER_DAY - 1
  }
}

const SMALL_DATETIMES = {
  minMs: epochDay(1900, 1, 1) * MS_PER_DAY,
  maxMs: epochDay(2079, 6, 7) * MS_PER_DAY - 60_000
}
