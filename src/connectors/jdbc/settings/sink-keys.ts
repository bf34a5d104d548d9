import { configDef } from '../../../config/config-def.ts'
import { additionalKeys } from './additional-keys.ts'
import { lowerOrUpper, word } from './key-checks.ts'

const DDL = 'DDL Support'
const RETRIES = 'Retries'

/** What a sink may do to tables, and how their names are written. */
export const sinkTableKeys = configDef({
  'auto.create': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    group: DDL,
    width: 'short',
    displayName: 'Auto-Create',
    doc: 'Whether a table that is missing is made, from the schema of the first record for it.'
  },
  'auto.evolve': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    group: DDL,
    width: 'short',
    displayName: 'Auto-Evolve',
    doc: 'Whether columns that a table lacks are added. Each needs to be optional or to have a default.'
  },
  'quote.sql.identifiers': {
    type: 'string',
    default: 'ALWAYS',
    importance: 'medium',
    group: DDL,
    width: 'medium',
    displayName: 'Quote Identifiers',
    doc: 'Whether names of tables and columns are written in quotes: ALWAYS or NEVER. Names that exist are found whatever their case.',
    check: word(lowerOrUpper(['always', 'never']))
  }
})

/** What else of ours may be done to tables. */
export const sinkEvolutionKeys = configDef({
  'evolve.widen': {
    type: 'boolean',
    default: false,
    importance: 'low',
    group: DDL,
    width: 'short',
    displayName: 'Widen Columns',
    doc: 'Whether a column that is too small for a value gets more room: whole numbers 64 bits, floats too, decimals more digits, texts more length.'
  },
  'evolve.relax.not.null': {
    type: 'boolean',
    default: false,
    importance: 'low',
    group: DDL,
    width: 'short',
    displayName: 'Relax NOT NULL',
    doc: 'Whether a column that forbids null, has no default and is no part of a key allows it as soon as a record has no value for it, where the database can change that.'
  }
})

export const sinkQuoteKey = configDef({
  'sql.quote.identifiers': { ...additionalKeys['sql.quote.identifiers'], group: DDL }
})

/** What a sink does when a database does not take what it is given. */
export const sinkRetryKeys = configDef({
  'max.retries': {
    type: 'int',
    default: 10,
    atLeast: 0,
    importance: 'medium',
    group: RETRIES,
    width: 'short',
    displayName: 'Maximum Retries',
    doc: 'How often a batch is tried again at once after a conflict with others, or after an error nobody knows. Outages, and others who stay in the way, are waited for as outage.max.wait.ms says; rows that cannot be stored are not tried again.'
  },
  'retry.backoff.ms': {
    type: 'int',
    default: 3000,
    atLeast: 0,
    importance: 'medium',
    group: RETRIES,
    width: 'short',
    displayName: 'Retry Backoff (millis)',
    doc: 'The first pause before a batch is tried again.'
  },
  'trim.sensitive.log': {
    type: 'boolean',
    default: false,
    importance: 'low',
    group: '',
    orderInGroup: -1,
    noEffect: {
      reason: 'No value of a record is ever written to a log.',
      asDone: (value) => value === 'true'
    },
    doc: 'Accepted for compatibility: no value of a record is ever written to a log.'
  }
})

/** Keys of ours about errors and commits. */
export const sinkOwnRetryKeys = configDef({
  'retry.backoff.max.ms': {
    type: 'long',
    default: 30_000,
    atLeast: 0,
    importance: 'low',
    group: RETRIES,
    width: 'short',
    displayName: 'Maximum Retry Backoff (ms)',
    doc: 'Pauses grow up to this.'
  },
  'outage.max.wait.ms': {
    type: 'long',
    default: -1,
    atLeast: -1,
    importance: 'medium',
    group: RETRIES,
    width: 'short',
    displayName: 'Longest Outage (ms)',
    doc: 'How long a database that is away or has no room, or a lock that others hold, is waited for before the task fails. -1: for ever. The status says what is waited for.'
  },
  'errors.isolation.max.share': {
    type: 'double',
    default: 0.5,
    atLeast: 0,
    atMost: 1,
    importance: 'low',
    group: RETRIES,
    width: 'short',
    displayName: 'Largest Share of Bad Records',
    doc: 'When more than this share of a hundred records in a row cannot be written the task fails, and they do not go to the dead letter queue: the fault is not theirs. 1: it never does.'
  },
  'offset.commit.interval.ms': {
    type: 'long',
    default: 5000,
    atLeast: 0,
    importance: 'low',
    group: RETRIES,
    width: 'short',
    displayName: 'Offset Commit Interval (ms)',
    doc: 'How often offsets are committed while records are written; offset.flush.interval.ms of the worker counts where it is shorter.'
  }
})
