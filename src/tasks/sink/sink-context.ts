import type { Logger } from '../../log.ts'
import type {
  ErrantRecordReporter,
  Revocation,
  RevocationSignal,
  SinkTaskContext,
  TopicPartition,
  TopicPosition
} from '../../plugin/sink.ts'
import type { TaskId } from '../../storage/task-id.ts'
import { type AssignedPartitions, partitionKey } from './assigned-partitions.ts'

interface SinkContextOptions {
  readonly id: TaskId
  readonly log: Logger
  readonly partitions: AssignedPartitions
  readonly errantRecords: ErrantRecordReporter | null
  readonly stopping: AbortSignal
  reportCondition(condition: string | null): void
  requestCommit(): void
  /** Has partitions told as lost that are, though nobody has noticed yet. */
  checkMembership(): void
  readonly origins: Pick<SinkTaskContext, 'origins' | 'confirm' | 'strangers'>
}

/**
 * What a plugin asks of its task: kept here until the loop comes to it, for the plugin asks while its calls
 * run, and what reads for it must not be disturbed then.
 */
export class SinkContext implements SinkTaskContext {
  readonly connector: string
  readonly task: number
  readonly log: Logger
  readonly errantRecords: ErrantRecordReporter | null
  readonly stopping: AbortSignal
  readonly #options: SinkContextOptions
  #revoking = new AbortController()
  #lost = new AbortController()
  #restMs: number | null = null
  #written = new Set<string>()
  #hasAsked = false

  constructor(options: SinkContextOptions) {
    this.#options = options
    this.connector = options.id.connector
    this.task = options.id.task
    this.log = options.log
    this.errantRecords = options.errantRecords
    this.stopping = options.stopping
  }

  get revoking(): RevocationSignal {
    return this.#revoking.signal as RevocationSignal
  }

  /** I11: also in a process that stood still, and goes on where it was. */
  get lost(): AbortSignal {
    this.#options.checkMembership()
    return this.#lost.signal
  }

  assignment(): readonly TopicPartition[] {
    return this.#options.partitions.all.map(({ topic, partition }) => ({ topic, partition }))
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#setPaused(partitions, true)
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#setPaused(partitions, false)
  }

  offset(positions: readonly TopicPosition[]): void {
    const { partitions } = this.#options
    const found = positions.map((position) => partitions.required(position))
    for (const [at, partition] of found.entries()) {
      partition.sought = Number((positions[at] as TopicPosition).offset)
    }
    this.#hasAsked = true
  }

  origins(partitions: readonly TopicPartition[]): ReturnType<SinkTaskContext['origins']> {
    return this.#options.origins.origins(partitions)
  }

  confirm(positions: readonly TopicPosition[]): Promise<boolean> {
    return this.#options.origins.confirm(positions)
  }

  strangers(): Promise<readonly string[]> {
    return this.#options.origins.strangers()
  }

  written(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) this.#written.add(partitionKey(each))
  }

  timeout(ms: number): void {
    this.#restMs = ms
  }

  requestCommit(): void {
    this.#options.requestCommit()
  }

  reportCondition(condition: string | null): void {
    this.#options.reportCondition(condition)
  }

  /** Whether partitions were paused, resumed or sought since the last time this was asked. */
  takeRequests(): boolean {
    const hasAsked = this.#hasAsked
    this.#hasAsked = false
    return hasAsked
  }

  /** By `partitionKey`: what the plugin has written in part since the last time this was asked. */
  takeWritten(): ReadonlySet<string> {
    const written = this.#written
    this.#written = new Set()
    return written
  }

  /** For how long the batch rests; null: the plugin did not say. Counts once. */
  takeRest(): number | null {
    const ms = this.#restMs
    this.#restMs = null
    return ms
  }

  /**
   * The partitions there are now have signals of their own; I11: unless one of them was lost meanwhile, which
   * is still to be told.
   */
  assigned(): void {
    const lost = this.#lost.signal.reason as Revocation | undefined
    if (lost?.partitions.some((each) => this.#options.partitions.get(each) !== null) === true)
      return
    this.#revoking = new AbortController()
    this.#lost = new AbortController()
  }

  /** I11: what was to be given up in time may be lost before that. */
  revoke(revocation: Revocation): void {
    this.#revoking.abort(revocation)
    if (revocation.reason !== 'rebalance') this.#lost.abort(revocation)
  }

  #setPaused(partitions: readonly TopicPartition[], isPaused: boolean): void {
    const found = partitions.map((partition) => this.#options.partitions.required(partition))
    for (const partition of found) partition.isPaused = isPaused
    this.#hasAsked = true
  }
}
