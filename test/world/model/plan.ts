import type { Random } from '../../support/random.ts'

/** How a table gives out its ids. */
type Ids =
  /** One after the other, so far apart. */
  | { readonly kind: 'steps'; readonly step: number; readonly from: bigint }
  /** Most follow each other, some are left out. */
  | { readonly kind: 'gaps'; readonly from: bigint }
  /** Rows of a transaction are written from the last id to the first. */
  | { readonly kind: 'descending'; readonly from: bigint }
  /** Several rows have the same one, as in the result of a join. */
  | { readonly kind: 'shared'; readonly from: bigint }
  /** Each session takes so many at once and uses them up later. */
  | { readonly kind: 'blocks'; readonly size: number; readonly from: bigint }

export const MODES = ['incrementing', 'timestamp', 'timestamp+incrementing', 'bulk'] as const
export type Mode = (typeof MODES)[number]

export interface TablePlan {
  readonly name: string
  readonly ids: Ids
  readonly mode: Mode
  /** Read by a query of its own, which leaves some rows out. */
  readonly query: boolean
  /** Times are shown in steps of so many milliseconds, */
  readonly stepMs: number
  /** as the clock of a wall. */
  readonly wallClock: boolean
  /** Share of rows without a time of change: the time of creation stands in. */
  readonly withoutTime: number
  /** Share of rows with no time at all. */
  readonly timeless: number
  /** Rows that are there before the connector is. */
  readonly before: number
  readonly pollIntervalMs: number
  readonly batchRows: number
  readonly suffix: string | null
}

export interface TrafficPlan {
  /** Between two transactions, about. */
  readonly everyMs: number
  readonly forMs: number
  /** A transaction writes and rests, for so long at most; */
  readonly longestMs: number
  /** some rest for so much longer. */
  readonly idle: number
  readonly idleMs: number
  readonly updates: number
  readonly deletes: number
  readonly rollbacks: number
  readonly bursts: number
  readonly burstRows: number
  readonly readers: number
  readonly prepares: number
  /** Times are those of the transaction's begin. */
  readonly timesOfBegin: boolean
  /** Ids and times are taken so long before the transaction begins. */
  readonly earlyMs: number
  /** A report, or a backup, that is open when the connector starts. */
  readonly openAtStart: boolean
}

/** What a database shows of open transactions, from a moment on. */
export interface Sight {
  readonly atMs: number
  readonly shows: 'all' | 'nothing' | 'later' | 'error'
  /** Sessions break at that moment: only new ones see the change. */
  readonly reconnect: boolean
}

/** Something that happens to the database, the network, or the worker. */
export interface Trouble {
  readonly atMs: number
  readonly what:
    | 'the session breaks'
    | 'sessions break again and again'
    | 'the database is away'
    | 'the database restarts'
    | 'the clock goes back'
    | 'the clock goes forward'
    | 'the worker crashes'
    | 'the worker stops'
    | 'the task pauses'
    | 'offsets are read and written back'
    | 'the mode changes'
    | 'settings change'
  readonly forMs: number
}

export interface WorldPlan {
  readonly tables: readonly TablePlan[]
  readonly traffic: TrafficPlan
  readonly sights: readonly Sight[]
  readonly agesAreHidden: boolean
  /** Rows can be told from those that were written before a transaction was listed. */
  readonly marks: boolean
  /** A transaction that is prepared names the one it was. */
  readonly namesPrepared: boolean
  /** A copy: what is committed shows so much later, and transactions do not. */
  readonly lagMs: number
  readonly troubles: readonly Trouble[]
  readonly guard: 'auto' | 'window' | 'both' | 'off'
  readonly maxWaitMs: number
  readonly marginMs: number
  readonly windowMs: number
  readonly seenMaxKeys: number
  readonly delayMs: number
  readonly exactlyOnce: boolean
  /** Of `db.timezone`. */
  readonly zone: { readonly id: string; readonly offsetMs: number }
}

const ZONES = [
  { id: 'UTC', offsetMs: 0 },
  { id: 'UTC', offsetMs: 0 },
  { id: 'Asia/Shanghai', offsetMs: 8 * 3_600_000 },
  { id: 'America/Phoenix', offsetMs: -7 * 3_600_000 }
]
const NAMES = ['orders', 'Order Items', 'größe', 'a.b', 'x_1', 'lines', 'Events', 'audit log']

/** A world out of a seed; the same for the same state of `random`. */
export function worldPlan(random: Random): WorldPlan {
  const plan = anyWorld(random)
  const lived = random.chance(0.001) ? crowded(plan) : plan
  return random.chance(0.05) ? withClockSet(lived, random) : lived
}

/**
 * The clock of the database is set, back by little and forward by much, while the same task goes on:
 * docs/guarantees.md promises nothing across its restart.
 */
function withClockSet(plan: WorldPlan, random: Random): WorldPlan {
  const sets = Array.from({ length: random.within(1, 3) }, (): Trouble => {
    // Which clock a copy's rows were stamped by nobody sees there.
    const back = random.chance(0.5) && plan.lagMs === 0
    const forMs = random.pick(back ? [2000, 8000] : [5000, 60_000, 3_600_000]) ?? 0
    const atMs = random.within(500, plan.traffic.forMs)
    return { atMs, what: back ? 'the clock goes back' : 'the clock goes forward', forMs }
  })
  const others = plan.troubles.filter(({ what }) => /session|away/.test(what))
  const troubles = [...others, ...sets].sort((a, b) => a.atMs - b.atMs)
  return { ...plan, troubles, exactlyOnce: false }
}

/** More rows come within the window than an offset can hold, and the worker starts anew. */
function crowded(plan: WorldPlan): WorldPlan {
  const [first] = plan.tables
  if (first === undefined) return plan
  const table: TablePlan = {
    ...first,
    mode: 'timestamp+incrementing',
    ids: { kind: 'steps', step: 1, from: 1n },
    query: false,
    timeless: 0,
    stepMs: 1,
    before: 0,
    batchRows: 1000,
    pollIntervalMs: 2000,
    suffix: null
  }
  return {
    ...plan,
    tables: [table],
    traffic: {
      ...plan.traffic,
      everyMs: 400,
      forMs: 3000,
      longestMs: 0,
      idle: 0,
      bursts: 1,
      burstRows: 3500,
      updates: 0,
      deletes: 0,
      readers: 0,
      prepares: 0,
      openAtStart: false
    },
    sights: [],
    lagMs: 0,
    troubles: [{ atMs: 4500, what: 'the worker stops', forMs: 100 }],
    guard: 'window',
    windowMs: 8000,
    seenMaxKeys: 100_000
  }
}

function anyWorld(random: Random): WorldPlan {
  const of = <T>(...choices: T[]): T => random.pick(choices) as T
  const guard = of('auto', 'auto', 'auto', 'window', 'both', 'off')
  const lagMs = guard !== 'off' && random.chance(0.12) ? of(1000, 4000, 9000) : 0
  const sights = lagMs > 0 || guard === 'off' ? [] : sightsOf(random)
  const seesAlways = lagMs === 0 && guard !== 'window' && sights.length === 0
  const traffic = trafficOf(random, guard === 'off', seesAlways)
  const windowMs = of(4000, 8000)
  const names = random.chance(0.4) ? NAMES.slice(0, 1) : NAMES.slice(0, random.within(2, 8))
  const tables = names.map((name) => tableOf(random, name, traffic))
  return {
    tables,
    traffic,
    sights,
    agesAreHidden: random.chance(0.2),
    marks: random.chance(0.5),
    namesPrepared: random.chance(0.5),
    lagMs,
    troubles: troublesOf(random, traffic.forMs, tables),
    guard,
    maxWaitMs: of(400, 2000, 5000),
    marginMs: of(100, 500),
    windowMs,
    seenMaxKeys: of(100, 100, 10_000),
    delayMs: random.chance(0.1) ? 700 : 0,
    exactlyOnce: tables.every(({ mode }) => mode !== 'bulk') && random.chance(0.3),
    zone: of(...ZONES)
  }
}

function tableOf(random: Random, name: string, { burstRows }: TrafficPlan): TablePlan {
  const of = <T>(...choices: T[]): T => random.pick(choices) as T
  const from = of(1n, 1n, 1n, 1000n, -50n, 2n ** 53n - 20n, 2n ** 62n)
  const steps: Ids = { kind: 'steps', step: of(1, 1, 2, 5), from }
  const limited = random.chance(0.1)
  const mode = random.chance(0.05) ? 'bulk' : of(...MODES.slice(0, 3))
  return {
    name,
    mode,
    ids: of<Ids>(
      steps,
      steps,
      { kind: 'gaps', from },
      { kind: 'gaps', from },
      { kind: 'descending', from },
      { kind: 'shared', from },
      { kind: 'blocks', size: of(5, 20), from }
    ),
    query: random.chance(0.25),
    stepMs: of(1, 1, 10, 1000),
    wallClock: random.chance(0.3),
    withoutTime: of(0, 0, 0.3),
    timeless: of(0, 0, 0, 0.1),
    before: of(0, 1, 20, 90, 103, 150, mode === 'bulk' ? 10 : 400),
    // A limit is so many rows per poll, and no more.
    pollIntervalMs: limited ? 10 : of(10, 100, 500, 2000),
    batchRows: burstRows > 100 ? of(20, 100) : of(2, 5, 50),
    suffix: limited && mode !== 'bulk' ? `LIMIT ${of(7, 40)}` : null
  }
}

function trafficOf(random: Random, instant: boolean, seesAlways: boolean): TrafficPlan {
  const of = <T>(...choices: T[]): T => random.pick(choices) as T
  return {
    everyMs: of(80, 400, 1500),
    forMs: of(10_000, 20_000, 40_000),
    longestMs: instant ? 0 : of(50, 300, 1200),
    idle: instant ? 0 : of(0, 0, 0.1),
    // Within the narrowest window where only that finds what comes late.
    idleMs: seesAlways ? of(3000, 12_000) : 3000,
    updates: of(0, 0.3, 0.6),
    deletes: random.chance(0.15) ? 0.1 : 0,
    rollbacks: of(0.02, 0.2),
    bursts: of(0, 0.02, 0.1),
    burstRows: of(30, 60, 250),
    readers: instant ? 0 : of(0, 0.1),
    prepares: instant ? 0 : of(0, 0.05),
    timesOfBegin: !instant && random.chance(0.5),
    earlyMs: !instant && random.chance(0.3) ? 80 : 0,
    openAtStart: !instant && random.chance(0.25)
  }
}

/** When the database begins or ceases to show open transactions: grants come and go, copies are promoted. */
function sightsOf(random: Random): Sight[] {
  const of = <T>(...choices: T[]): T => random.pick(choices) as T
  if (random.chance(0.45)) return []
  if (random.chance(0.2)) return [{ atMs: 0, shows: 'nothing', reconnect: false }]
  const sights: Sight[] = []
  let hidden = random.chance(0.5)
  if (hidden) sights.push({ atMs: 0, shows: 'nothing', reconnect: false })
  for (let at = random.within(1000, 8000); at < 30_000; at += random.within(300, 9000)) {
    const shows = hidden ? 'all' : of('nothing', 'nothing', 'later', 'error')
    sights.push({ atMs: at, shows, reconnect: random.chance(0.5) })
    hidden = !hidden
  }
  return sights
}

function troublesOf(random: Random, forMs: number, tables: readonly TablePlan[]): Trouble[] {
  const of = <T>(...choices: T[]): T => random.pick(choices) as T
  const troubles: Trouble[] = []
  if (random.chance(0.3)) return troubles
  const calm = random.chance(0.5)
  const jumps = random.chance(0.1)
  const canChangeMode = tables.length === 1 && !tables[0]?.query && random.chance(0.3)
  for (let count = random.within(1, 8); count > 0; count--) {
    const what: Trouble['what'] = calm
      ? of('the session breaks', 'the worker stops', 'settings change')
      : of(
          'the session breaks',
          'the session breaks',
          'sessions break again and again',
          'the database is away',
          'the database restarts',
          jumps ? 'the clock goes back' : 'the worker crashes',
          'the worker crashes',
          'the worker stops',
          'the task pauses',
          'offsets are read and written back',
          canChangeMode ? 'the mode changes' : 'the worker stops',
          'settings change'
        )
    troubles.push({ atMs: random.within(500, forMs), what, forMs: random.within(50, 3000) })
  }
  return troubles.sort((a, b) => a.atMs - b.atMs)
}
