import { uniqueName } from '../../support/environment.ts'
import { Random } from '../../support/random.ts'
import { type SinkPlan, sinkPlan } from './sink-plan.ts'

export type DatabaseName = 'postgres' | 'mariadb' | 'sqlite' | 'oracle'
export const DATABASES: readonly DatabaseName[] = ['postgres', 'mariadb', 'sqlite', 'oracle']

type Mode = 'incrementing' | 'timestamp' | 'timestamp+incrementing' | 'bulk'

export interface TablePlan {
  readonly name: string
  readonly mode: Mode
  readonly step: number
  readonly from: number
  /** Times without a zone, as the clock of a wall in `db.timezone` shows them. */
  readonly wallClock: boolean
  readonly before: number
}

/** What befalls one world; others in the same house do not notice. */
type Deed =
  | 'sessions are ended'
  | 'the right to read goes and comes back'
  | 'the table is away for a moment'
  | 'a column is added'
  | 'the account is locked for a moment'
  | 'the connector pauses'
  | 'the connector stops'
  | 'the connector is restarted'
  | 'settings change'
  | 'the connector is deleted and made again'
  | 'offsets are read and written back'
  | 'the table is emptied'

export interface PlannedDeed {
  readonly atMs: number
  readonly what: Deed
  readonly forMs: number
}

export interface RealPlan {
  readonly name: string
  readonly tables: readonly TablePlan[]
  readonly deeds: readonly PlannedDeed[]
  /** Keys of the connector beside those that its tables need. */
  readonly settings: Readonly<Record<string, string>>
  readonly zone: string
  readonly values: 'json' | 'json with schemas' | 'avro'
  readonly sessions: number
  readonly longestMs: number
  readonly burstRows: number
  readonly updates: number
  readonly rollbacks: number
  /** The account may see who else is at work. */
  readonly seesTransactions: boolean
  /** null: nobody reads its topics. */
  readonly sink: SinkPlan | null
}

export interface HousePlan {
  readonly database: DatabaseName
  readonly exactlyOnce: boolean
  readonly forMs: number
  readonly worlds: readonly RealPlan[]
  readonly deeds: readonly { readonly atMs: number; readonly what: HouseDeed }[]
}

/** What befalls the workers, or the server, of all worlds in a house. */
const HOUSE_DEEDS = [
  'the worker is killed',
  'a second worker comes and goes',
  'a second worker is killed',
  'the database restarts'
] as const
export type HouseDeed = (typeof HOUSE_DEEDS)[number]

const NAMES = ['orders', 'MixedCase', 'a.b', 'select']

/** A house and the worlds in it, out of a seed. */
export function housePlan(
  random: Random,
  database: DatabaseName,
  options: {
    readonly seed: number
    readonly worlds: number
    readonly forMs: number
  }
): HousePlan {
  const { forMs } = options
  const exactlyOnce = random.chance(0.4)
  const deeds: { atMs: number; what: HouseDeed }[] = []
  for (let count = random.within(0, 2); count > 0; count--) {
    const what = random.pick(HOUSE_DEEDS) as HouseDeed
    deeds.push({ atMs: random.within(1000, forMs), what })
  }
  return {
    database,
    exactlyOnce,
    forMs,
    deeds: deeds.sort((a, b) => a.atMs - b.atMs),
    worlds: Array.from({ length: options.worlds }, (_, index) => {
      const name = uniqueName(`w${options.seed}-${index}`)
      const plan = realPlan(random, database, name, forMs, exactlyOnce)
      // Drawn apart, so that a seed has the same life with a sink as without.
      const drawn = new Random(options.seed * 1000 + index)
      const hasSchemas = plan.values !== 'json'
      return { ...plan, sink: sinkPlan(drawn, database, { forMs, hasSchemas, exactlyOnce }) }
    })
  }
}

function realPlan(
  random: Random,
  database: DatabaseName,
  name: string,
  forMs: number,
  exactlyOnce: boolean
): Omit<RealPlan, 'sink'> {
  const of = <T>(...choices: T[]): T => random.pick(choices) as T
  const isQuiet = database === 'sqlite'
  const names = NAMES.slice(0, of(1, 2, 2, 3, 4))
  const guard = of('auto', 'auto', 'auto', 'window', 'both')
  const tables = names.map(
    (table): TablePlan => ({
      name:
        database === 'oracle'
          ? table.replaceAll(/\W/g, '_').toUpperCase().replace('SELECT', 'SELECTED')
          : table,
      mode:
        !exactlyOnce && random.chance(0.06)
          ? 'bulk'
          : of<Mode>('incrementing', 'incrementing', 'timestamp', 'timestamp+incrementing'),
      step: of(1, 1, 2, 5),
      from: of(1, 1, 1000, 2 ** 52),
      wallClock: random.chance(0.4),
      before: of(0, 3, 60, 700)
    })
  )
  return {
    name,
    tables,
    deeds: deedsOf(random, database, forMs, tables),
    // Of the others the zone is that of the server.
    zone:
      database === 'postgres' || database === 'oracle' ? of('UTC', 'UTC', 'Asia/Shanghai') : 'UTC',
    values: of('json', 'json', 'json with schemas', 'avro'),
    sessions: isQuiet ? 1 : random.within(1, 4),
    longestMs: of(0, 150, 600, 1500),
    burstRows: database === 'oracle' || isQuiet ? of(0, 40) : of(0, 0, 600, 3000),
    updates: of(0, 0.3, 0.6),
    rollbacks: of(0.05, 0.3),
    seesTransactions: random.chance(0.75),
    settings: {
      'late.commit.guard': guard,
      // Longer than any transaction here, also on a machine that has other things to do.
      'late.commit.window.ms': '60000',
      'late.commit.max.wait.ms': of('400', '3000', '6000'),
      'batch.max.rows': of('7', '100', '1000'),
      'poll.interval.ms': of('20', '100', '400'),
      'numeric.mapping': of('none', 'best_fit'),
      'tasks.max': of('1', '1', '2', '3'),
      ...(random.chance(0.3)
        ? { 'transaction.boundary': 'interval', 'transaction.boundary.interval.ms': '300' }
        : {}),
      ...(random.chance(0.2) ? { 'timestamp.delay.interval.ms': '200' } : {}),
      ...(random.chance(0.3)
        ? {
            transforms: 'site',
            'transforms.site.type': 'org.apache.kafka.connect.transforms.InsertField$Value',
            'transforms.site.static.field': 'site',
            'transforms.site.static.value': 'north'
          }
        : {})
    }
  }
}

function deedsOf(
  random: Random,
  database: DatabaseName,
  forMs: number,
  tables: readonly TablePlan[]
): PlannedDeed[] {
  const kinds: Deed[] = [
    'the connector pauses',
    'the connector stops',
    'the connector is restarted',
    'settings change',
    'the connector is deleted and made again',
    'offsets are read and written back',
    'a column is added'
  ]
  if (database !== 'sqlite') {
    kinds.push('sessions are ended', 'sessions are ended', 'the account is locked for a moment')
  }
  if (database === 'postgres' || database === 'mariadb') {
    kinds.push('the right to read goes and comes back', 'the table is away for a moment')
  }
  if (tables.some(({ mode }) => mode !== 'bulk')) kinds.push('the table is emptied')
  return Array.from({ length: random.within(0, 4) }, () => ({
    atMs: random.within(500, forMs),
    what: random.pick(kinds) as Deed,
    forMs: random.within(100, 1500)
  })).sort((a, b) => a.atMs - b.atMs)
}
