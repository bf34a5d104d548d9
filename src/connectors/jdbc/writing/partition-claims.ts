import type { SinkRecord } from '../../../data/record.ts'
import { ConnectError, RetriableError } from '../../../errors.ts'
import type { Logger } from '../../../log.ts'
import type {
  PartitionOrigin,
  SinkTaskContext,
  TopicPartition,
  TopicPosition
} from '../../../plugin/sink.ts'
import { databaseError, type TableId } from '../database/database.ts'
import {
  type ClaimedOffset,
  offsetKey,
  type OffsetStep,
  type SinkOffsets,
  type StoredOffset
} from '../database/sink-offsets.ts'
import type { WriteSession } from '../database/writing.ts'
import { claimNotice, METADATA, positionOf, requireRows } from './claimed-position.ts'

interface ClaimSettings {
  /** Under which name the rows are kept. */
  readonly name: string
  readonly failsOnGap: boolean
  /** Who claims, for people. */
  readonly owner: string
}

interface ClaimParts {
  readonly context: Pick<SinkTaskContext, 'origins' | 'confirm' | 'offset'>
  readonly log: Logger
}

/** A partition whose row in the table is this task's. */
interface Claim extends TopicPartition {
  readonly epoch: bigint
  /** As its row has it. */
  position: bigint
}

/** What of a batch is written, and how far its partitions go with it. */
export interface ClaimedBatch {
  readonly records: readonly SinkRecord[]
  readonly steps: readonly OffsetStep[]
  /** Records that came although their rows are there. */
  readonly alreadyWritten: number
}

/**
 * The partitions of a task as the table of positions has them (I15). A partition is claimed before its first
 * record is written, and read from where its row is; each transaction moves the rows of its partitions, or
 * does not happen. After whatever went wrong the rows are read again before anything else is written: what
 * became of a transaction is never guessed.
 */
export class PartitionClaims {
  readonly #settings: ClaimSettings
  readonly #parts: ClaimParts
  readonly #table: TableId
  readonly #wanted = new Map<string, TopicPartition>()
  readonly #claims = new Map<string, Claim>()
  readonly #notices = new Map<string, string>()
  /** Sought in this call of the plugin: what it has of their records is not what comes next. */
  readonly #sought = new Set<Claim>()
  #cluster: string | null = null
  /** Whether the rows may not be as they are known here. */
  #isDoubtful = false
  /** Records that came although their rows were there. */
  alreadyWritten = 0
  /** Offsets that Kafka did not have any more. */
  missing = 0n

  constructor(table: TableId, settings: ClaimSettings, parts: ClaimParts) {
    this.#table = table
    this.#settings = settings
    this.#parts = parts
  }

  /** What an operator should know of positions; null: nothing. */
  get notice(): string | null {
    const [first, ...more] = this.#notices.values()
    if (first === undefined) return null
    return more.length === 0 ? first : `${first} (and ${more.length} more partitions)`
  }

  /** These partitions are the task's. */
  open(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) this.#wanted.set(offsetKey(each), each)
  }

  /** These are not any more. */
  close(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) {
      this.#wanted.delete(offsetKey(each))
      this.#claims.delete(offsetKey(each))
      this.#notices.delete(offsetKey(each))
    }
  }

  /** Something went wrong: what is known of the rows may be wrong, too. */
  doubt(): void {
    this.#isDoubtful = true
  }

  /**
   * Every partition of the task is claimed, and its row known, when this resolves. Rejects with
   * RetriableError while Kafka does not answer, with ConnectError when records are missing, and as the
   * session does.
   */
  async ready(session: WriteSession): Promise<void> {
    if (this.#isDoubtful && this.#cluster !== null) await this.#readAgain(session)
    this.#isDoubtful = false
    const unclaimed = [...this.#wanted.values()].filter(
      (each) => !this.#claims.has(offsetKey(each))
    )
    if (unclaimed.length > 0) await this.#claim(session, unclaimed)
  }

  /** Behind `ready`: what of these records is not written yet. */
  take(records: readonly SinkRecord[]): ClaimedBatch {
    const ends = new Map<Claim, bigint>()
    let alreadyWritten = 0
    const open = records.filter(
      ({ originalTopic, originalKafkaPartition, originalKafkaOffset }) => {
        const claim = this.#claims.get(
          offsetKey({ topic: originalTopic, partition: originalKafkaPartition })
        )
        // It was moved while these records were on their way: they come again.
        if (claim === undefined || this.#sought.has(claim)) return false
        if (originalKafkaOffset < claim.position) {
          alreadyWritten++
          return false
        }
        ends.set(claim, originalKafkaOffset + 1n)
        return true
      }
    )
    return {
      records: open,
      steps: [...ends].map(([claim, to]) => stepOf(claim, to)),
      alreadyWritten
    }
  }

  /**
   * Inside a transaction, before anything else: its rows count only together with these positions. Throws an
   * error of class `conflict` when others have changed one of them.
   */
  async advance(session: WriteSession, steps: readonly OffsetStep[]): Promise<void> {
    if (steps.length === 0) return
    const moved = await this.#offsets(session).advance(steps)
    if (moved === steps.length) return
    this.#isDoubtful = true
    throw databaseError(
      `${steps.length - moved} of ${steps.length} partitions are not where this task left them: another one has claimed them, or their positions were changed`,
      { retriable: false, errorClass: 'conflict' }
    )
  }

  /** The batch is written. */
  moved({ steps, alreadyWritten }: ClaimedBatch): void {
    this.alreadyWritten += alreadyWritten
    for (const { to, ...step } of steps) {
      const claim = this.#claims.get(offsetKey(step))
      if (claim?.epoch === step.epoch) claim.position = to
    }
  }

  /** Records behind the last one written were all dropped on their way: how far the rows may follow. */
  trailing(delivered: readonly TopicPosition[]): readonly OffsetStep[] {
    if (this.#isDoubtful) return []
    return delivered.flatMap((each) => {
      const claim = this.#claims.get(offsetKey(each))
      return claim === undefined || each.offset <= claim.position
        ? []
        : [stepOf(claim, each.offset)]
    })
  }

  /** What may be committed to Kafka: nothing that the database does not have. */
  committable(delivered: readonly TopicPosition[]): readonly TopicPosition[] {
    return delivered.flatMap(({ topic, partition, offset }) => {
      const claim = this.#claims.get(offsetKey({ topic, partition }))
      if (claim === undefined) return []
      const metadata = `${METADATA}${claim.epoch}`
      return [
        { topic, partition, metadata, offset: offset < claim.position ? offset : claim.position }
      ]
    })
  }

  /** A call of the plugin begins: what was sought in others is read now. */
  begin(): void {
    this.#sought.clear()
  }

  #seek(claim: Claim, offset: bigint): void {
    this.#sought.add(claim)
    const { topic, partition } = claim
    this.#parts.context.offset([{ topic, partition, offset }])
  }

  async #readAgain(session: WriteSession): Promise<void> {
    const claims = [...this.#claims.values()]
    if (claims.length === 0) return
    const rows = new Map(
      (await this.#offsets(session).lookUp(claims)).map((row) => [offsetKey(row), row])
    )
    for (const claim of claims) {
      const row = rows.get(offsetKey(claim))
      if (row?.epoch !== claim.epoch || row.nextOffset === null) {
        await this.#fenced(claim, row ?? null)
        continue
      }
      const before = claim.position
      claim.position = row.nextOffset
      // It fell back, as databases do that are restored: Kafka has the records.
      if (row.nextOffset < before) this.#seek(claim, row.nextOffset)
    }
  }

  /** Somebody else has changed the row: it is claimed if the group still gives the partition to this task. */
  async #fenced(claim: Claim, row: StoredOffset | null): Promise<void> {
    const { topic, partition, position } = claim
    const name = `Partition ${partition} of topic ${topic}`
    if (row === null) {
      // I15: the group is not to be told where the database was: it has forgotten the rows before that, too.
      this.#parts.log.warn(`${name} has no position in the database any more`)
      this.#claims.delete(offsetKey(claim))
      return
    }
    const { owner } = row
    const offset = row.nextOffset ?? position
    if (!(await this.#parts.context.confirm([{ topic, partition, offset }]))) {
      throw new RetriableError(
        `${name} is claimed by ${owner} in the table of positions, and the group does not say that it is this task's`,
        { outage: true, trouble: 'Kafka is away' }
      )
    }
    this.#parts.log.warn(`${name} was claimed by ${owner}, and is claimed again`)
    this.#claims.delete(offsetKey(claim))
  }

  async #claim(session: WriteSession, partitions: readonly TopicPartition[]): Promise<void> {
    const { owner, failsOnGap } = this.#settings
    const asked = await this.#parts.context.origins(partitions)
    this.#cluster = asked.clusterId
    const offsets = this.#offsets(session)
    const starts = await this.#starts(offsets, asked.partitions)
    const claimed = await offsets.claim(
      asked.partitions.map(({ topic, partition, topicId }, index) => ({
        topic,
        partition,
        topicId,
        nextOffset: starts[index] ?? 0n
      })),
      owner
    )
    const origins = await this.#upTo(claimed, asked.partitions)
    for (const [index, row] of claimed.entries()) {
      const origin = origins[index] as PartitionOrigin
      this.#begin(row, origin, positionOf(row, origin, failsOnGap))
    }
  }

  /** Another one has written records that came after Kafka was asked: ends before these are asked again. */
  async #upTo(
    rows: readonly ClaimedOffset[],
    origins: readonly PartitionOrigin[]
  ): Promise<readonly PartitionOrigin[]> {
    const isBeyond = rows.some(
      ({ nextOffset }, at) => nextOffset > (origins[at]?.end ?? nextOffset)
    )
    return isBeyond ? (await this.#parts.context.origins(origins)).partitions : origins
  }

  #begin(row: ClaimedOffset, origin: PartitionOrigin, from: bigint): void {
    const { topic, partition, epoch, nextOffset } = row
    const claim = { topic, partition, epoch, position: nextOffset }
    this.missing += from - nextOffset
    this.#claims.set(offsetKey(row), claim)
    this.#seek(claim, from)
    const notice = claimNotice(row, origin)
    if (notice === null) this.#notices.delete(offsetKey(row))
    else {
      this.#notices.set(offsetKey(row), notice)
      this.#parts.log.warn(notice)
    }
  }

  /** Where rows without a position begin. */
  async #starts(
    offsets: SinkOffsets,
    origins: readonly PartitionOrigin[]
  ): Promise<readonly (bigint | null)[]> {
    const rows = await offsets.lookUp(origins)
    requireRows(origins, rows)
    const known = new Set(
      rows.filter(({ nextOffset }) => nextOffset !== null).map((row) => offsetKey(row))
    )
    const without = origins.find((each) => each.start === null && !known.has(offsetKey(each)))
    if (without === undefined) return origins.map(({ start }) => start)
    throw new ConnectError(
      'KAFKA_ERROR',
      `There is no position to read partition ${without.partition} of topic ${without.topic} from: neither the database nor the group has one, and auto.offset.reset is none`
    )
  }

  #offsets(session: WriteSession): SinkOffsets {
    const { name } = this.#settings
    return session.offsets({ table: this.#table, cluster: this.#cluster ?? '', connector: name })
  }
}

function stepOf({ topic, partition, epoch, position }: Claim, to: bigint): OffsetStep {
  return { topic, partition, epoch, from: position, to }
}
