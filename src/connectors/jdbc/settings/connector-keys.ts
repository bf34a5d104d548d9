import { configDef } from '../../../config/config-def.ts'
import { lowerOrUpper, problemOf, word } from './key-checks.ts'
import { TimeZone } from '../values/time-zone.ts'

/** When and how much is read, and where it goes. */
export const connectorKeys = configDef({
  'table.types': {
    type: 'list',
    default: ['TABLE'],
    importance: 'low',
    group: 'Connector',
    width: 'medium',
    displayName: 'Table Types',
    doc: 'Kinds of tables to copy: TABLE, VIEW, PARTITIONED TABLE, SYNONYM and what else the database knows.'
  },
  'poll.interval.ms': {
    type: 'int',
    default: 5000,
    importance: 'high',
    group: 'Connector',
    width: 'short',
    displayName: 'Poll Interval (ms)',
    doc: 'Pause between the end of reading a table and the next look at it. Less than zero is zero.'
  },
  'batch.max.rows': {
    type: 'int',
    default: 1000,
    atLeast: 1,
    importance: 'low',
    group: 'Connector',
    width: 'short',
    displayName: 'Max Rows Per Batch',
    doc: 'Rows read from the database and handed on at a time.'
  },
  'max.buffer.size': {
    type: 'int',
    default: 0,
    importance: 'low',
    group: 'Connector',
    width: 'short',
    displayName: 'Maximum Buffer Size',
    doc: 'Most rows of a task in memory before they are handed on; one batch is read while the one before it is handed on. 0: twice batch.max.rows.'
  },
  'poll.linger.ms': {
    type: 'long',
    default: 5000,
    importance: 'low',
    group: 'Connector',
    width: 'short',
    displayName: 'Poll Linger Milliseconds',
    noEffect: true,
    doc: 'Accepted for compatibility: rows are handed on as soon as they are read and never wait for a batch to fill.'
  },
  'table.monitoring.startup.polling.limit.ms': {
    type: 'long',
    default: 10_000,
    importance: 'low',
    group: '',
    orderInGroup: -1,
    doc: 'How long the first list of tables is waited for before tasks are made.'
  },
  'table.poll.interval.ms': {
    type: 'long',
    default: 60_000,
    atLeast: 1,
    importance: 'low',
    group: 'Connector',
    width: 'short',
    displayName: 'Metadata Change Monitoring Interval (ms)',
    doc: 'Pause between two looks for new or dropped tables, shorter at first when one that is wanted is missing. Tasks restart only when the tables to copy changed.'
  },
  'topic.prefix': {
    type: 'string',
    default: '',
    importance: 'high',
    group: 'Connector',
    width: 'medium',
    displayName: 'Topic Prefix',
    doc: 'Goes before the name of the table to make the topic; with a query it is the whole name of the topic.',
    check: (value: string) => {
      if (value.length > 249)
        return 'Topic prefix length must not exceed max topic name length, 249 chars'
      if (/^[a-zA-Z0-9._-]*$/.test(value.trim())) return null
      return "Topic prefix must not contain any character other than ASCII alphanumerics, '.', '_' and '-'."
    }
  },
  'timestamp.delay.interval.ms': {
    type: 'long',
    default: 0,
    importance: 'high',
    group: 'Connector',
    width: 'medium',
    displayName: 'Delay Interval (ms)',
    doc: 'How old the timestamp of a row must be before it is read, to let earlier transactions commit.'
  },
  'db.timezone': {
    type: 'string',
    default: 'UTC',
    importance: 'medium',
    group: 'Connector',
    width: 'medium',
    displayName: 'DB time zone',
    doc: 'Time zone of timestamp columns that have none of their own.',
    check: (value: string) =>
      problemOf(() => new TimeZone(value)) === null
        ? null
        : 'Invalid time zone. See the list of valid time zones at https://www.iana.org/time-zones'
  },
  'timestamp.granularity': {
    type: 'string',
    default: 'connect_logical',
    importance: 'low',
    group: 'Connector',
    width: 'medium',
    displayName: 'Timestamp granularity for timestamp columns',
    doc: 'Form of timestamps in records: Connect’s type of milliseconds, or microseconds or nanoseconds as number, digits or ISO text.',
    check: word(
      lowerOrUpper([
        'connect_logical',
        'micros_long',
        'micros_string',
        'micros_iso_datetime_string',
        'nanos_long',
        'nanos_string',
        'nanos_iso_datetime_string'
      ])
    )
  }
})
