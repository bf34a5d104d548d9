import type { TableId } from '../../database/database.ts'
import {
  type ClaimedOffset,
  type OffsetClaim,
  offsetKey,
  type OffsetPartition,
  type OffsetSetting,
  type OffsetStep,
  type SinkOffsets,
  type SinkOffsetsPlace,
  type StoredOffset
} from '../../database/sink-offsets.ts'
import { inTransaction } from '../../database/write-transaction.ts'
import { errorClassOf, type WriteSession } from '../../database/writing.ts'

/** How a database says what the statements of the table need. */
export interface OffsetWords {
  tableSql(table: TableId): string
  /** Types of its columns: texts that are compared as bytes, and whole numbers. */
  readonly types: {
    readonly cluster: string
    readonly connector: string
    readonly topic: string
    readonly partition: string
    readonly number: string
    readonly owner: string
    readonly topicId: string
    readonly time: string
  }
  /** Behind the columns: `ENGINE=InnoDB`. */
  readonly tableOptions?: string
  /** The parameter with this number, counted from 1. */
  place(index: number): string
  /** A parameter as a value of a column of that type; texts travel as they are, where that is left out. */
  textOf?(place: string, type: string): string
  numberOf(place: string): string
  /** A number as text, in a query. */
  shown(column: string): string
  /** The time, for `updated_at`. */
  readonly now: string
  /** The transaction lasts once its COMMIT is answered, however the server is set. */
  readonly lasting?: string
  /** Behind the table's name in an UPDATE. */
  readonly updateHint?: string
  /**
   * An INSERT that does nothing when the row is there already, though it came meanwhile; `columns` and
   * `values` are lists.
   */
  insertMissing(parts: {
    readonly table: string
    readonly columns: string
    readonly values: string
    /** The row is there. */
    readonly exists: string
  }): string
}

/** So many rows one statement looks for: limits of parameters are far away. */
const CHUNK = 100
const KEY = ['kafka_cluster', 'connector', 'topic', 'kafka_partition'] as const

export function offsetsTableSql(table: TableId, words: OffsetWords): string {
  const { types, tableOptions = '' } = words
  const columns = [
    `kafka_cluster ${types.cluster} NOT NULL`,
    `connector ${types.connector} NOT NULL`,
    `topic ${types.topic} NOT NULL`,
    `kafka_partition ${types.partition} NOT NULL`,
    `next_offset ${types.number}`,
    `epoch ${types.number} NOT NULL`,
    `owner ${types.owner}`,
    `topic_id ${types.topicId}`,
    `updated_at ${types.time}`,
    `PRIMARY KEY (${KEY.join(', ')})`
  ]
  return `CREATE TABLE ${words.tableSql(table)} (\n${columns.join(',\n')}\n)${tableOptions}`
}

/** {@link SinkOffsets} by statements that all databases understand. */
export class SqlOffsets implements SinkOffsets {
  readonly #session: WriteSession
  readonly #place: SinkOffsetsPlace
  readonly #words: OffsetWords
  readonly #table: string
  readonly #onConflict: (() => Promise<void>) | undefined

  /** `onConflict`: what is done, outside a transaction, before a claim fails that others kept waiting. */
  constructor(
    session: WriteSession,
    place: SinkOffsetsPlace,
    words: OffsetWords,
    onConflict?: () => Promise<void>
  ) {
    this.#session = session
    this.#place = place
    this.#words = words
    this.#table = words.tableSql(place.table)
    this.#onConflict = onConflict
  }

  async claim(claims: readonly OffsetClaim[], owner: string): Promise<readonly ClaimedOffset[]> {
    try {
      return await this.#claim(claims, owner)
    } catch (error) {
      if (errorClassOf(error) === 'conflict') await this.#onConflict?.()
      throw error
    }
  }

  async #claim(claims: readonly OffsetClaim[], owner: string): Promise<readonly ClaimedOffset[]> {
    return await this.#lasting(async () => {
      await this.#makeMissing(claims)
      // The lock comes first: what is read behind it stays.
      await this.#growEpochs(claims)
      const stored = byKey(await this.lookUp(claims))
      const claimed = claims.map((claim) => {
        const row = stored.get(offsetKey(claim))
        if (row === undefined) throw new Error('a row was claimed that is not there')
        return claimedOf(claim, row)
      })
      for (const [index, claim] of claims.entries()) {
        const { nextOffset } = claimed[index] as ClaimedOffset
        const { nextOffset: found, topicId } = stored.get(offsetKey(claim)) as StoredOffset
        await this.#own(claim, {
          owner,
          nextOffset: nextOffset === found ? null : nextOffset,
          topicId: claim.topicId ?? topicId
        })
      }
      return claimed
    })
  }

  async advance(steps: readonly OffsetStep[]): Promise<number> {
    const { numberOf, now, updateHint = '' } = this.#words
    let moved = 0
    for (const chunk of chunksOf(steps)) {
      const statement = this.#statement()
      const moves = chunk.map(
        (step) =>
          `WHEN ${this.#isPartition(statement, step)} THEN ${numberOf(statement.bind(step.to))}`
      )
      const rows = chunk.map((step) => {
        const key = this.#isPartition(statement, step)
        const [epoch, from] = [step.epoch, step.from].map((each) => numberOf(statement.bind(each)))
        return `(${key} AND epoch = ${epoch} AND next_offset = ${from})`
      })
      moved += await statement.run(
        (scope) =>
          `UPDATE ${this.#table}${updateHint} SET next_offset = CASE ${moves.join(' ')} END, updated_at = ${now} WHERE ${scope} AND (${rows.join(' OR ')})`
      )
    }
    return moved
  }

  async lookUp(partitions?: readonly OffsetPartition[]): Promise<readonly StoredOffset[]> {
    if (partitions === undefined) return await this.#rows(null)
    const rows: StoredOffset[] = []
    for (const chunk of chunksOf(partitions)) rows.push(...(await this.#rows(chunk)))
    return rows
  }

  async set(settings: readonly OffsetSetting[]): Promise<void> {
    const { numberOf, now, updateHint = '' } = this.#words
    await this.#lasting(async () => {
      await this.#makeMissing(settings)
      for (const setting of settings) {
        const statement = this.#statement()
        const { nextOffset } = setting
        const next = nextOffset === null ? 'NULL' : numberOf(statement.bind(nextOffset))
        const key = this.#isPartition(statement, setting)
        await statement.run(
          (scope) =>
            `UPDATE ${this.#table}${updateHint} SET next_offset = ${next}, epoch = epoch + 1, updated_at = ${now} WHERE ${scope} AND ${key}`
        )
      }
    })
  }

  /** I15: a claim that a server forgot would let the owner before it go on. */
  #lasting<T>(work: () => Promise<T>): Promise<T> {
    const { lasting } = this.#words
    return inTransaction(this.#session, async () => {
      if (lasting !== undefined) await this.#session.ask(lasting, [])
      return await work()
    })
  }

  async #rows(partitions: readonly OffsetPartition[] | null): Promise<StoredOffset[]> {
    const { shown } = this.#words
    const statement = this.#statement()
    const isOneOf = partitions === null ? '' : ` AND ${this.#isOneOf(statement, partitions)}`
    const { rows } = await statement.ask(
      (scope) =>
        `SELECT topic, ${shown('kafka_partition')}, ${shown('next_offset')}, ${shown('epoch')}, owner, topic_id FROM ${this.#table} WHERE ${scope}${isOneOf}`
    )
    return rows.map(storedOf)
  }

  async #makeMissing(partitions: readonly OffsetPartition[]): Promise<void> {
    const there = byKey(await this.lookUp(partitions))
    for (const partition of partitions) {
      if (there.has(offsetKey(partition))) continue
      const statement = this.#statement()
      const { numberOf, now } = this.#words
      const { types } = this.#words
      const { cluster, connector } = this.#place
      const row = [
        this.#text(statement.bind(cluster), types.cluster),
        this.#text(statement.bind(connector), types.connector),
        this.#text(statement.bind(partition.topic), types.topic),
        numberOf(statement.bind(partition.partition)),
        '0',
        now
      ]
      const key = this.#isPartition(statement, partition)
      await statement.run((scope) =>
        this.#words.insertMissing({
          table: this.#table,
          columns: [...KEY, 'epoch', 'updated_at'].join(', '),
          values: row.join(', '),
          exists: `${scope} AND ${key}`
        })
      )
    }
  }

  async #growEpochs(partitions: readonly OffsetPartition[]): Promise<void> {
    const { updateHint = '' } = this.#words
    for (const chunk of chunksOf(partitions)) {
      const statement = this.#statement()
      const isOneOf = this.#isOneOf(statement, chunk)
      await statement.run(
        (scope) =>
          `UPDATE ${this.#table}${updateHint} SET epoch = epoch + 1 WHERE ${scope} AND ${isOneOf}`
      )
    }
  }

  async #own(
    partition: OffsetPartition,
    facts: {
      readonly owner: string
      /** null: as it is. */
      readonly nextOffset: bigint | null
      readonly topicId: string | null
    }
  ): Promise<void> {
    const { types, numberOf, now, updateHint = '' } = this.#words
    const statement = this.#statement()
    const set = [`owner = ${this.#text(statement.bind(facts.owner), types.owner)}`]
    if (facts.topicId !== null) {
      set.push(`topic_id = ${this.#text(statement.bind(facts.topicId), types.topicId)}`)
    }
    if (facts.nextOffset !== null) {
      set.push(`next_offset = ${numberOf(statement.bind(facts.nextOffset))}`)
    }
    const key = this.#isPartition(statement, partition)
    await statement.run(
      (scope) =>
        `UPDATE ${this.#table}${updateHint} SET ${set.join(', ')}, updated_at = ${now} WHERE ${scope} AND ${key}`
    )
  }

  #isPartition(statement: Statement, { topic, partition }: OffsetPartition): string {
    const { types, numberOf } = this.#words
    const text = this.#text(statement.bind(topic), types.topic)
    return `topic = ${text} AND kafka_partition = ${numberOf(statement.bind(partition))}`
  }

  #isOneOf(statement: Statement, partitions: readonly OffsetPartition[]): string {
    const each = partitions.map((partition) => `(${this.#isPartition(statement, partition)})`)
    return `(${each.join(' OR ')})`
  }

  #text(place: string, type: string): string {
    return this.#words.textOf?.(place, type) ?? place
  }

  /** Texts of a statement may stand in any order: values take their places when it is complete. */
  #statement(): Statement {
    const { types } = this.#words
    const { cluster, connector } = this.#place
    const values: string[] = []
    const bind = (value: string | number | bigint): string =>
      `\0${values.push(String(value)) - 1}\0`
    const ask = async (text: (scope: string) => string): Promise<Answer> => {
      const ofCluster = this.#text(bind(cluster), types.cluster)
      const ofConnector = this.#text(bind(connector), types.connector)
      const scope = `kafka_cluster = ${ofCluster} AND connector = ${ofConnector}`
      const binds: string[] = []
      const sql = text(scope).replaceAll(PLACE, (_, index: string) =>
        this.#words.place(binds.push(values[Number(index)] as string))
      )
      return await this.#session.ask(sql, binds)
    }
    return { bind, ask, run: async (text) => (await ask(text)).affected }
  }
}

const PLACE = /\0(\d+)\0/g

interface Answer {
  readonly rows: unknown[][]
  readonly affected: number
}

interface Statement {
  /** Answers what stands for the value in the text. */
  bind(value: string | number | bigint): string
  /** `scope`: the condition that a row is the connector's. */
  ask(text: (scope: string) => string): Promise<Answer>
  /** Answers how many rows were changed. */
  run(text: (scope: string) => string): Promise<number>
}

function byKey<T extends OffsetPartition>(rows: readonly T[]): ReadonlyMap<string, T> {
  return new Map(rows.map((row) => [offsetKey(row), row]))
}

function storedOf(row: readonly unknown[]): StoredOffset {
  const [topic, partition, nextOffset, epoch, owner, topicId] = row
  return {
    topic: String(topic),
    partition: Number(partition),
    nextOffset: nextOffset === null ? null : BigInt(String(nextOffset)),
    epoch: BigInt(String(epoch)),
    owner: (owner ?? null) as string | null,
    topicId: (topicId ?? null) as string | null
  }
}

/** `row`: with the new epoch, and everything else as it was. */
function claimedOf(claim: OffsetClaim, row: StoredOffset): ClaimedOffset {
  const { topic, partition, epoch } = row
  const isOther = claim.topicId !== null && row.topicId !== null && claim.topicId !== row.topicId
  return {
    topic,
    partition,
    epoch,
    nextOffset: isOther ? 0n : (row.nextOffset ?? claim.nextOffset),
    // Rows are made with epoch 0, and whatever changes their owner or position makes it grow.
    before: epoch === 1n ? null : { ...row, epoch: epoch - 1n }
  }
}

function* chunksOf<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += CHUNK) yield items.slice(at, at + CHUNK)
}
