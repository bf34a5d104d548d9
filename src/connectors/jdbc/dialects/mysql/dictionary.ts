import { numberOf } from '../shared/number-of.ts'
import type { Row, Source, TableColumn, TableFilter, TableId } from '../../database/database.ts'
import { likeName, likePrefix } from '../shared/like-pattern.ts'
import { dictionaryColumn } from './types.ts'
import { queryWords } from '../shared/query-words.ts'

type Ask = (sql: string, binds: unknown[]) => Promise<Row[]>

/*
 * MariaDB answers information_schema from the files of tables: a statement that names schema and table as
 * constants opens that one table, one that asks for names alone opens none, any other opens all there are. A
 * join to another of these views opens all as well.
 */
const NAMES = 'SELECT table_schema, table_name FROM information_schema.tables'
const WHOLE = 'SELECT table_schema, table_name, table_type, engine FROM information_schema.tables'
const LOOKUPS_PER_STATEMENT = 50

/** Databases of the server itself. */
const NOT_OF_THE_SERVER = `table_schema NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')`

interface Found {
  readonly schema: string
  readonly name: string
  readonly type: string
  /** null: a view. */
  readonly engine: string | null
}

export async function mysqlTables(
  ask: Ask,
  filter: TableFilter,
  database: string | null
): Promise<TableId[]> {
  if (filter.names?.length === 0) return []
  const { sql, binds } = whereOf(filter, database)
  const isWanted = ({ type }: Found): boolean => filter.types.includes(jdbcType(type))
  let found: Found[]
  if (filter.names === null && filter.atMost === undefined) {
    found = (await ask(`${WHOLE} WHERE ${sql}`, binds)).map(foundOf)
  } else {
    const rows = await ask(`${NAMES} WHERE ${sql}`, binds)
    const names = rows.map(([schema, name]) => [String(schema), String(name)] as const)
    const enough = filter.atMost ?? Infinity
    found = await lookUp(ask, names, (some) => some.filter(isWanted).length >= enough)
  }
  return found
    .filter(isWanted)
    .sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
    .slice(0, filter.atMost)
    .map(({ schema, name }) => ({ catalog: schema, schema: null, table: name }))
}

/** By type, schema, name, as JDBC has them. */
function orderOf({ schema, name, type }: Found): string {
  return `${type}\0${schema}\0${name}`
}

function whereOf(
  { catalogPattern, names, prefix }: TableFilter,
  database: string | null
): { sql: string; binds: unknown[] } {
  const binds: unknown[] = []
  const conditions: string[] = []
  const add = (condition: string, ...values: unknown[]): void => {
    conditions.push(condition)
    binds.push(...values)
  }
  const catalog = catalogPattern ?? database
  if (catalog === null) add(NOT_OF_THE_SERVER)
  else if (catalogPattern?.includes('%') === true) {
    add(`${NOT_OF_THE_SERVER} AND table_schema LIKE ? ESCAPE '!'`, likeName(catalogPattern, '!'))
  } else add('table_schema = ?', catalog)
  if (names !== null) {
    const places = names.map(() => '?').join(',')
    const lower = names.map((name) => name.toLowerCase())
    add(`(table_name IN (${places}) OR LOWER(table_name) IN (${places}))`, ...names, ...lower)
  }
  if (prefix !== undefined) {
    add(`table_name LIKE ? ESCAPE '!'`, likePrefix(prefix, '!'))
  }
  return { sql: conditions.join(' AND '), binds }
}

/** What is known of tables by these names, until it is enough. */
async function lookUp(
  ask: Ask,
  names: readonly (readonly [schema: string, name: string])[],
  isEnough: (found: readonly Found[]) => boolean = () => false
): Promise<Found[]> {
  const found: Found[] = []
  for (let at = 0; at < names.length && !isEnough(found); at += LOOKUPS_PER_STATEMENT) {
    const part = names.slice(at, at + LOOKUPS_PER_STATEMENT)
    const lookups = part.map(() => `${WHOLE} WHERE table_schema = ? AND table_name = ?`)
    const rows = await ask(lookups.join(' UNION ALL '), part.flat())
    for (const row of rows) found.push(foundOf(row))
  }
  return found
}

function foundOf([schema, name, type, engine]: Row): Found {
  return {
    schema: String(schema),
    name: String(name),
    type: String(type),
    engine: engine === null ? null : String(engine)
  }
}

function jdbcType(tableType: string): string {
  return tableType === 'BASE TABLE' || tableType === 'SYSTEM VERSIONED' ? 'TABLE' : tableType
}

const COLUMNS = `SELECT column_name, data_type, column_type, is_nullable, numeric_precision, numeric_scale, datetime_precision, character_set_name, extra
FROM information_schema.columns WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position`

const KEY = `SELECT column_name, seq_in_index FROM information_schema.statistics WHERE table_schema = ? AND table_name = ? AND index_name = 'PRIMARY'`

export async function mysqlColumns(
  ask: Ask,
  schema: string,
  table: string,
  types: Parameters<typeof dictionaryColumn>[1]
): Promise<TableColumn[]> {
  const columns = await ask(COLUMNS, [schema, table])
  const key = new Map(
    columns.length === 0
      ? []
      : (await ask(KEY, [schema, table])).map(([name, place]) => [String(name), Number(place)])
  )
  return columns.map(
    ([name, dataType, columnType, nullable, precision, scale, digits, characterSet, extra]) => ({
      ...dictionaryColumn(
        {
          name: String(name),
          dataType: String(dataType),
          columnType: String(columnType),
          nullable: nullable === 'YES',
          precision: numberOf(precision),
          scale: numberOf(scale),
          datetimePrecision: numberOf(digits),
          characterSet: characterSet === null ? null : String(characterSet)
        },
        types
      ),
      autoIncrement: /auto_increment/i.test(String(extra)),
      // MySQL and MariaDB agree on the word.
      isInvisible: /invisible/i.test(String(extra)),
      keyPosition: key.get(String(name)) ?? null
    })
  )
}

/** Two names with a dot between them, each in quotes or not. */
const PAIR = /(?:`((?:[^`]|``)+)`|([\w$]+))\s*\.\s*(?:`((?:[^`]|``)+)`|([\w$]+))/g
const DEEPEST_VIEW = 8
/** More names are not looked up for one table or query. */
const MOST_NAMES = 200

/**
 * Whose rows InnoDB does not know: tables of other engines, among them those that stand for tables of other
 * servers.
 */
export async function mysqlCopies(
  ask: Ask,
  { table, query }: Source,
  database: string | null
): Promise<string | null> {
  let names: readonly (readonly [string, string])[] =
    query === null
      ? [[table?.catalog ?? database ?? '', table?.table ?? '']]
      : namesIn(query, database)
  for (let depth = 0; depth < DEEPEST_VIEW && names.length > 0; depth++) {
    const found = await lookUp(ask, names.slice(0, MOST_NAMES))
    const other = found.find(({ engine }) => engine !== null && engine.toLowerCase() !== 'innodb')
    if (other !== undefined) {
      return `${other.schema}.${other.name} is a table of the engine ${other.engine ?? ''}, whose writers are not shown`
    }
    names = []
    for (const { schema, name } of found.filter(({ type }) => type === 'VIEW')) {
      const [[definition] = []] = await ask(VIEW_DEFINITION, [schema, name])
      names = [...names, ...namesIn(String(definition), schema)]
    }
  }
  return null
}

const VIEW_DEFINITION = `SELECT view_definition FROM information_schema.views WHERE table_schema = ? AND table_name = ?`

function namesIn(text: string, database: string | null): [schema: string, name: string][] {
  const names: [string, string][] = [...text.matchAll(PAIR)].map(
    ([, quoted, plain = '', quotedName, plainName = '']) => [
      quoted?.replaceAll('``', '`') ?? plain,
      quotedName?.replaceAll('``', '`') ?? plainName
    ]
  )
  if (database !== null)
    names.push(...queryWords(text).map((word): [string, string] => [database, word]))
  return [...new Map(names.map((pair) => [pair.join('\0'), pair])).values()]
}
