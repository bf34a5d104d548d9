import { type ConfigDef, configDef } from '../../../config/config-def.ts'
import { sinkTableKeys, sinkEvolutionKeys } from './sink-keys.ts'
import { sinkMappingKeys } from './sink-mapping-keys.ts'
import { sinkOwnWriteKeys, sinkWriteKeys } from './sink-write-keys.ts'

/** Names under which tables have settings of their own. */
export const sinkGroupList = configDef({
  'table.settings': {
    type: 'list',
    default: [],
    aliases: true,
    importance: 'medium',
    group: 'Per table',
    width: 'medium',
    displayName: 'Table Settings',
    doc: 'Names of groups of tables that have settings of their own, behind table.settings.<name>. Of several groups that match a record the first that has a setting counts.'
  }
})

/** How a group says which records it means: one of them has to be set. */
export const sinkGroupSelection = configDef({
  topics: {
    type: 'list',
    default: [],
    importance: 'high',
    doc: 'Topics whose records belong to the group.'
  },
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
    doc: 'Regular expression; tables whose whole name, as table.name.format makes it, it matches belong to the group too.'
  }
})

const { 'insert.mode': insertMode, 'delete.enabled': deletes } = sinkWriteKeys
const { 'replace.null.with.default': nullDefaults } = sinkWriteKeys
const { 'table.name.format': _names, 'db.timezone': _zone, ...mapping } = sinkMappingKeys
const {
  'batch.max.bytes': _bytes,
  'batch.linger.ms': _linger,
  'write.timeout.ms': _timeout,
  'write.lanes': _lanes,
  'debezium.envelope': _envelope,
  ...own
} = sinkOwnWriteKeys

/** Keys of the connector that a group may have for itself. */
export const sinkGroupKeys = {
  'insert.mode': insertMode,
  'delete.enabled': deletes,
  'replace.null.with.default': nullDefaults,
  ...mapping,
  ...own,
  'auto.create': sinkTableKeys['auto.create'],
  'auto.evolve': sinkTableKeys['auto.evolve'],
  ...sinkEvolutionKeys
} satisfies ConfigDef
