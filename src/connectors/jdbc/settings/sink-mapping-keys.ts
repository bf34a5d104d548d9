import { configDef } from '../../../config/config-def.ts'
import { connectorKeys } from './connector-keys.ts'
import { databaseKeys } from './database-keys.ts'
import { lowerOrUpper, problemOf, word } from './key-checks.ts'
import { parseTableMapping, parseTableTemplate } from './table-template.ts'

const GROUP = 'Data Mapping'

const { 'db.timezone': zone } = connectorKeys
const { 'date.calendar.system': calendar } = databaseKeys

/** Which table and columns records go to, and how their values are read. */
export const sinkMappingKeys = configDef({
  'table.name.format': {
    type: 'string',
    default: '${topic}',
    nonEmpty: true,
    importance: 'medium',
    group: GROUP,
    width: 'long',
    displayName: 'Table Name Format',
    doc: 'Name of the table of a record, qualified or not, with ${topic} for its topic. Also known are ${topic[1]} (a part between dots, the first is 0), ${key.id}, ${value.region}, ${header.table} and ${source.table}. In quotes a dot belongs to the name.',
    check: (text: string) => problemOf(() => parseTableTemplate(text))
  },
  'pk.mode': {
    type: 'string',
    default: 'none',
    importance: 'high',
    group: GROUP,
    width: 'medium',
    displayName: 'Primary Key Mode',
    doc: 'What the key of a row is: none has none, kafka is topic, partition and offset of its record, record_key the key of the record, record_value fields of its value.',
    check: word(lowerOrUpper(['none', 'kafka', 'record_key', 'record_value']))
  },
  'pk.fields': {
    type: 'list',
    default: [],
    importance: 'medium',
    group: GROUP,
    width: 'long',
    displayName: 'Primary Key Fields',
    doc: 'Columns of the key, by pk.mode. kafka: three names for topic, partition and offset, or none for __connect_topic, __connect_partition, __connect_offset. record_key: the name for a key that is one value, else fields of the key, by default all; record_value: fields of the value, by default all.'
  },
  'fields.whitelist': {
    type: 'list',
    default: [],
    importance: 'medium',
    group: GROUP,
    width: 'long',
    displayName: 'Fields Whitelist',
    doc: 'Fields of the value that are written, by default all. Fields of the key always are.'
  },
  'db.timezone': {
    ...zone,
    group: GROUP,
    displayName: 'DB Time Zone',
    doc: 'Time zone of timestamp columns that have none of their own.'
  },
  'date.timezone': {
    type: 'string',
    default: 'DB_TIMEZONE',
    importance: 'low',
    group: GROUP,
    width: 'medium',
    displayName: 'Time Zone used for Date',
    doc: 'In which zone a day begins that goes to a DATE column: that of db.timezone, or UTC.',
    check: word(['DB_TIMEZONE', 'UTC'])
  },
  'timestamp.fields.list': {
    type: 'list',
    default: [],
    importance: 'medium',
    group: GROUP,
    width: 'medium',
    displayName: 'Timestamp Fields Whitelist',
    doc: 'Fields that are times since 1970 as numbers or digits, and become timestamps.'
  },
  'timestamp.precision.mode': {
    type: 'string',
    default: 'MICROSECONDS',
    importance: 'low',
    group: GROUP,
    width: 'medium',
    displayName: 'Sink Timestamp Precision mode',
    doc: 'Unit of timestamp.fields.list: MICROSECONDS or NANOSECONDS.',
    check: word(['MICROSECONDS', 'NANOSECONDS'])
  },
  'date.calendar.system': {
    ...calendar,
    group: GROUP,
    doc: 'How days before 15 October 1582 are meant: LEGACY counts them in the Julian calendar, as Java always did.'
  },
  'string.output.value.column.name': {
    type: 'string',
    default: 'record_value',
    importance: 'low',
    group: GROUP,
    width: 'medium',
    displayName: 'String Value Column Name',
    doc: 'Column for values that are texts, not structs.'
  }
})

/** The same in keys of Aiven's connector. */
export const sinkAivenKeys = configDef({
  'topics.to.tables.mapping': {
    type: 'list',
    default: [],
    importance: 'medium',
    group: GROUP,
    width: 'long',
    displayName: 'Topics to Tables Mapping',
    doc: 'Tables of topics, topic:table each. When it is set table.name.format is not used, and a topic that is missing here is an error.',
    check: (entries: readonly string[]) => problemOf(() => parseTableMapping(entries))
  },
  'table.name.normalize': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    group: GROUP,
    width: 'short',
    displayName: 'Table Names Normalize',
    doc: 'Whether what is no letter, digit or underscore in the name of a topic becomes an underscore in that of its table.'
  }
})
