import { epochDay, MS_PER_DAY } from '../../../../data/calendar.ts'
import type { Row } from '../../database/database.ts'
import type { TargetColumn, TargetTable, TargetType } from '../../database/writing.ts'
import { numberOf } from '../shared/number-of.ts'
import type { OracleQuestion, OracleQuestions } from './questions.ts'
import { synonymQuestion } from './sql.ts'
import { bindTypeText } from './write-binds.ts'

/** A table's columns; what a release does not know of them is left out. */
function columnsOf(owner: string, table: string): OracleQuestion {
  const from = `FROM all_tab_cols WHERE owner = :1 AND table_name = :2 AND (hidden_column = 'NO' OR user_generated = 'YES') ORDER BY column_id`
  const old = `FROM all_tab_columns WHERE owner = :1 AND table_name = :2 ORDER BY column_id`
  const list =
    'column_name, data_type, data_length, data_precision, data_scale, nullable, char_length, char_used, data_default'
  return [
    { sql: `SELECT ${list}, virtual_column, identity_column ${from}`, binds: [owner, table] },
    { sql: `SELECT ${list} ${old}`, binds: [owner, table] }
  ]
}

const about = (sql: string, owner: string, table: string): OracleQuestion => [
  { sql, binds: [owner, table] }
]
const IDENTITIES = `SELECT column_name, generation_type FROM all_tab_identity_cols WHERE owner = :1 AND table_name = :2`
const KEYS = `SELECT c.constraint_type, c.constraint_name, k.column_name FROM all_constraints c JOIN all_cons_columns k ON k.owner = c.owner AND k.constraint_name = c.constraint_name WHERE c.owner = :1 AND c.table_name = :2 AND c.constraint_type IN ('P', 'U') ORDER BY c.constraint_name, k.position`
const INDEXES = `SELECT i.index_name, k.column_name FROM all_indexes i JOIN all_ind_columns k ON k.index_owner = i.owner AND k.index_name = i.index_name WHERE i.table_owner = :1 AND i.table_name = :2 AND i.uniqueness = 'UNIQUE' ORDER BY i.index_name, k.column_position`
const PARENTS = `SELECT DISTINCT p.owner, p.table_name FROM all_constraints c JOIN all_constraints p ON p.owner = c.r_owner AND p.constraint_name = c.r_constraint_name WHERE c.owner = :1 AND c.table_name = :2 AND c.constraint_type = 'R'`
const TRIGGERS = `SELECT trigger_name FROM all_triggers WHERE table_owner = :1 AND table_name = :2`
const TABLES = `SELECT table_name FROM all_tables WHERE owner = :1 AND table_name = :2`
const VIEWS = `SELECT view_name FROM all_views WHERE owner = :1 AND view_name = :2`

/** A table, or what a synonym stands for; null when there is neither. */
export async function oracleTargetTable(
  questions: OracleQuestions,
  owner: string,
  name: string
): Promise<TargetTable | null> {
  const rows = await questions.ask(columnsOf(owner, name))
  if (rows.length > 0) return await described(questions, owner, name, rows)
  const synonyms = await questions.ask(synonymQuestion(owner, name))
  const [, meantOwner, meant, link] = synonyms.find(([of]) => of !== 'PUBLIC') ?? synonyms[0] ?? []
  if (meant === undefined || (link !== null && link !== undefined)) return null
  const columns = await questions.ask(columnsOf(String(meantOwner), String(meant)))
  return columns.length === 0
    ? null
    : await described(questions, String(meantOwner), String(meant), columns)
}

async function described(
  questions: OracleQuestions,
  owner: string,
  name: string,
  rows: readonly Row[]
): Promise<TargetTable> {
  const ask = async (loss: string, sql: string): Promise<Row[]> =>
    (await questions.askIfAllowed(loss, about(sql, owner, name))) ?? []
  const identities = new Map(
    (await ask('identity columns count as such that take values', IDENTITIES)).map(
      ([column, type]) => [String(column), String(type)]
    )
  )
  const keys = await ask('a table counts as one without a key', KEYS)
  const primaryKey = keys.filter(([type]) => type === 'P').map(([, , column]) => String(column))
  const unique = [
    ...grouped(keys.filter(([type]) => type === 'U').map(([, of, column]) => [of, column])),
    ...grouped(await ask('unique indexes are not seen', INDEXES))
  ]
  const parents = await ask('foreign keys are not seen', PARENTS)
  return {
    id: { catalog: null, schema: owner, table: name },
    kind: await kindOf(ask),
    columns: rows.map((row) => targetColumn(row, identities)),
    primaryKey,
    uniqueKeys: distinct(unique, primaryKey),
    parents: parents
      .map(([of, table]) => ({ catalog: null, schema: String(of), table: String(table) }))
      .filter(({ schema, table }) => schema !== owner || table !== name),
    hasTriggers: (await ask('triggers are not seen', TRIGGERS)).length > 0,
    refusesBulk: null
  }
}

async function kindOf(
  ask: (loss: string, sql: string) => Promise<Row[]>
): Promise<TargetTable['kind']> {
  if ((await ask('a table counts as something else', TABLES)).length > 0) return 'table'
  return (await ask('a view counts as something else', VIEWS)).length > 0 ? 'view' : 'other'
}

/** Columns by the key or index they are in; an expression is no column, and its key is left out. */
function grouped(rows: readonly Row[]): string[][] {
  const groups = new Map<string, string[]>()
  for (const [name, column] of rows) {
    groups.set(String(name), [...(groups.get(String(name)) ?? []), String(column)])
  }
  return [...groups.values()].filter((columns) =>
    columns.every((column) => !/^SYS_NC\d+\$$/.test(column))
  )
}

/** A unique key and its index are two names of one thing. */
function distinct(keys: readonly string[][], primaryKey: readonly string[]): string[][] {
  const textOf = (columns: readonly string[]): string => JSON.stringify(columns.toSorted())
  const byText = new Map(keys.map((columns) => [textOf(columns), columns]))
  byText.delete(textOf(primaryKey))
  return [...byText.values()]
}

function targetColumn(row: Row, identities: ReadonlyMap<string, string>): TargetColumn {
  const [name, dataType, length, , , nullable, , , preset, isVirtual, isIdentity] = row
  const word = String(dataType)
    .replace(/\(\d+\)/g, '')
    .replace(/\s+/g, ' ')
    .trim()
  const generation = identities.get(String(name)) ?? (isIdentity === 'YES' ? 'BY DEFAULT' : null)
  return {
    name: String(name),
    databaseType: typeText(row),
    type: targetType(word, row),
    bindType: bindTypeText(word, numberOf(length) ?? 0),
    isNullable: nullable !== 'N',
    hasDefault: generation !== null || (preset !== null && preset !== undefined),
    identity: generation === null ? null : generation === 'ALWAYS' ? 'always' : 'by default',
    isGenerated: isVirtual === 'YES'
  }
}

function typeText([, dataType, length, precision, scale, , characters, used]: Row): string {
  const type = String(dataType)
  if (type === 'NUMBER' && numberOf(precision) !== null) {
    return `NUMBER(${String(precision)},${String(scale)})`
  }
  if (/^N?(?:VAR)?CHAR2?$/.test(type)) return `${type}(${String(characters)}${unitText(used)})`
  return type === 'RAW' ? `RAW(${String(length)})` : type
}

function unitText(used: unknown): string {
  return used === 'C' ? ' CHAR' : used === 'B' ? ' BYTE' : ''
}

/** Days before the first of the year 1 have no text that every release reads. */
const YEARS = {
  minMs: epochDay(1, 1, 1) * MS_PER_DAY,
  maxMs: epochDay(10_000, 1, 1) * MS_PER_DAY - 1
}
/** More digits a NUMBER does not promise to keep. */
const MOST_DIGITS = 38
/** Decimal digits that so many binary ones hold for certain. */
const DIGITS_PER_BIT = 0.301_03

function targetType(word: string, row: Row): TargetType {
  const [, dataType, length, precision, scale, , characters, used] = row
  switch (word) {
    case 'NUMBER':
      return numberType(numberOf(precision), numberOf(scale))
    case 'FLOAT': {
      const digits = Math.floor((numberOf(precision) ?? 126) * DIGITS_PER_BIT)
      return { kind: 'decimal', precision: Math.max(1, digits), scale: null }
    }
    case 'BINARY_FLOAT':
      return { kind: 'float', bits: 32, takesNaN: true }
    case 'BINARY_DOUBLE':
      return { kind: 'float', bits: 64, takesNaN: true }
    case 'BOOLEAN':
      return { kind: 'boolean' }
    case 'DATE':
      return { kind: 'timestamp', hasZone: false, resolutionNanos: 1e9, cuts: true, ...YEARS }
    case 'TIMESTAMP':
    case 'TIMESTAMP WITH TIME ZONE':
    case 'TIMESTAMP WITH LOCAL TIME ZONE': {
      const digits = Number(/\((\d)\)/.exec(String(dataType))?.[1] ?? 6)
      const resolutionNanos = 10 ** (9 - digits)
      return { kind: 'timestamp', hasZone: word !== 'TIMESTAMP', resolutionNanos, ...YEARS }
    }
    case 'VARCHAR2':
    case 'CHAR': {
      const unit = used === 'C' ? 'characters' : 'bytes'
      const max = numberOf(used === 'C' ? characters : length)
      return { kind: 'string', max, unit, refuses: null, booleansAreDigits: true }
    }
    case 'NVARCHAR2':
    case 'NCHAR':
      return {
        kind: 'string',
        max: numberOf(characters),
        unit: 'UTF-16 units',
        refuses: null,
        booleansAreDigits: true
      }
    case 'CLOB':
    case 'NCLOB':
    case 'LONG':
      return { kind: 'string', max: null, unit: 'characters', refuses: null }
    case 'RAW':
      return { kind: 'bytes', max: numberOf(length) }
    case 'BLOB':
    case 'LONG RAW':
      return { kind: 'bytes', max: null }
    case 'JSON':
      return { kind: 'json' }
    default:
      return { kind: 'other' }
  }
}

/** A scale alone (`NUMBER(*,2)`) comes without a precision. */
function numberType(precision: number | null, scale: number | null): TargetType {
  if (precision === null && scale === null) {
    return { kind: 'decimal', precision: MOST_DIGITS, scale: null }
  }
  const digits = precision ?? MOST_DIGITS
  if (scale !== 0) return { kind: 'decimal', precision: digits, scale: scale ?? 0 }
  const limit = 10n ** BigInt(digits)
  return { kind: 'integer', min: 1n - limit, max: limit - 1n }
}
