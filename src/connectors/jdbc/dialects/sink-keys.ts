import { configDef } from '../../../config/config-def.ts'

/** Keys of a sink that concern one database. */
export const sinkDialectKeys = configDef({
  'mssql.use.merge.holdlock': {
    type: 'boolean',
    default: true,
    importance: 'low',
    group: 'DML Support',
    width: 'medium',
    displayName: 'SQL Server - Use HOLDLOCK in MERGE',
    noEffect: {
      reason:
        'An upsert always holds the range it looked a key up in, so that no two tasks insert it.',
      asDone: (value) => value === 'true'
    },
    doc: 'Accepted for compatibility: an upsert always holds the range it looked a key up in, so that no two tasks insert it.'
  }
})
