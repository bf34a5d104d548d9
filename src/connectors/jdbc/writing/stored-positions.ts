import type { Clock } from '../../../clock.ts'
import type { SinkRecord } from '../../../data/record.ts'
import type { Logger } from '../../../log.ts'
import type { SinkTaskContext, TopicPartition, TopicPosition } from '../../../plugin/sink.ts'
import { offsetKey, type OffsetStep } from '../database/sink-offsets.ts'
import { inTransaction } from '../database/write-transaction.ts'
import type { WriteSession } from '../database/writing.ts'
import type { SinkSettings } from '../settings/sink-settings.ts'
import { offsetsTable, requiredBut } from './offsets-table.ts'
import { type ClaimedBatch, PartitionClaims } from './partition-claims.ts'
import { Strangers } from './strangers.ts'

interface StoredPositionsParts {
  readonly context: Pick<SinkTaskContext, 'origins' | 'confirm' | 'offset' | 'strangers'>
  readonly clock: Clock
  readonly log: Logger
  /** Who claims partitions, for people. */
  readonly owner: string
}

/**
 * Positions in the database, for a task whose connector wants records written exactly once: kept there from
 * the first session on, or not at all where that is only requested and cannot be had.
 */
export class StoredPositions {
  readonly #settings: SinkSettings
  readonly #parts: StoredPositionsParts
  readonly #open = new Map<string, TopicPartition>()
  readonly #strangers: Strangers
  #claims: PartitionClaims | null = null
  /** Whether strangers may have come since they were looked for. */
  #looksForStrangers = true
  /** Why positions are not kept although that is requested. */
  #refused: string | null = null

  constructor(settings: SinkSettings, parts: StoredPositionsParts) {
    this.#settings = settings
    this.#parts = parts
    const { context, clock } = parts
    const isRequired = settings.exactlyOnce?.isRequired === true
    this.#strangers = new Strangers({ context, clock, isRequired })
  }

  /** There are partitions whose positions the database has, or is to have. */
  get areKept(): boolean {
    return this.#open.size > 0 && this.#refused === null
  }

  /** What an operator should know; null: nothing. */
  get notice(): string | null {
    if (this.#refused === null) return this.#strangers.notice ?? this.#claims?.notice ?? null
    return `exactly.once.sink is requested, but ${this.#refused}: records are written at least once`
  }

  /** For operators; nothing while positions are not kept. */
  get facts(): Readonly<Record<string, number>> {
    if (this.#claims === null) return {}
    const { alreadyWritten, missing } = this.#claims
    return { already_written: alreadyWritten, offsets_missing: Number(missing) }
  }

  /** A call of the plugin begins, and what it asked for before was done. */
  begin(): void {
    this.#claims?.begin()
  }

  open(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) this.#open.set(offsetKey(each), each)
    this.#claims?.open(partitions)
    this.#looksForStrangers = true
  }

  close(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) this.#open.delete(offsetKey(each))
    this.#claims?.close(partitions)
  }

  /** Something went wrong: rows are read again before others are written. */
  doubt(): void {
    this.#claims?.doubt()
    this.#looksForStrangers = true
  }

  /**
   * As `PartitionClaims.ready` and `Strangers.look`. Throws ConfigError where positions cannot be kept, and
   * the connector is not to do without.
   */
  async ready(session: WriteSession): Promise<void> {
    if (this.#refused !== null) return
    if (this.#claims === null) await this.#begin(session)
    if (this.#claims === null) return
    if (this.#looksForStrangers) await this.#strangers.look()
    this.#looksForStrangers = false
    await this.#claims.ready(session)
  }

  take(records: readonly SinkRecord[]): ClaimedBatch {
    return this.#claims?.take(records) ?? { records, steps: [], alreadyWritten: 0 }
  }

  async advance(session: WriteSession, steps: readonly OffsetStep[]): Promise<void> {
    await this.#claims?.advance(session, steps)
  }

  moved(batch: ClaimedBatch): void {
    this.#claims?.moved(batch)
  }

  /**
   * What may be committed to Kafka. Rows of partitions follow first whose last records were all dropped on
   * their way; where that fails they stay where they are.
   */
  async committable(
    delivered: readonly TopicPosition[],
    open: () => Promise<WriteSession>
  ): Promise<readonly TopicPosition[]> {
    const claims = this.#claims
    if (claims === null) return this.#refused === null ? [] : delivered
    const steps = claims.trailing(delivered)
    if (steps.length > 0) {
      try {
        const session = await open()
        await inTransaction(session, () => claims.advance(session, steps))
        claims.moved({ records: [], steps, alreadyWritten: 0 })
      } catch (error) {
        claims.doubt()
        this.#parts.log.warn('Positions behind dropped records could not be stored yet', { error })
      }
    }
    return claims.committable(delivered)
  }

  async #begin(session: WriteSession): Promise<void> {
    const { exactlyOnce } = this.#settings
    if (exactlyOnce === null) return
    const found = await offsetsTable(session, this.#settings)
    if ('refused' in found) {
      if (exactlyOnce.isRequired) throw requiredBut(found.refused)
      this.#refused = found.refused
      this.#parts.log.warn(this.notice ?? '')
      return
    }
    const { name, failsOnGap } = exactlyOnce
    const { owner } = this.#parts
    this.#claims = new PartitionClaims(found.table, { name, failsOnGap, owner }, this.#parts)
    this.#claims.open([...this.#open.values()])
  }
}
