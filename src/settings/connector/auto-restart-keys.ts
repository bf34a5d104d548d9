import { configDef } from '../../config/config-def.ts'
import { failureKinds } from '../../errors.ts'

/** For workers; a connector may say otherwise under the same names. */
export const autoRestartKeys = configDef({
  'auto.restart.max.restarts': {
    type: 'int',
    default: 0,
    atLeast: -1,
    importance: 'medium',
    doc: 'How often in a row a connector or task that has failed is started again by itself. 0: not at all, as in a JVM worker; -1: without end. A connector may have a setting of its own under the same name.'
  },
  'auto.restart.on': {
    type: 'list',
    default: ['passing', 'other'],
    distinct: true,
    oneOf: failureKinds,
    importance: 'medium',
    doc: 'After failures of which kind, by the list of docs/errors.md: `passing` (something was away), `data` (a record or row that cannot be carried), `configuration`, `other`. A connector may have a setting of its own under the same name.'
  },
  'auto.restart.backoff.ms': {
    type: 'long',
    default: 60_000,
    atLeast: 0,
    importance: 'low',
    doc: 'How long the first of these restarts waits; each further one waits twice as long as the one before it. A connector may have a setting of its own under the same name.'
  },
  'auto.restart.backoff.max.ms': {
    type: 'long',
    default: 3_600_000,
    atLeast: 0,
    importance: 'low',
    doc: 'Longest such wait. A connector may have a setting of its own under the same name.'
  },
  'auto.restart.quiet.ms': {
    type: 'long',
    default: 600_000,
    atLeast: 0,
    importance: 'low',
    doc: 'Behind a restart, what has run so long without a failure is well: what was counted is forgotten. A connector may have a setting of its own under the same name.'
  }
})
