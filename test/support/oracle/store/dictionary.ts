import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { byteLength, dataTypeText, type SqlType } from '../sql/sql-type.ts'
import { encodeDate } from '../wire/datetime.ts'
import type { Moment } from '../wire/moment.ts'
import { numberOf } from '../wire/number.ts'
import type { Column } from '../sql/sql-type.ts'
import type { Constraint, SchemaObject, Table, TableColumn, View } from './objects.ts'

const TABLES = {
  d_user: 'name, id, created',
  d_object: 'owner, name, id, type, created, temporary',
  d_table: 'owner, name, temporary',
  d_view: 'owner, name, text, length, materialized',
  d_column:
    'owner, table_name, name, position, type, length, precision, scale, nullable, standard, identity, characters, used, form',
  d_constraint: 'owner, name, type, table_name, condition, generated, r_owner, r_name',
  d_constraint_column: 'owner, name, table_name, column_name, position',
  d_index: 'owner, name, table_owner, table_name, uniqueness',
  d_index_column: 'owner, name, table_owner, table_name, column_name, position',
  d_synonym: 'owner, name, target_owner, target_name, link',
  d_grant: 'grantee, privilege, owner, name'
} as const

type DictionaryTable = keyof typeof TABLES

/**
 * The dictionary's own tables in SQLite, beneath the views ALL_TABLES and the like. Values are in stored
 * form.
 */
export class Dictionary {
  readonly #sqlite: DatabaseSync
  readonly #inserts = new Map<DictionaryTable, StatementSync>()

  constructor(sqlite: DatabaseSync) {
    this.#sqlite = sqlite
    for (const [table, columns] of Object.entries(TABLES)) {
      sqlite.exec(`CREATE TABLE ${table} (${columns})`)
      const key = columns.split(', ').slice(0, 2).join(', ')
      sqlite.exec(`CREATE INDEX ${table}_key ON ${table} (${key})`)
    }
    for (const [table, columns] of [
      ['d_constraint', 'owner, table_name'],
      ['d_constraint_column', 'owner, table_name'],
      ['d_index', 'table_owner, table_name'],
      ['d_index_column', 'table_owner, table_name']
    ] as const) {
      sqlite.exec(`CREATE INDEX ${table}_table ON ${table} (${columns})`)
    }
  }

  addUser(name: string, id: number, now: Moment): void {
    this.#insert('d_user', name, numberOf(id), encodeDate(now.seconds))
  }

  removeUser(name: string): void {
    this.#sqlite.prepare('DELETE FROM d_user WHERE name = ?').run(name)
  }

  grant(grantee: string, privilege: string, owner: string, name: string): void {
    this.#insert('d_grant', grantee, privilege, owner, name)
  }

  revoke(grantee: string, privilege: string, owner: string, name: string): void {
    const sql = 'DELETE FROM d_grant WHERE grantee = ? AND privilege = ? AND owner = ? AND name = ?'
    this.#sqlite.prepare(sql).run(grantee, privilege, owner, name)
  }

  add(object: SchemaObject, now: Moment, columns: readonly Column[] = []): void {
    const { owner, name } = object
    const created = encodeDate(now.seconds)
    const temporary = object.kind === 'table' && object.temporary ? 'Y' : 'N'
    const type =
      object.kind === 'view' && object.materialized
        ? 'MATERIALIZED VIEW'
        : object.kind.toUpperCase()
    this.#insert('d_object', owner, name, numberOf(object.id), type, created, temporary)
    if (object.kind === 'table') this.#addTable(object)
    else if (object.kind === 'view') this.#addView(object, columns)
    else if (object.kind === 'synonym') {
      const { target } = object
      this.#insert('d_synonym', owner, name, target.owner, target.name, target.link)
    }
  }

  remove(object: SchemaObject): void {
    const { owner, name } = object
    this.#delete('d_object', owner, name)
    if (object.kind === 'synonym') this.#delete('d_synonym', owner, name)
    if (object.kind === 'view') this.#delete('d_view', owner, name)
    if (object.kind !== 'table' && object.kind !== 'view') return
    this.#delete('d_table', owner, name)
    this.#sqlite.prepare('DELETE FROM d_column WHERE owner = ? AND table_name = ?').run(owner, name)
    for (const table of ['d_constraint', 'd_constraint_column']) {
      this.#sqlite
        .prepare(`DELETE FROM ${table} WHERE owner = ? AND table_name = ?`)
        .run(owner, name)
    }
    for (const table of ['d_index', 'd_index_column']) {
      this.#sqlite
        .prepare(`DELETE FROM ${table} WHERE table_owner = ? AND table_name = ?`)
        .run(owner, name)
    }
  }

  #delete(
    table: 'd_object' | 'd_synonym' | 'd_view' | 'd_table',
    owner: string,
    name: string
  ): void {
    this.#sqlite.prepare(`DELETE FROM ${table} WHERE owner = ? AND name = ?`).run(owner, name)
  }

  #addView(view: View, columns: readonly Column[]): void {
    const { owner, name, text, materialized } = view
    this.#insert('d_view', owner, name, text, numberOf(text.length), materialized ? 'Y' : 'N')
    // A materialized view has a table of its name.
    if (materialized) this.#insert('d_table', owner, name, 'N')
    for (const [index, column] of columns.entries()) {
      this.#addColumn(owner, name, index + 1, { ...column, defaultText: null, identity: null })
    }
  }

  #addTable(table: Table): void {
    const { owner, name } = table
    this.#insert('d_table', owner, name, table.temporary ? 'Y' : 'N')
    for (const [index, column] of table.columns.entries()) {
      this.#addColumn(owner, name, index + 1, column)
    }
    for (const constraint of table.constraints) this.#addConstraint(table, constraint)
    for (const column of table.columns.filter(({ nullable }) => !nullable)) {
      const condition = `"${column.name}" IS NOT NULL`
      const generated = `SYS_C${String(table.id).padStart(5, '0')}${column.slot}`
      const key = { name: generated, columns: [column.name], condition, generated: true }
      this.#addConstraint(table, { ...key, type: 'C' })
    }
    for (const index of table.indexes) {
      this.#addIndex(table, index.owner, index.name, index.unique, index.columns)
    }
  }

  #addColumn(
    owner: string,
    table: string,
    position: number,
    column: Pick<TableColumn, 'name' | 'type' | 'nullable' | 'defaultText' | 'identity'>
  ): void {
    const { type } = column
    const text = type.name === 'VARCHAR2' || type.name === 'CHAR'
    const { precision, scale } = dictionaryPrecision(type)
    this.#insert(
      'd_column',
      owner,
      table,
      column.name,
      numberOf(position),
      dataTypeText(type),
      numberOf(type.name === 'LONG' ? 0 : byteLength(type)),
      precision === null ? null : numberOf(precision),
      scale === null ? null : numberOf(scale),
      column.nullable ? 'Y' : 'N',
      column.defaultText,
      column.identity,
      numberOf(text ? (type.size ?? 0) : 0),
      text ? (type.inCharacters === true ? 'C' : 'B') : null,
      text || type.name === 'CLOB' ? (type.national === true ? 'NCHAR_CS' : 'CHAR_CS') : null
    )
  }

  #addConstraint(table: Table, constraint: Constraint): void {
    const { owner, name } = table
    const generated = constraint.generated ? 'GENERATED NAME' : 'USER NAME'
    this.#insert(
      'd_constraint',
      owner,
      constraint.name,
      constraint.type,
      name,
      constraint.condition,
      generated,
      constraint.parent?.owner ?? null,
      constraint.parent?.key ?? null
    )
    for (const [index, column] of constraint.columns.entries()) {
      const place = constraint.type === 'C' ? null : numberOf(index + 1)
      this.#insert('d_constraint_column', owner, constraint.name, name, column, place)
    }
    if (constraint.type === 'P' || constraint.type === 'U') {
      this.#addIndex(table, owner, constraint.name, true, constraint.columns)
    }
  }

  #addIndex(
    table: Table,
    owner: string,
    name: string,
    unique: boolean,
    columns: readonly (string | null)[]
  ): void {
    const uniqueness = unique ? 'UNIQUE' : 'NONUNIQUE'
    this.#insert('d_index', owner, name, table.owner, table.name, uniqueness)
    for (const [index, column] of columns.entries()) {
      const shown = column ?? `SYS_NC${String(index + 1).padStart(5, '0')}$`
      this.#insert(
        'd_index_column',
        owner,
        name,
        table.owner,
        table.name,
        shown,
        numberOf(index + 1)
      )
    }
  }

  #insert(table: DictionaryTable, ...values: (string | Uint8Array | null)[]): void {
    let statement = this.#inserts.get(table)
    if (statement === undefined) {
      const places = TABLES[table].split(', ').map(() => '?')
      statement = this.#sqlite.prepare(`INSERT INTO ${table} VALUES (${places.join(', ')})`)
      this.#inserts.set(table, statement)
    }
    statement.run(...values)
  }
}

/** DATA_PRECISION and DATA_SCALE. */
function dictionaryPrecision(type: SqlType): { precision: number | null; scale: number | null } {
  const name: string = type.name
  switch (name) {
    case 'NUMBER':
      return {
        precision: type.precision ?? null,
        scale: type.scale === -127 ? null : (type.scale ?? null)
      }
    case 'TIMESTAMP':
    case 'TIMESTAMP_TZ':
    case 'TIMESTAMP_LTZ':
      return { precision: null, scale: type.scale ?? 6 }
    case 'INTERVAL_DS':
      return { precision: type.precision ?? 2, scale: type.scale ?? 6 }
    case 'INTERVAL_YM':
      return { precision: type.precision ?? 2, scale: 0 }
    default:
      return { precision: null, scale: null }
  }
}
