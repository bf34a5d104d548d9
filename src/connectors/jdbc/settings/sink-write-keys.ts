import { configDef } from '../../../config/config-def.ts'
import { lowerOrUpper, problemOf, word } from './key-checks.ts'
import { columnRename } from './column-names.ts'
import { parseDeleteMode } from './delete-mode.ts'

const GROUP = 'Writes'
const TYPES = ['TABLE', 'PARTITIONED TABLE', 'VIEW']

/** How records become rows. */
export const sinkWriteKeys = configDef({
  'insert.mode': {
    type: 'string',
    default: 'insert',
    importance: 'high',
    group: GROUP,
    width: 'medium',
    displayName: 'Insert Mode',
    doc: 'insert adds a row for each record. upsert adds it or changes the one with its key. update changes the one with its key, and does nothing where there is none.',
    check: word(lowerOrUpper(['insert', 'upsert', 'update']))
  },
  'batch.size': {
    type: 'int',
    default: 3000,
    atLeast: 0,
    importance: 'medium',
    group: GROUP,
    width: 'short',
    displayName: 'Batch Size',
    doc: 'Most records that are written in one transaction, whatever their tables. consumer.override.max.poll.records counts instead where it is set. 0: as many as one poll has.'
  },
  'delete.enabled': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    group: GROUP,
    width: 'short',
    displayName: 'Enable deletes',
    doc: 'Whether a record without a value deletes the row with its key. Needs pk.mode=record_key; deletes of Debezium, which have the old row, also work with record_value.'
  },
  'table.types': {
    type: 'list',
    default: ['TABLE'],
    importance: 'low',
    group: GROUP,
    width: 'medium',
    displayName: 'Table Types',
    doc: 'What may be written to: TABLE, PARTITIONED TABLE and VIEW. A partitioned table is a table here, too.',
    check: (types: readonly string[]) =>
      types.every((type) => TYPES.includes(type.toUpperCase())) ? null : 'Invalid enumerator'
  },
  'replace.null.with.default': {
    type: 'boolean',
    default: true,
    importance: 'low',
    group: GROUP,
    width: 'medium',
    displayName: 'Replace null value with default value',
    doc: 'Whether a null field is written as the default of its schema, where it has one.'
  }
})

/** Keys of ours about writing, behind those of Confluent. */
export const sinkOwnWriteKeys = configDef({
  'write.order': {
    type: 'string',
    default: null,
    oneOf: ['keyed', 'arrival'],
    importance: 'medium',
    group: GROUP,
    width: 'short',
    displayName: 'Write Order',
    doc: 'keyed: the records of one key in a batch become one row, and rows are sorted by key. arrival: every record is written by itself, in order. Default: arrival for insert.mode=insert and pk.mode=none, else keyed.'
  },
  'batch.max.bytes': {
    type: 'int',
    default: 8 * 1024 * 1024,
    atLeast: 1,
    importance: 'low',
    group: GROUP,
    width: 'short',
    displayName: 'Batch Size (bytes)',
    doc: 'Most bytes of records in one transaction, beside batch.size.'
  },
  'batch.linger.ms': {
    type: 'int',
    default: 0,
    atLeast: 0,
    importance: 'low',
    group: GROUP,
    width: 'short',
    displayName: 'Batch Linger (ms)',
    doc: 'How long a batch that is smaller than batch.size waits for more records.'
  },
  'write.lanes': {
    type: 'int',
    default: 1,
    atLeast: 1,
    atMost: 16,
    importance: 'low',
    group: GROUP,
    width: 'short',
    displayName: 'Write Lanes',
    doc: 'Sessions of each task. Partitions are shared out among them, so that the records of each stay in order; each session writes its part of a batch in a transaction of its own, so that a batch is one transaction with 1 only.'
  },
  'write.timeout.ms': {
    type: 'long',
    default: 60_000,
    atLeast: 1000,
    importance: 'low',
    group: GROUP,
    width: 'short',
    displayName: 'Write Timeout (ms)',
    doc: 'No statement, and no wait for a lock, takes longer.'
  },
  tombstones: {
    type: 'string',
    default: 'fail',
    oneOf: ['fail', 'skip'],
    importance: 'medium',
    group: GROUP,
    width: 'short',
    displayName: 'Tombstones',
    doc: 'What becomes of records without a value, and of deletes, while delete.enabled is off: fail makes them records that cannot be written, skip leaves them out.'
  },
  'delete.mode': {
    type: 'string',
    default: 'hard',
    importance: 'low',
    group: GROUP,
    width: 'medium',
    displayName: 'Delete Mode',
    doc: 'What a delete does: hard deletes the row; soft:column marks it in that column: true or 1, in a column of times the time of the record; with soft:column=text it is that text. A row that is written is not marked any more: the column is false, 0 or null then.',
    check: (text: string) => problemOf(() => parseDeleteMode(text))
  },
  'truncate.enabled': {
    type: 'boolean',
    default: false,
    importance: 'low',
    group: GROUP,
    width: 'short',
    displayName: 'Enable Truncates',
    doc: 'Whether a truncate that Debezium tells of empties the table: by DELETE, in the order of the records and in their transaction. Else it is left out.'
  },
  'upsert.newer.by': {
    type: 'string',
    default: '',
    importance: 'low',
    group: GROUP,
    width: 'short',
    displayName: 'Newer By Column',
    doc: 'Column of numbers or times that never goes back: an upsert leaves a row as it is whose value there is larger than that of the record. A record without the value changes only rows that have none either. Deletes do not ask.'
  },
  'null.handling': {
    type: 'string',
    default: 'overwrite',
    oneOf: ['overwrite', 'keep'],
    importance: 'low',
    group: GROUP,
    width: 'short',
    displayName: 'Null Handling',
    doc: 'overwrite writes null fields as NULL. keep leaves their columns as they are, and to their defaults in new rows.'
  },
  'excess.digits': {
    type: 'string',
    default: 'round',
    oneOf: ['round', 'fail'],
    importance: 'low',
    group: GROUP,
    width: 'short',
    displayName: 'Excess Digits',
    doc: 'What becomes of digits that a column has no place for: of a fraction, of a second, a time of the day in a column of dates, and blanks at the end of a text. round leaves them to the way the database has with them, as Confluent’s connector does; fail makes their record one that cannot be written.'
  },
  'debezium.envelope': {
    type: 'string',
    default: 'auto',
    oneOf: ['auto', 'off'],
    importance: 'low',
    group: GROUP,
    width: 'short',
    displayName: 'Debezium Envelopes',
    doc: 'auto: values of Debezium with before, after, source and op are taken apart, and their deletes are deletes. off: they are structs like others.'
  },
  'nested.values': {
    type: 'string',
    default: 'fail',
    oneOf: ['fail', 'json', 'flatten'],
    importance: 'medium',
    group: GROUP,
    width: 'short',
    displayName: 'Nested Values',
    doc: 'What becomes of structs and maps inside of values, and of arrays that fit no column: fail makes them an error, json writes their JSON, flatten makes a column of each field of a struct (address_city) and JSON of the rest.'
  },
  'value.without.schema': {
    type: 'string',
    default: 'fail',
    oneOf: ['fail', 'table'],
    importance: 'medium',
    group: GROUP,
    width: 'short',
    displayName: 'Values Without Schema',
    doc: 'What becomes of values that are maps without a schema, such as plain JSON: fail makes them an error, table writes their entries to the columns of a table that exists.'
  },
  'column.names': {
    type: 'list',
    default: [],
    importance: 'low',
    group: GROUP,
    width: 'medium',
    displayName: 'Column Names',
    doc: 'Columns with other names than their fields, field:column each.',
    check: (entries: readonly string[]) => problemOf(() => columnRename(entries, 'none'))
  },
  'column.names.case': {
    type: 'string',
    default: 'none',
    oneOf: ['none', 'lower', 'upper'],
    importance: 'low',
    group: GROUP,
    width: 'short',
    displayName: 'Case of Column Names',
    doc: 'Whether columns have the names of their fields as they are, in lower or in upper case.'
  }
})
