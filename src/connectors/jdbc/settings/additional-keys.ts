import { configDef } from '../../../config/config-def.ts'

/** Keys of a source that Confluent's connector does not have. They stand behind its own. */
export const additionalKeys = configDef({
  'numeric.unconstrained.mapping': {
    type: 'string',
    default: 'string',
    importance: 'low',
    group: 'Database',
    width: 'short',
    displayName: 'Map Numeric Values Without Precision',
    doc: 'How NUMERIC columns without precision and scale are carried: string (exact digits), double, or decimal:<scale>. A value that does not fit is an error.',
    check: (value: string) =>
      /^(string|double|decimal:\d{1,3})$/i.test(value)
        ? null
        : 'Expected string, double or decimal:<scale>'
  },
  'unsupported.types': {
    type: 'string',
    default: 'text',
    importance: 'low',
    group: 'Database',
    width: 'short',
    displayName: 'Columns Without a Connect Type',
    oneOf: ['text', 'skip', 'fail'],
    doc: 'What becomes of columns whose type Connect does not know: text carries them as strings, skip leaves them out as the JVM connector does, fail ends the task.'
  },
  'unreadable.values': {
    type: 'string',
    default: 'fail',
    importance: 'medium',
    group: 'Database',
    width: 'short',
    displayName: 'Values That Cannot Be Carried',
    oneOf: ['fail', 'skip', 'null'],
    doc: 'What becomes of a row with a value that cannot be carried, such as a date that does not exist: fail ends the task, skip leaves the row out, null carries null in its place. The log names each such row, and the status of the task the latest.'
  },
  'infinite.timestamps': {
    type: 'string',
    default: 'number',
    importance: 'low',
    group: 'Database',
    width: 'short',
    displayName: 'Infinite Timestamps',
    oneOf: ['number', 'null', 'fail'],
    doc: 'What infinity and -infinity of timestamps are: number is the value that the JVM connector sends (9223372036825200000 and -9223372036832400000 milliseconds), null is null, fail makes them values that cannot be carried. Dates have no such number.'
  },
  'sql.quote.identifiers': {
    type: 'boolean',
    default: null,
    importance: 'medium',
    group: 'Database',
    width: 'medium',
    displayName: 'Quote Identifiers (Aiven)',
    doc: 'The same in the spelling of the Aiven connector; wins when set.'
  },
  'table.names.qualify': {
    type: 'boolean',
    default: true,
    importance: 'low',
    group: 'Database',
    width: 'short',
    displayName: 'Qualify table names',
    doc: 'Whether SQL names tables with their schema. Without it the search path of the session decides.'
  },
  'timestamp.initial.ms': {
    type: 'long',
    default: null,
    importance: 'low',
    group: 'Mode',
    width: 'medium',
    displayName: 'Initial timestamp (ms)',
    doc: 'As timestamp.initial, in the spelling of the Aiven connector: epoch milliseconds only, negative ones are times before 1970.'
  },
  'incrementing.initial': {
    type: 'long',
    default: null,
    importance: 'low',
    group: 'Mode',
    width: 'medium',
    displayName: 'Initial id',
    doc: 'Where to start: rows with a larger id are read. A changed value moves a connector that runs already, once; an unchanged one never does.'
  },
  'lock.wait.max.ms': {
    type: 'int',
    default: 10_000,
    atLeast: 0,
    importance: 'low',
    group: 'Database',
    width: 'short',
    displayName: 'Maximum Wait for a Lock (ms)',
    doc: 'How long a query waits for a lock of somebody else, such as LOCK TABLE, before it is given up for now and other tables have their turn. A limit that the server or the address sets counts instead. 0: no limit of ours.'
  },
  'stall.report.ms': {
    type: 'long',
    default: 30_000,
    atLeast: 100,
    importance: 'low',
    group: 'Connector',
    width: 'short',
    displayName: 'Standing Still: Report (ms)',
    doc: 'When a database has not answered for so long, or a table is due for so long and was not read, the status of the task says so: which table, which statement, and since when.'
  },
  'stall.reconnect.ms': {
    type: 'long',
    default: 600_000,
    atLeast: 0,
    importance: 'low',
    group: 'Connector',
    width: 'short',
    displayName: 'Standing Still: Reconnect (ms)',
    doc: 'When a database has not answered for so long, its session is given up and another opened. Rows that come are answers. A table that runs into this again gets twice the time at each attempt. 0: never.'
  }
})
