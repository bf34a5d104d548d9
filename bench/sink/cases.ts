import type { Content } from './topics.ts'
import type { Target } from './targets.ts'

/** Something that is measured, the same for all who are compared. */
export interface SinkCase {
  readonly name: string
  readonly title: string
  readonly content: Content
  readonly hasKey: boolean
  readonly config: Readonly<Record<string, string>>
}

const APPEND = { 'insert.mode': 'insert', 'pk.mode': 'none' }
const UPSERT = { 'insert.mode': 'upsert', 'pk.mode': 'record_value', 'pk.fields': 'id' }

export const CASES: readonly SinkCase[] = [
  { name: 'append', title: 'append', content: 'new', hasKey: false, config: APPEND },
  { name: 'upsert', title: 'upsert, new keys', content: 'new', hasKey: true, config: UPSERT },
  { name: 'hot', title: 'upsert, 10 000 hot keys', content: 'hot', hasKey: true, config: UPSERT },
  {
    name: 'bad',
    title: 'append, one of 500 refused by the table',
    content: 'bad',
    hasKey: false,
    config: {
      ...APPEND,
      'errors.tolerance': 'all',
      'errors.deadletterqueue.topic.name': `bench-sink-${process.pid}-dead-letters`,
      'errors.deadletterqueue.topic.replication.factor': '1'
    }
  }
]

/** How a worker is told to do a case. */
export interface Tuning {
  readonly name: string
  /** Parameters of the URL. */
  parameters(target: Target): string
  readonly config: Readonly<Record<string, string>>
}

export const DEFAULTS: Tuning = { name: 'defaults', parameters: () => '', config: {} }

/** Positions in the database, in the transaction of the rows. */
export const EXACTLY_ONCE: Tuning = {
  name: 'exactly once',
  parameters: () => '',
  config: { 'exactly.once.sink': 'required', 'auto.create': 'true' }
}

/** What is recommended for the JVM's connector where it is slow. */
export const TUNED: Tuning = {
  name: 'tuned',
  parameters: ({ rewrites }) => rewrites,
  config: { 'batch.size': '5000', 'consumer.override.max.poll.records': '5000' }
}
