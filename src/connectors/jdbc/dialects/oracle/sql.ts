import type { TableFilter } from '../../database/database.ts'
import { letterUpper } from '../shared/letter-case.ts'
import { likePrefix } from '../shared/like-pattern.ts'
import type { OracleQuestion } from './questions.ts'

/** An IN list may hold 1000 expressions; each name is looked for in up to three spellings. */
const NAMES_PER_STATEMENT = 300

/** Schemas of the database itself, as the dictionary names them; not answered by every release and server. */
export const MAINTAINED_USERS: OracleQuestion = [
  { sql: `SELECT username FROM all_users WHERE oracle_maintained = 'Y'`, binds: [] }
]

/** The same by their usual names. Source: Oracle Database Security Guide, predefined schema user accounts. */
export const USUAL_MAINTAINED_USERS: readonly string[] =
  'ANONYMOUS APPQOSSYS AUDSYS CTXSYS DBSFWUSER DBSNMP DGPDB_INT DIP DVF DVSYS GGSYS GSMADMIN_INTERNAL GSMCATUSER GSMUSER LBACSYS MDDATA MDSYS OJVMSYS OLAPSYS ORACLE_OCM ORDDATA ORDPLUGINS ORDSYS OUTLN REMOTE_SCHEDULER_AGENT SI_INFORMTN_SCHEMA SYS SYS$UMF SYSBACKUP SYSDG SYSKM SYSRAC SYSTEM WMSYS XDB XS$NULL'.split(
    ' '
  )

/** Recycle bin, materialized view logs, temporary update logs, and the overflow of index-organized tables. */
export function isHelperTable(name: string): boolean {
  return /^(BIN\$|MLOG\$_|RUPD\$_|SYS_IOT_OVER_)/.test(name)
}

const DICTIONARY = [
  {
    type: 'SYNONYM',
    view: 'ALL_SYNONYMS',
    name: 'synonym_name',
    // Thousands of public synonyms stand for objects of the database itself.
    unnamed: [
      `(owner <> 'PUBLIC' OR table_owner NOT IN (SELECT username FROM all_users WHERE oracle_maintained = 'Y'))`,
      `owner <> 'PUBLIC'`
    ]
  },
  {
    type: 'TABLE',
    view: 'ALL_TABLES',
    name: 'table_name',
    unnamed: [`nested = 'NO' AND secondary = 'N'`, '']
  },
  { type: 'VIEW', view: 'ALL_VIEWS', name: 'view_name', unnamed: [''] }
] as const

/**
 * Questions that answer (owner, name) of the tables looked for, in the order of JDBC's types. With names each
 * is found by the dictionary's own index: as written, in upper and in lower case.
 */
export function listQuestions(filter: TableFilter): OracleQuestion[] {
  const { names, types, schemaPattern, prefix = null, atMost } = filter
  if (names !== null && names.length === 0) return []
  return DICTIONARY.filter(({ type }) => types.includes(type)).flatMap(({ view, name, unnamed }) =>
    chunks(names === null ? null : spellings(names)).map((chunk) =>
      (chunk === null ? unnamed : ['']).map((more) => {
        const binds: string[] = []
        const bind = (value: string): string => `:${binds.push(value)}`
        const conditions: string[] = []
        if (schemaPattern !== null && schemaPattern !== '') {
          conditions.push(
            /[%_\\]/.test(schemaPattern)
              ? `owner LIKE ${bind(schemaPattern)}${schemaPattern.includes('\\') ? ` ESCAPE '\\'` : ''}`
              : `owner = ${bind(schemaPattern)}`
          )
        }
        if (chunk !== null) conditions.push(`${name} IN (${chunk.map(bind).join(',')})`)
        if (prefix !== null) {
          const likes = [...new Set([prefix, letterUpper(prefix)])].map(
            (one) => `${name} LIKE ${bind(likePrefix(one, '!'))} ESCAPE '!'`
          )
          conditions.push(likes.length === 1 ? likes.join('') : `(${likes.join(' OR ')})`)
        }
        if (more !== '') conditions.push(more)
        // Without an order the database stops at the last row wanted.
        if (atMost !== undefined) conditions.push(`ROWNUM <= ${atMost}`)
        const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
        const order = atMost === undefined ? ` ORDER BY owner, ${name}` : ''
        return { sql: `SELECT owner, ${name} FROM ${view}${where}${order}`, binds }
      })
    )
  )
}

function spellings(names: readonly string[]): string[] {
  return [...new Set(names.flatMap((name) => [name, letterUpper(name), name.toLowerCase()]))]
}

function chunks(names: readonly string[] | null): (readonly string[] | null)[] {
  if (names === null) return [null]
  const parts: string[][] = []
  for (let at = 0; at < names.length; at += NAMES_PER_STATEMENT * 3) {
    parts.push(names.slice(at, at + NAMES_PER_STATEMENT * 3))
  }
  return parts
}

/** The schema that names without one mean. */
export const CURRENT_SCHEMA: OracleQuestion = [
  { sql: `SELECT SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA') FROM DUAL`, binds: [] },
  { sql: 'SELECT USER FROM DUAL', binds: [] }
]

/**
 * Answers name, type, precision, scale, nullable (Y/N), owner of the type or null, identity (YES/NO), and
 * whether it is invisible (YES/NO). Columns that somebody made invisible are in ALL_TAB_COLS alone, as are
 * those that the database made for itself.
 */
export function columnsQuestion(owner: string, table: string): OracleQuestion {
  return [
    [
      ', data_type_owner, identity_column, hidden_column',
      `all_tab_cols WHERE (hidden_column = 'NO' OR user_generated = 'YES') AND`
    ],
    [', data_type_owner, identity_column', 'all_tab_columns WHERE'],
    [', data_type_owner', 'all_tab_columns WHERE'],
    ['', 'all_tab_columns WHERE']
  ].map(([more, from]) => ({
    sql: `SELECT column_name, data_type, data_precision, data_scale, nullable${more} FROM ${from} owner = :1 AND table_name = :2 ORDER BY column_id`,
    binds: [owner, table]
  }))
}

/** Answers the name of the primary key. */
export function keyQuestion(owner: string, table: string): OracleQuestion {
  return [
    {
      sql: `SELECT constraint_name FROM all_constraints WHERE owner = :1 AND table_name = :2 AND constraint_type = 'P'`,
      binds: [owner, table]
    }
  ]
}

/** Answers the columns of a constraint in order. */
export function keyColumnsQuestion(owner: string, constraint: string): OracleQuestion {
  return [
    {
      sql: `SELECT column_name, position FROM all_cons_columns WHERE owner = :1 AND constraint_name = :2 ORDER BY position`,
      binds: [owner, constraint]
    }
  ]
}

/**
 * Answers what synonyms of this name stand for: owner of the synonym, then owner, table, database link or
 * null.
 */
export function synonymQuestion(owner: string, name: string): OracleQuestion {
  return [
    {
      sql: `SELECT owner, table_owner, table_name, db_link FROM all_synonyms WHERE synonym_name = :1 AND owner IN (:2, 'PUBLIC')`,
      binds: [name, owner]
    }
  ]
}

/** Answers index and column, in the order of the index. */
export function indexQuestion(owner: string, table: string): OracleQuestion {
  return [
    {
      sql: `SELECT index_owner, index_name, column_name, column_position FROM all_ind_columns WHERE table_owner = :1 AND table_name = :2 ORDER BY index_owner, index_name, column_position`,
      binds: [owner, table]
    }
  ]
}

/** Answers the indexes of a table that the database would not use. */
export function uselessIndexQuestion(owner: string, table: string): OracleQuestion {
  return [
    {
      sql: `SELECT owner, index_name FROM all_indexes WHERE table_owner = :1 AND table_name = :2 AND (status = 'UNUSABLE' OR visibility = 'INVISIBLE')`,
      binds: [owner, table]
    }
  ]
}

/** Answers a row for a table, none for a view. */
export function isTableQuestion(owner: string, table: string): OracleQuestion {
  return [
    {
      sql: `SELECT table_name FROM all_tables WHERE owner = :1 AND table_name = :2`,
      binds: [owner, table]
    }
  ]
}
