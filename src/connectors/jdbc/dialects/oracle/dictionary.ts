import { ConfigError } from '../../../../errors.ts'
import { numberOf } from '../shared/number-of.ts'
import type {
  Dialect,
  Row,
  Source,
  TableColumn,
  TableFilter,
  TableId
} from '../../database/database.ts'
import { tableSql } from '../../database/table-name.ts'
import { indexColumns } from '../shared/index-columns.ts'
import { oracleIdHazards } from './id-hazards.ts'
import { oracleCopies } from './copies.ts'
import type { OracleQuestions } from './questions.ts'
import {
  columnsQuestion,
  CURRENT_SCHEMA,
  indexQuestion,
  isHelperTable,
  isTableQuestion,
  keyColumnsQuestion,
  keyQuestion,
  listQuestions,
  MAINTAINED_USERS,
  synonymQuestion,
  uselessIndexQuestion,
  USUAL_MAINTAINED_USERS
} from './sql.ts'
import { oracleColumn } from './types.ts'

/**
 * Tables and columns as Oracle's dictionary (ALL_…) shows them to this user. Every statement is plain, and
 * names owner and table: only a list of all tables scans the dictionary. Of what only helps (keys, synonyms,
 * indexes) a refusal is survived.
 */
export class OracleDictionary {
  readonly #dialect: Dialect
  readonly #questions: OracleQuestions
  #currentSchema: string | null = null
  #maintained: ReadonlySet<string> | null = null

  constructor(dialect: Dialect, questions: OracleQuestions) {
    this.#dialect = dialect
    this.#questions = questions
  }

  async tables(filter: TableFilter): Promise<TableId[]> {
    const tables: TableId[] = []
    for (const question of listQuestions(filter)) {
      for (const [schema, table] of await this.#questions.ask(question)) {
        tables.push({ catalog: null, schema: String(schema), table: String(table) })
      }
    }
    const wanted = tables.filter(({ table }) => !isHelperTable(table))
    if (filter.schemaPattern !== null && filter.schemaPattern !== '') return wanted
    if (wanted.length === 0) return wanted
    const maintained = await this.#maintainedUsers()
    return wanted.filter(({ schema }) => !maintained.has(schema ?? ''))
  }

  /** Columns of a table, or of what a synonym stands for; empty when there is neither. */
  async columns(table: TableId): Promise<TableColumn[]> {
    const owner = table.schema ?? (await this.currentSchema())
    const columns = await this.#columnsOf(owner, table.table)
    if (columns === null) return await this.#resultColumns(table)
    if (columns.length > 0) return columns
    const meant = await this.#synonym(owner, table.table)
    return meant === null ? [] : ((await this.#columnsOf(meant.owner, meant.name)) ?? [])
  }

  /**
   * The indexes of a table that serve, or of the table a synonym stands for; null when they are not known, as
   * for a view.
   */
  async indexes(table: TableId): Promise<(string | null)[][] | null> {
    const owner = table.schema ?? (await this.currentSchema())
    const own = await this.#indexesOf(owner, table.table)
    const meant = own === null ? await this.#synonym(owner, table.table) : null
    return meant === null ? own : await this.#indexesOf(meant.owner, meant.name)
  }

  async idHazards(table: TableId, column: string): Promise<string[]> {
    const owner = table.schema ?? (await this.currentSchema())
    return await oracleIdHazards(this.#questions, owner, table, column)
  }

  async writersElsewhere(source: Source): Promise<string | null> {
    return await oracleCopies(this.#questions, source, await this.currentSchema())
  }

  /** The schema that names without one mean. */
  async currentSchema(): Promise<string> {
    if (this.#currentSchema === null) {
      const [[name] = []] = await this.#questions.ask(CURRENT_SCHEMA)
      this.#currentSchema = String(name)
    }
    return this.#currentSchema
  }

  async #maintainedUsers(): Promise<ReadonlySet<string>> {
    if (this.#maintained === null) {
      const loss = 'schemas of the database itself are known by their usual names'
      const rows = await this.#questions.askIfAllowed(loss, MAINTAINED_USERS)
      this.#maintained = new Set(rows?.map(([name]) => String(name)) ?? USUAL_MAINTAINED_USERS)
    }
    return this.#maintained
  }

  /** null when the dictionary may not be asked. */
  async #columnsOf(owner: string, table: string): Promise<TableColumn[] | null> {
    const loss = 'columns are taken from the result of a query'
    const rows = await this.#questions.askIfAllowed(loss, columnsQuestion(owner, table))
    if (rows === null || rows.length === 0) return rows === null ? null : []
    const key = await this.#key(owner, table)
    return rows.map(([name, type, precision, scale, nullable, typeOwner, identity, hidden]) => ({
      ...oracleColumn(String(name), nullable !== 'N', {
        name: isOwn(typeOwner) ? `${String(typeOwner)}.${String(type)}` : String(type),
        precision: numberOf(precision),
        scale: numberOf(scale)
      }),
      autoIncrement: identity === 'YES',
      isInvisible: hidden === 'YES',
      keyPosition: key.get(String(name)) ?? null
    }))
  }

  async #resultColumns(table: TableId): Promise<TableColumn[]> {
    const name = tableSql(this.#dialect, table, true)
    const loss = 'it counts as missing'
    const columns = await this.#questions.describeIfAllowed(loss, `SELECT * FROM ${name}`)
    return (columns ?? []).map((column) => ({ ...column, autoIncrement: false, keyPosition: null }))
  }

  /** Column → place in the primary key. */
  async #key(owner: string, table: string): Promise<ReadonlyMap<string, number>> {
    const loss = 'rows are named by other columns than their key'
    const [[name] = []] =
      (await this.#questions.askIfAllowed(loss, keyQuestion(owner, table))) ?? []
    if (name === undefined) return new Map()
    const columns = await this.#questions.askIfAllowed(
      loss,
      keyColumnsQuestion(owner, String(name))
    )
    return new Map(columns?.map(([column, position]) => [String(column), Number(position)]))
  }

  /**
   * The table a synonym stands for, the user's own before a public one; null when there is no such synonym.
   */
  async #synonym(owner: string, name: string): Promise<{ owner: string; name: string } | null> {
    const loss = 'synonyms are not followed'
    const rows = (await this.#questions.askIfAllowed(loss, synonymQuestion(owner, name))) ?? []
    const synonym = rows.find(([of]) => of !== 'PUBLIC') ?? rows[0]
    if (synonym === undefined) return null
    const [, tableOwner, table, link] = synonym
    if (link !== null && link !== undefined) {
      throw new ConfigError(
        `The synonym ${name} leads over the database link ${String(link)}: connect to that database itself`
      )
    }
    return { owner: String(tableOwner), name: String(table) }
  }

  async #indexesOf(owner: string, table: string): Promise<(string | null)[][] | null> {
    const loss = 'of indexes nothing is known'
    const rows = await this.#questions.askIfAllowed(loss, indexQuestion(owner, table))
    if (rows === null) return null
    if (rows.length === 0) {
      const found = await this.#questions.askIfAllowed(loss, isTableQuestion(owner, table))
      return found === null || found.length === 0 ? null : []
    }
    const others = 'indexes that are unusable or invisible count as others do'
    const useless = await this.#questions.askIfAllowed(others, uselessIndexQuestion(owner, table))
    const left = new Set(useless?.map(([of, index]) => `${String(of)}.${String(index)}`))
    return indexColumns(
      rows
        .map(
          ([of, index, column]): Row => [
            `${String(of)}.${String(index)}`,
            // Expressions, and columns in descending order, are hidden columns with names like these.
            /^SYS_NC\d+\$$/.test(String(column)) ? null : column
          ]
        )
        .filter(([index]) => !left.has(String(index)))
    )
  }
}

/** Whether a type belongs to a schema, so that its name alone does not say what it is. */
function isOwn(typeOwner: unknown): boolean {
  return typeOwner !== null && typeOwner !== undefined && typeOwner !== 'PUBLIC'
}
