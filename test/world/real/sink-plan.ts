import type { Random } from '../../support/random.ts'
import type { DatabaseName } from './plan.ts'

/**
 * What a sink makes of the records in the topics of its world: the newest of each key, each added as a row,
 * each as the row of its place in Kafka, or changes of rows that are there.
 */
type Way = 'newest' | 'each' | 'places' | 'changes'

/** What befalls a sink alone. */
export type SinkDeed =
  | 'the sink pauses'
  | 'the sink stops'
  | 'the sink is restarted'
  | 'settings of the sink change'
  | 'the sink is deleted and made again'
  | 'offsets of the sink are read and written back'
  | 'the sink begins again'
  | 'sessions of the sink are ended'
  | 'the account of the sink is locked for a moment'
  | 'the copies are locked for a moment'
  | 'the right to write goes and comes back'

export interface PlannedSinkDeed {
  readonly atMs: number
  readonly what: SinkDeed
  readonly forMs: number
}

export interface SinkPlan {
  readonly way: Way
  /** Where the key of a row comes from. */
  readonly keyFrom: 'record_key' | 'record_value' | 'none' | 'kafka'
  /** Records have the key of their row: as a struct, or as the one value. */
  readonly keyFormat: 'struct' | 'field' | null
  /** The copies are there before it; else it makes them. */
  readonly madeBefore: boolean
  /** What records without a value, which somebody else sends, are to it. */
  readonly tombstones: 'none' | 'deletions' | 'nothing'
  /** Positions are in the database: nothing is written twice, whatever happens. */
  readonly exactlyOnce: boolean
  /** Records that cannot be read, or break a rule of the copies, have a topic of their own. */
  readonly deadLetters: boolean
  /** Copies are named by the topic, or by a list. */
  readonly namedBy: 'format' | 'list'
  readonly topicsBy: 'list' | 'pattern'
  readonly partitions: number
  /** Columns that the copies lack are added; else nobody asks for them. */
  readonly widens: boolean
  /** It is made that long after the source. */
  readonly afterMs: number
  readonly settings: Readonly<Record<string, string>>
  readonly deeds: readonly PlannedSinkDeed[]
}

/** What of its source a sink has to live with. */
interface Source {
  readonly forMs: number
  /** Records tell the types of their values. */
  readonly hasSchemas: boolean
  /** Nobody reads records of transactions that were given up. */
  readonly exactlyOnce: boolean
}

/** A sink out of a seed; null: this world has none. */
export function sinkPlan(random: Random, database: DatabaseName, source: Source): SinkPlan | null {
  if (random.chance(0.2)) return null
  const of = <T>(...choices: T[]): T => random.pick(choices) as T
  const { forMs, hasSchemas, exactlyOnce } = source
  const way = of<Way>('newest', 'newest', 'newest', 'each', 'each', 'places', 'changes')
  const isKeyed = way === 'newest' || way === 'changes'
  const keyFrom = isKeyed ? of('record_key', 'record_value') : way === 'each' ? 'none' : 'kafka'
  const keyFormat = keyFrom === 'record_key' || random.chance(0.4) ? of('struct', 'field') : null
  const canDelete = way === 'newest' && keyFrom === 'record_key'
  return {
    way,
    keyFrom,
    keyFormat,
    madeBefore: !hasSchemas || way === 'changes' || random.chance(0.5),
    tombstones:
      keyFormat === null || random.chance(0.5)
        ? 'none'
        : canDelete && random.chance(0.7)
          ? 'deletions'
          : 'nothing',
    deadLetters: random.chance(0.4),
    namedBy: database === 'oracle' ? 'list' : of('format', 'list'),
    topicsBy: of('list', 'list', 'pattern'),
    // Records of one row have one partition when they have a key, and else only where there is one.
    partitions: isKeyed && keyFormat === null ? 1 : of(1, 1, 2, 3),
    widens: hasSchemas && random.chance(0.5),
    afterMs: of(0, 0, Math.round(forMs / 2)),
    settings: {
      'tasks.max': of('1', '1', '2', '3'),
      'batch.size': of('3000', '3000', '10', '200'),
      'consumer.override.isolation.level':
        exactlyOnce || random.chance(0.5) ? 'read_committed' : 'read_uncommitted',
      ...(random.chance(0.4)
        ? { 'consumer.override.max.poll.records': of('3', '50', '2000') }
        : {}),
      ...(random.chance(0.3) ? { 'consumer.override.max.partition.fetch.bytes': '2000' } : {}),
      ...(random.chance(0.3)
        ? { 'consumer.override.partition.assignment.strategy': of(...STRATEGIES) }
        : {}),
      ...(isKeyed && random.chance(0.3) ? { 'write.order': 'arrival' } : {}),
      ...(random.chance(0.3) ? { 'offset.commit.interval.ms': of('0', '300') } : {}),
      ...(random.chance(0.2) ? { 'batch.linger.ms': '150' } : {}),
      ...(random.chance(0.3) ? { 'sink.assignment': 'spread' } : {}),
      ...(random.chance(0.25) ? { 'write.lanes': of('2', '3') } : {})
    },
    deeds: deedsOf(random, database, forMs),
    exactlyOnce: random.chance(0.4)
  }
}

const STRATEGIES = ['RoundRobin', 'Sticky', 'CooperativeSticky', 'Range'].map(
  (name) => `org.apache.kafka.clients.consumer.${name}Assignor`
)

function deedsOf(random: Random, database: DatabaseName, forMs: number): PlannedSinkDeed[] {
  const kinds: SinkDeed[] = [
    'the sink pauses',
    'the sink stops',
    'the sink is restarted',
    'settings of the sink change',
    'the sink is deleted and made again',
    'offsets of the sink are read and written back',
    'the sink begins again'
  ]
  if (database !== 'oracle') kinds.push('the copies are locked for a moment')
  if (database !== 'sqlite') {
    kinds.push('sessions of the sink are ended', 'sessions of the sink are ended')
    kinds.push('the account of the sink is locked for a moment')
  }
  if (database === 'postgres') kinds.push('the right to write goes and comes back')
  return Array.from({ length: random.within(0, 4) }, () => ({
    atMs: random.within(500, forMs),
    what: random.pick(kinds) as SinkDeed,
    forMs: random.within(100, 1500)
  })).sort((a, b) => a.atMs - b.atMs)
}
