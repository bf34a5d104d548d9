import type { ConfigMap } from '../../../config/config-def.ts'
import { TimeZone } from '../values/time-zone.ts'
import { columnRename } from './column-names.ts'
import { parseDeleteMode, type SoftDelete } from './delete-mode.ts'
import type { JdbcSinkConfig } from './sink-config.ts'
import { parseTableMapping, parseTableTemplate, type TableTemplate } from './table-template.ts'

type InsertMode = 'insert' | 'upsert' | 'update'
type KeyMode = 'none' | 'kafka' | 'record_key' | 'record_value'

/** How records become rows. */
export interface RecordSettings {
  /** Of the connector, for messages that name it. */
  readonly connector: string
  readonly insertMode: InsertMode
  readonly keyMode: KeyMode
  readonly keyFields: readonly string[]
  /** Empty: all. */
  readonly whitelist: ReadonlySet<string>
  readonly deletes: boolean
  /** null: a delete deletes the row. */
  readonly softDelete: SoftDelete | null
  /** Whether a truncate of an envelope empties the table. */
  readonly truncates: boolean
  readonly skipsTombstones: boolean
  readonly unwrapsEnvelopes: boolean
  readonly nested: 'fail' | 'json' | 'flatten'
  readonly takesValuesWithoutSchema: boolean
  readonly keepsNulls: boolean
  /** Column by which an upsert is newer than the row; null: it always is. */
  readonly newerBy: string | null
  readonly stringColumn: string
  readonly timestampFields: ReadonlySet<string>
  readonly timestampDigits: 6 | 9
  columnOf(field: string): string
  readonly tables: TableNaming
}

/** How tables are named. */
interface TableNaming {
  readonly template: TableTemplate
  /** Tables of topics; null: the template says. */
  readonly mapping: ReadonlyMap<string, string> | null
  readonly normalize: boolean
}

/** How values become those of columns. */
interface WrittenValueSettings {
  readonly timeZone: TimeZone
  /** In which zone a day begins. */
  readonly dateZone: TimeZone
  readonly julianBefore1582: boolean
  /** Whether null is written as the default of its schema. */
  readonly nullBecomesDefault: boolean
  /** Whether structs and maps become JSON. */
  readonly nestsAsJson: boolean
  /** Whether digits that a column has no place for are rounded, rather than an error. */
  readonly roundsExcess: boolean
  /** Whether a column that is too small is made larger. */
  readonly widens: boolean
}

interface TableSettingsOfSink {
  readonly types: ReadonlySet<string>
  readonly creates: boolean
  readonly evolves: boolean
  readonly widens: boolean
  /** Whether a column that forbids null may be made to allow it. */
  readonly relaxes: boolean
  readonly quoted: boolean
}

/** What may differ from table to table, resolved. */
export interface TableRules {
  readonly records: RecordSettings
  readonly values: WrittenValueSettings
  readonly tables: TableSettingsOfSink
  readonly order: 'keyed' | 'arrival'
}

/** The rules of a configuration in which a group's own keys stand for the connector's. */
export function tableRules(parsed: JdbcSinkConfig, config: ConfigMap): TableRules {
  const records = recordSettings(parsed, config)
  const timeZone = new TimeZone(parsed['db.timezone'])
  return {
    records,
    values: {
      timeZone,
      dateZone: parsed['date.timezone'] === 'UTC' ? new TimeZone('UTC') : timeZone,
      julianBefore1582: parsed['date.calendar.system'] === 'LEGACY',
      nullBecomesDefault: parsed['replace.null.with.default'],
      nestsAsJson: parsed['nested.values'] !== 'fail',
      roundsExcess: parsed['excess.digits'] === 'round',
      widens: parsed['evolve.widen']
    },
    tables: {
      types: new Set(parsed['table.types'].map((type) => type.toUpperCase())),
      creates: parsed['auto.create'],
      evolves: parsed['auto.evolve'],
      widens: parsed['evolve.widen'],
      relaxes: parsed['evolve.relax.not.null'],
      quoted: parsed['sql.quote.identifiers'] ?? /^always$/i.test(parsed['quote.sql.identifiers'])
    },
    order: parsed['write.order'] ?? defaultOrder(records)
  }
}

function defaultOrder({ insertMode, keyMode }: RecordSettings): 'keyed' | 'arrival' {
  return insertMode === 'insert' || keyMode === 'none' ? 'arrival' : 'keyed'
}

function recordSettings(parsed: JdbcSinkConfig, config: ConfigMap): RecordSettings {
  const mode = parsed['insert.mode'].toLowerCase()
  const mapping = parseTableMapping(parsed['topics.to.tables.mapping'])
  const newerBy = parsed['upsert.newer.by'].trim()
  return {
    connector: config.get('name') ?? '',
    insertMode: mode === 'multi' ? 'insert' : (mode as InsertMode),
    keyMode: parsed['pk.mode'].toLowerCase() as KeyMode,
    keyFields: parsed['pk.fields'],
    whitelist: new Set(parsed['fields.whitelist']),
    deletes: parsed['delete.enabled'],
    softDelete: parseDeleteMode(parsed['delete.mode']),
    truncates: parsed['truncate.enabled'],
    skipsTombstones: parsed.tombstones === 'skip',
    unwrapsEnvelopes: parsed['debezium.envelope'] === 'auto',
    nested: parsed['nested.values'],
    takesValuesWithoutSchema: parsed['value.without.schema'] === 'table',
    keepsNulls: parsed['null.handling'] === 'keep',
    newerBy: newerBy === '' ? null : newerBy,
    stringColumn: parsed['string.output.value.column.name'],
    timestampFields: new Set(parsed['timestamp.fields.list']),
    timestampDigits: parsed['timestamp.precision.mode'] === 'NANOSECONDS' ? 9 : 6,
    columnOf: columnRename(parsed['column.names'], parsed['column.names.case']),
    tables: {
      template: parseTableTemplate(parsed['table.name.format']),
      mapping: mapping.size === 0 ? null : mapping,
      normalize: parsed['table.name.normalize']
    }
  }
}
