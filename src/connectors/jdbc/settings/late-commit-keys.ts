import { configDef } from '../../../config/config-def.ts'

/** What is done about rows whose transactions commit after rows with larger ids or later times. */
export const lateCommitKeys = configDef({
  'late.commit.guard': {
    type: 'string',
    default: 'auto',
    importance: 'medium',
    group: 'Mode',
    width: 'medium',
    displayName: 'Late commit guard',
    oneOf: ['auto', 'window', 'both', 'off'],
    doc: 'Rows of transactions that commit late: auto waits for transactions that could still commit an earlier row, or looks back where the database does not show them; window looks back; both does both. off reads as the JVM connector does, which loses such rows.'
  },
  'late.commit.max.wait.ms': {
    type: 'long',
    default: 30_000,
    importance: 'low',
    group: 'Mode',
    width: 'short',
    displayName: 'Late commit maximum wait (ms)',
    atLeast: 0,
    doc: 'How long rows are held back because of an open transaction. After that they are emitted, and rows of that transaction when it ends.'
  },
  'late.commit.margin.ms': {
    type: 'long',
    default: 500,
    importance: 'low',
    group: 'Mode',
    width: 'short',
    displayName: 'Late commit margin (ms)',
    atLeast: 0,
    doc: 'How long before its transaction shows in the database a row may have taken its id or time. Times are read this much later; ids only where some are missing.'
  },
  'late.commit.window.ms': {
    type: 'long',
    default: 60_000,
    importance: 'low',
    group: 'Mode',
    width: 'short',
    displayName: 'Late commit window (ms)',
    atLeast: 0,
    doc: 'When looking back: how long after its id or time was taken a row may be committed and is still found. Measured from where reading stands, so that a copy may lag behind.'
  },
  'late.commit.seen.max.keys': {
    type: 'int',
    default: 100_000,
    importance: 'low',
    group: 'Mode',
    width: 'short',
    displayName: 'Late commit seen keys',
    atLeast: 100,
    doc: 'How many rows of a table are remembered so that looking back emits none twice. A run of ids without gaps counts as one. They are stored with the offsets, so that a restart knows them too: 100000 at most, whatever is given here.'
  }
})
