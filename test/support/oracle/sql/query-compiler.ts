import { OracleError } from '../oracle-error.ts'
import type { Database } from '../store/database.ts'
import type { SystemView, Table, View } from '../store/objects.ts'
import { type CompileContext, ExpressionCompiler } from './expression-compiler.ts'
import { checkGroups, conjuncts, hasAggregate, joined, rowLimit } from './query-checks.ts'
import { type Compiled, findSources, type Scope, type Source } from './scope.ts'
import { isText, NUMBER } from './sql-type.ts'
import type { Block, Expression, FromItem, OrderItem, Query, QueryBody } from './syntax.ts'

export interface OutputColumn extends Compiled {
  readonly name: string
}

interface Body {
  readonly sql: string
  readonly columns: readonly OutputColumn[]
}

/** Rows a statement sees: committed by SCN ?1, or changed by transaction ?2 itself. */
function visible(scn = '?1'): string {
  return `(born <= ${scn} OR btx = ?2) AND (dtx IS NULL OR (dtx <> ?2 AND (died IS NULL OR died > ${scn})))`
}

/** Turns queries into SQLite's words; output columns are x0, x1 … */
export class QueryCompiler extends ExpressionCompiler {
  readonly #database: Database
  readonly #nls: ReadonlyMap<string, string>
  #aliases = 0
  readonly #named: { readonly name: string; readonly query: Query }[] = []
  /** The dictionary's views show other rows each time. */
  volatile = false

  constructor(database: Database, context: CompileContext, nls: ReadonlyMap<string, string>) {
    super(context)
    this.#database = database
    this.#nls = nls
  }

  override subquery(query: Query, scope: Scope): Body {
    return this.query(query, scope)
  }

  query(query: Query, parent: Scope | null): Body {
    const before = this.#named.length
    this.#named.push(...query.with)
    const { body } = query
    const result =
      body.kind === 'block' ? this.#block(body, parent, query) : this.#ordered(body, parent, query)
    this.#named.length = before
    return result
  }

  /** UNION and its like, ordered by their columns. */
  #ordered(body: QueryBody, parent: Scope | null, query: Query): Body {
    const { sql, columns } = this.#set(body, parent)
    const keys = query.order.map((item) => {
      const place = this.#outputPlace(item.expression, columns)
      if (place === null) throw new OracleError(1785, [], item.expression.position)
      return orderKey(
        this.sortable({ ...(columns[place] as OutputColumn), sql: `x${place}` }),
        item,
        true
      )
    })
    const order = keys.length === 0 ? '' : ` ORDER BY ${keys.join(', ')}`
    const names = columns.map((_, index) => `x${index}`).join(', ')
    return { sql: `SELECT ${names} FROM (${sql})${order}${this.#limit(query, null)}`, columns }
  }

  #set(body: QueryBody, parent: Scope | null): Body {
    if (body.kind === 'block') return this.#block(body, parent, null)
    const left = this.#set(body.left, parent)
    const right = this.#set(body.right, parent)
    if (left.columns.length !== right.columns.length) throw new OracleError(1789)
    const columns = left.columns.map((column, index) => {
      const other = right.columns[index] as OutputColumn
      const known = column.type.name !== 'NULL' && other.type.name !== 'NULL'
      const alike =
        column.type.name === other.type.name || (isText(column.type) && isText(other.type))
      if (known && !alike) throw new OracleError(1790)
      const type = this.unified([column, other])
      return { ...column, type, nullable: column.nullable || other.nullable, sql: `x${index}` }
    })
    return { sql: `${left.sql} ${body.operator} ${right.sql}`, columns }
  }

  #block(block: Block, parent: Scope | null, query: Query | null): Body {
    const sources: Source[] = []
    const scope: Scope = { sources, parent }
    const from = block.from.map((item) => this.from(item, scope, sources)).join(', ')
    const tests = conjuncts(block.where)
    const limits = tests.map(rowLimit).filter((limit) => limit !== null)
    const conditions = tests.filter((test) => rowLimit(test) === null)
    for (const test of conditions)
      if (hasAggregate(test)) throw new OracleError(934, [], test.position)
    const where = joined(conditions.map((test) => this.condition(test, scope)))
    const columns = this.#outputs(block, scope)
    checkGroups(block)
    const group = block.group.map((one) => this.sortable(this.value(one, scope)))
    const having = block.having === null ? '' : ` HAVING ${this.condition(block.having, scope)}`
    const list = columns.map(({ sql }, index) => `${sql} AS x${index}`)
    const keys = (query?.order ?? []).map((item) => this.#key(item, block, columns, scope))
    const tail = `FROM ${from}${where}${group.length === 0 ? '' : ` GROUP BY ${group.join(', ')}`}${having}`
    const distinct = block.distinct ? 'DISTINCT ' : ''
    const rowCount = limits.length === 0 ? null : this.#rowCount(limits as Expression[], scope)
    const names = columns.map((_, index) => `x${index}`).join(', ')
    if (query?.fetch?.withTies === true && keys.length > 0) {
      const order = keys.map(({ sql }) => sql).join(', ')
      const most = this.#integer(query.fetch.rows, scope)
      const ranks = `rank() OVER (ORDER BY ${order}) AS r, row_number() OVER (ORDER BY ${order}) AS n`
      const skip = query.offset === null ? '0' : this.#integer(query.offset, scope)
      return {
        columns,
        sql: `SELECT ${names} FROM (SELECT ${list.join(', ')}, ${ranks} ${tail}) WHERE n > ${skip} AND r <= ${skip} + ${most} ORDER BY n`
      }
    }
    if (rowCount !== null && keys.length > 0) {
      const extra = keys.map(({ key }, index) => `${key} AS k${index}`)
      // Without its OFFSET SQLite would order first and cut then.
      const inner = `SELECT ${distinct}${[...list, ...extra].join(', ')} ${tail} LIMIT ${rowCount} OFFSET 0`
      const order = keys.map(({ item, nullable }, index) => orderKey(`k${index}`, item, nullable))
      return { columns, sql: `SELECT ${names} FROM (${inner}) ORDER BY ${order.join(', ')}` }
    }
    const order = keys.length === 0 ? '' : ` ORDER BY ${keys.map(({ sql }) => sql).join(', ')}`
    const limit = query === null ? limitOf(rowCount) : this.#limit(query, rowCount)
    return { columns, sql: `SELECT ${distinct}${list.join(', ')} ${tail}${order}${limit}` }
  }

  #key(
    item: OrderItem,
    block: Block,
    columns: readonly OutputColumn[],
    scope: Scope
  ): { sql: string; key: string; item: OrderItem; nullable: boolean } {
    const place = this.#outputPlace(item.expression, columns)
    const named =
      place !== null && (item.expression.kind === 'number' || this.#isAlias(item.expression, block))
    const value = named ? (columns[place] as OutputColumn) : this.value(item.expression, scope)
    if (block.distinct && !named && !columns.some(({ sql }) => sql === value.sql)) {
      throw new OracleError(1791, [], item.expression.position)
    }
    const key = this.sortable(value)
    return { sql: orderKey(key, item, value.nullable), key, item, nullable: value.nullable }
  }

  #isAlias(expression: Expression, block: Block): boolean {
    if (expression.kind !== 'column' || expression.path.length > 1) return false
    return block.items.some((item) => !item.star && item.alias === expression.path[0])
  }

  /** The place of the output column that an ORDER BY item names by number or name. */
  #outputPlace(expression: Expression, columns: readonly OutputColumn[]): number | null {
    if (expression.kind === 'number' && /^\d+$/.test(expression.text)) {
      const place = Number(expression.text) - 1
      if (place < 0 || place >= columns.length) throw new OracleError(1785, [], expression.position)
      return place
    }
    if (expression.kind !== 'column' || expression.path.length > 1) return null
    const place = columns.findIndex(({ name }) => name === expression.path[0])
    return place < 0 ? null : place
  }

  #limit(query: Query, rowCount: string | null): string {
    const scope: Scope = { sources: [], parent: null }
    if (query.fetch === null && query.offset === null) return limitOf(rowCount)
    const rows = query.fetch === null ? '-1' : this.#integer(query.fetch.rows, scope)
    const offset = query.offset === null ? '' : ` OFFSET ${this.#integer(query.offset, scope)}`
    return ` LIMIT ${rowCount === null ? rows : `min(${rows}, ${rowCount})`}${offset}`
  }

  #rowCount(limits: readonly Expression[], scope: Scope): string {
    const counts = limits.map((limit) => this.#integer(limit, scope))
    return counts.length === 1 ? (counts[0] ?? '0') : `min(${counts.join(', ')})`
  }

  #integer(expression: Expression, scope: Scope): string {
    return `max(o_js(${this.convertTo(this.value(expression, scope), NUMBER)}), 0)`
  }

  #outputs(block: Block, scope: Scope): OutputColumn[] {
    return block.items.flatMap((item): OutputColumn[] => {
      if (item.star) {
        const sources =
          item.path.length === 0 ? scope.sources : findSources(scope, item.path, item.position)
        return sources.flatMap(({ columns }) => columns.map((column) => ({ ...column })))
      }
      const value = this.value(item.expression, scope)
      const own = item.expression.kind === 'column' ? item.expression.path.at(-1) : undefined
      const name = item.alias ?? own ?? item.text.replace(/\s+/g, '').toUpperCase().slice(0, 128)
      return [{ ...value, name }]
    })
  }

  from(item: FromItem, scope: Scope, sources: Source[]): string {
    if (item.kind === 'join') {
      const left = this.from(item.left, scope, sources)
      const middle = sources.length
      const right = this.from(item.right, scope, sources)
      const on = item.on === null ? '' : ` ON ${this.condition(item.on, scope)}`
      const optional = (source: Source): Source => ({
        ...source,
        columns: source.columns.map((column) => ({ ...column, nullable: true }))
      })
      for (const [index, source] of sources.entries()) {
        const isRight = index >= middle
        const loose =
          item.type === 'FULL' || (isRight ? item.type === 'LEFT' : item.type === 'RIGHT')
        if (loose) sources[index] = optional(source)
      }
      return `${left} ${item.type} JOIN ${right}${on}`
    }
    const { sql, source } =
      item.kind === 'query'
        ? this.#derived(item.query, item.alias, scope.parent)
        : this.#table(item, scope)
    const taken =
      source.name !== null &&
      sources.some(({ name, owner }) => name === source.name && owner === source.owner)
    if (taken) throw new OracleError(918)
    sources.push(source)
    return sql
  }

  #derived(
    query: Query,
    name: string | null,
    parent: Scope | null
  ): { sql: string; source: Source } {
    const { sql, columns } = this.query(query, parent)
    return this.#source(sql, columns, { name, owner: null })
  }

  #source(
    sql: string,
    columns: readonly OutputColumn[],
    facts: { name: string | null; owner: string | null }
  ): { sql: string; source: Source } {
    const alias = this.#alias()
    const list = columns.map(({ name, type, nullable }, index) => ({
      name,
      type,
      nullable,
      sql: `${alias}.x${index}`
    }))
    return { sql: `(${sql}) AS ${alias}`, source: { ...facts, alias, columns: list, table: null } }
  }

  #alias(): string {
    this.#aliases += 1
    return `s${this.#aliases}`
  }

  #table(
    item: Extract<FromItem, { kind: 'table' }>,
    scope: Scope
  ): { sql: string; source: Source } {
    const { path, position } = item
    const [first = ''] = path
    const name = item.alias ?? path.at(-1) ?? ''
    const named = this.#named.findLast((one) => path.length === 1 && one.name === first)
    if (named !== undefined) return this.#derived(named.query, name, null)
    const found = atPosition(position, () =>
      this.#database.resolve(path, this.context.schema, this.context.user)
    )
    const owner = item.alias === null && found.kind !== 'systemName' ? found.owner : null
    if (found.kind === 'systemName') {
      const view = atPosition(position, () =>
        this.#database.systemView(found.name, this.context.user, this.#nls)
      )
      this.volatile = true
      return this.#systemView(view, name)
    }
    if (found.kind === 'view') return this.#view(found, name, owner)
    if (found.kind !== 'table') throw new OracleError(942, [], position)
    const scn = item.asOfScn === null ? '?1' : this.#integer(item.asOfScn, scope)
    return this.tableSource(found, name, owner, scn)
  }

  tableSource(
    table: Table,
    name: string,
    owner: string | null,
    scn = '?1'
  ): { sql: string; source: Source & { table: Table } } {
    const alias = this.#alias()
    const storage = this.#database.rows.storageOf(table)
    const slots = table.columns.map(({ slot }) => `, c${slot}`).join('')
    const columns = table.columns.map((column) => ({
      name: column.name,
      type: column.type,
      nullable: column.nullable,
      sql: `${alias}.c${column.slot}`
    }))
    const sql = `(SELECT ver, rid, born, dtx${slots} FROM t${storage} WHERE ${visible(scn)}) AS ${alias}`
    return { sql, source: { name, owner, alias, columns, table } }
  }

  #view(view: View, name: string, owner: string | null): { sql: string; source: Source } {
    const context = { ...this.context, user: view.owner, schema: view.owner }
    const inner = new QueryCompiler(this.#database, context, this.#nls)
    const { sql, columns } = inner.query(view.query, null)
    this.volatile ||= inner.volatile
    const renamed = columns.map((column, index) => ({
      ...column,
      name: view.columns[index] ?? column.name
    }))
    return this.#source(sql, renamed, { name, owner })
  }

  #systemView(view: SystemView, name: string): { sql: string; source: Source } {
    const list = view.columns.map(({ sql }, index) => `${sql} AS x${index}`)
    return this.#source(`SELECT ${list.join(', ')} ${view.from}`, view.columns, {
      name,
      owner: 'SYS'
    })
  }
}

function orderKey(key: string, { descending, nullsFirst }: OrderItem, nullable: boolean): string {
  const nulls = nullable ? ` NULLS ${(nullsFirst ?? descending) ? 'FIRST' : 'LAST'}` : ''
  return `${key} ${descending ? 'DESC' : 'ASC'}${nulls}`
}

function limitOf(rowCount: string | null): string {
  return rowCount === null ? '' : ` LIMIT ${rowCount}`
}

function atPosition<T>(position: number, act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (error instanceof OracleError && error.number === 942)
      throw new OracleError(942, [], position)
    throw error
  }
}
