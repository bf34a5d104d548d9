import type { Random } from '../../support/random.ts'

/** What is promised: each record once at least, or once. */
export type Promised = 'at least once' | 'exactly once'

export interface PlannedRecord {
  readonly atMs: number
  readonly partition: number
  readonly offset: number
  readonly key: number
  /** `bad`: the database refuses its row; `garbled`: no converter reads it; `dropped`: it is filtered. */
  readonly kind: 'write' | 'delete' | 'bad' | 'garbled' | 'dropped'
  /** Tells which record a row is of. */
  readonly v: number
  /** null: the record has no such field. */
  readonly a: number | null
}

const TROUBLES = [
  'a process is killed',
  'a process freezes',
  'a process is cut off from Kafka',
  'a process is cut off from the database',
  'the database restarts',
  'the database falls back',
  'the group shares out',
  'the coordinator moves',
  'a task is stopped',
  'a task is given up',
  'a task is paused',
  'somebody locks rows'
] as const

/** Who was forgotten is not told for a while: only the database can tell whose a partition is. */
const TWO_OWNERS = 'the group forgets a member'

export interface Trouble {
  readonly atMs: number
  readonly what: (typeof TROUBLES)[number] | typeof TWO_OWNERS
  /** Of the process or task, among those there are. */
  readonly which: number
  readonly forMs: number
}

/** One schedule: what is written, by how many tasks, and what befalls them. Times are in milliseconds. */
export interface Plan {
  readonly promised: Promised
  /** `ledger`: rows are appended, one for each record; `rows`: the newest record of a key is its row. */
  readonly target: 'ledger' | 'rows'
  readonly partitions: number
  readonly records: readonly PlannedRecord[]
  readonly processes: number
  readonly tasksPerProcess: number
  readonly assignors: 'eager' | 'cooperative' | 'both'
  readonly hasDeadLetters: boolean
  readonly config: Readonly<Record<string, string>>
  readonly flushMs: number
  readonly troubles: readonly Trouble[]
  readonly calmAtMs: number
  readonly kafka: { readonly lost: number; readonly refused: number; readonly registryAway: number }
  readonly database: {
    readonly breaks: number
    readonly commitLost: number
    readonly conflict: number
    readonly resource: number
    readonly unknown: number
    readonly slow: number
    readonly losesTransactions: boolean
    readonly namesRows: boolean
  }
}

const WRITING_MS = 2500
const TROUBLED_MS = 4500

export function planOf(random: Random, promised: Promised): Plan {
  const target = random.chance(0.5) ? 'ledger' : 'rows'
  const partitions = random.within(1, 4)
  const hasDeadLetters = random.chance(0.6)
  const often = (some: number): number => random.pick([0, some / 4, some]) ?? 0
  const records = recordsOf(random, target, partitions, hasDeadLetters)
  if (promised === 'exactly once') records.push(...lastRecords(records, partitions))
  const troubles = Array.from({ length: random.within(0, 7) }, () => troubleOf(random, promised))
  const plan: Plan = {
    promised,
    target,
    partitions,
    records,
    processes: random.pick([1, 2, 2, 3]) ?? 2,
    tasksPerProcess: random.pick([1, 1, 2]) ?? 1,
    assignors: random.pick(['eager', 'cooperative', 'both'] as const) ?? 'eager',
    hasDeadLetters,
    config: {
      'batch.size': String(random.pick([1, 3, 10, 50]) ?? 3),
      'batch.linger.ms': String(random.pick([0, 0, 30]) ?? 0),
      'offset.commit.interval.ms': String(random.pick([0, 100, 400]) ?? 100),
      'retry.backoff.ms': '40',
      'retry.backoff.max.ms': '200',
      'max.retries': '25',
      'write.timeout.ms': String(random.pick([1000, 3000]) ?? 1000),
      'errors.isolation.max.share': '1',
      ...(promised === 'exactly once' ? { 'exactly.once.sink': 'required' } : {}),
      ...(target === 'ledger'
        ? { 'insert.mode': 'insert', 'pk.mode': 'none' }
        : {
            'insert.mode': 'upsert',
            'pk.mode': 'record_key',
            'delete.enabled': 'true',
            ...(random.chance(0.3) ? { 'write.order': 'arrival' } : {})
          })
    },
    flushMs: random.pick([100, 500]) ?? 100,
    troubles: troubles.sort((one, other) => one.atMs - other.atMs),
    calmAtMs: TROUBLED_MS,
    kafka: { lost: often(0.05), refused: often(0.3), registryAway: random.chance(0.3) ? 0.1 : 0 },
    database: {
      breaks: often(0.03),
      commitLost: often(0.2),
      conflict: often(0.06),
      resource: often(0.03),
      unknown: often(0.02),
      slow: often(0.06),
      losesTransactions: random.chance(0.2),
      namesRows: random.chance(0.5)
    }
  }
  if (promised === 'at least once' || random.chance(0.6)) return plan
  const more = { ...troubleOf(random, promised), what: TWO_OWNERS } as const
  return { ...plan, troubles: [...troubles, more].sort((a, b) => a.atMs - b.atMs) }
}

function recordsOf(
  random: Random,
  target: Plan['target'],
  partitions: number,
  hasDeadLetters: boolean
): PlannedRecord[] {
  const keys = random.pick([2, 5, 12]) ?? 5
  const ends = Array.from({ length: partitions }, () => 0)
  const untilMs = random.pick([50, 1000, WRITING_MS]) ?? 50
  const atMs = Array.from({ length: random.within(10, 70) }, () => random.within(0, untilMs))
  atMs.sort((one, other) => one - other)
  const faulty = hasDeadLetters ? (random.pick([0, 0.05, 0.3]) ?? 0) : 0
  return atMs.map((at, index) => {
    const key = random.below(keys)
    const partition = key % partitions
    // Offsets have gaps where transactions ended, and where a topic was compacted.
    const offset = (ends[partition] ?? 0) + (random.chance(0.1) ? random.within(1, 3) : 0)
    ends[partition] = offset + 1
    const kind = ((): PlannedRecord['kind'] => {
      if (random.chance(faulty)) return random.chance(0.6) ? 'bad' : 'garbled'
      if (random.chance(0.05)) return 'dropped'
      return target === 'rows' && random.chance(0.2) ? 'delete' : 'write'
    })()
    const a = random.chance(0.5) && kind !== 'bad' ? index : null
    return { atMs: at, partition, offset, key, kind, v: index + 1, a }
  })
}

/**
 * One more in each partition when everything is calm: a task that has nothing to write does not ask whether
 * the database is still as it left it.
 */
function lastRecords(records: readonly PlannedRecord[], partitions: number): PlannedRecord[] {
  return Array.from({ length: partitions }, (_, partition) => {
    const before = records.findLast((record) => record.partition === partition)
    return {
      atMs: TROUBLED_MS + 3000,
      partition,
      offset: (before?.offset ?? -1) + 1,
      key: partition,
      kind: 'write',
      v: records.length + partition + 1,
      a: null
    }
  })
}

function troubleOf(random: Random, promised: Promised): Trouble {
  const possible = TROUBLES.filter(
    (what) => promised === 'exactly once' || what !== 'the database falls back'
  )
  return {
    atMs: random.within(0, TROUBLED_MS - 1000),
    what: random.pick(possible) ?? 'the group shares out',
    which: random.below(100),
    forMs: random.pick([50, 400, 1200, 3000]) ?? 50
  }
}
