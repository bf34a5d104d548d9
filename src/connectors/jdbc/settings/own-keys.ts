import { type ConfigDef, configDef } from '../../../config/config-def.ts'
import { additionalKeys } from './additional-keys.ts'
import { connectorKeys } from './connector-keys.ts'
import { modeKeys } from './mode-keys.ts'
import { recordKeys } from './record-keys.ts'

const GROUP = 'Per table and query'

/** Names under which tables, and queries, have settings of their own. */
export const ownLists = configDef({
  'table.settings': {
    type: 'list',
    default: [],
    aliases: true,
    importance: 'medium',
    group: GROUP,
    width: 'medium',
    displayName: 'Table Settings',
    doc: 'Names of groups of tables that have settings of their own, behind table.settings.<name>. They select no tables. Of several groups that match a table the first that has a setting counts.'
  },
  queries: {
    type: 'list',
    default: [],
    aliases: true,
    importance: 'medium',
    group: GROUP,
    width: 'medium',
    displayName: 'Named Queries',
    doc: 'Names of queries, each with its text and settings behind queries.<name>. and an offset of its own. They run beside the tables of a filter, or alone when there is none.'
  }
})

/** How a group says which tables it means. */
export const groupSelection = configDef({
  tables: {
    type: 'list',
    default: [],
    importance: 'high',
    doc: 'Tables of the group: bare names, or qualified by schema, in quotes or not. In quotes a name is exact, otherwise upper and lower case are the same.'
  },
  pattern: {
    type: 'string',
    default: null,
    importance: 'high',
    doc: 'Regular expression; tables whose whole qualified name it matches belong to the group too.'
  }
})

const {
  mode,
  'timestamp.column.name': timestampColumn,
  'incrementing.column.name': idColumn,
  'timestamp.initial': timestampInitial,
  'validate.non.null': validateNonNull,
  query,
  'query.masked': masked,
  'query.suffix': suffix
} = modeKeys
const { 'timestamp.initial.ms': timestampInitialMs, 'incrementing.initial': idInitial } =
  additionalKeys
const {
  'poll.interval.ms': interval,
  'batch.max.rows': batchRows,
  'timestamp.delay.interval.ms': delay
} = connectorKeys

/** Keys of the connector that a group or query may have for itself. */
export const ownKeys = {
  mode,
  'timestamp.column.name': timestampColumn,
  'incrementing.column.name': idColumn,
  'timestamp.initial': timestampInitial,
  'timestamp.initial.ms': timestampInitialMs,
  'incrementing.initial': idInitial,
  'timestamp.delay.interval.ms': delay,
  'validate.non.null': validateNonNull,
  query,
  'query.masked': masked,
  'query.suffix': suffix,
  'poll.interval.ms': interval,
  'batch.max.rows': batchRows,
  ...recordKeys
} satisfies ConfigDef
