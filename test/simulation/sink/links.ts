import { ConnectError } from '../../../src/errors.ts'
import type {
  ConsumedRecord,
  ConsumerGroups,
  GroupClient,
  ConsumerPosition,
  ProducerRecord,
  RecordProducer,
  RefusedRecord,
  TopicPartition
} from '../../../src/kafka/contracts.ts'
import { within } from '../../../src/wait.ts'
import type { Random } from '../../support/random.ts'
import { type Broker, type Round, TOPIC } from './broker.ts'
import type { Process } from './timeline.ts'

/** How long a client waits for an answer, and between two attempts. */
const ANSWER_MS = 350
const RETRY_MS = 80

/** What is to go wrong between clients and Kafka; all chances are 0 when a schedule calms down. */
export interface Weather {
  /** That a request, or its answer, is lost. */
  lost: number
  /** That the dead letter queue takes nothing. */
  refused: number
  /** That a registry of schemas does not answer. */
  registryAway: number
}

/** The way from one process to the broker and back. Requests take time; some are lost, or their answers. */
export class BrokerLink {
  readonly #process: Process
  readonly #random: Random
  readonly #broker: Broker
  readonly #weather: Weather

  constructor(process: Process, random: Random, broker: Broker, weather: Weather) {
    this.#process = process
    this.#random = random
    this.#broker = broker
    this.#weather = weather
  }

  commit(
    memberId: string,
    generation: number,
    positions: readonly ConsumerPosition[]
  ): Promise<string> {
    return this.#attempt<string>((answer) =>
      answer(this.#broker.commit(memberId, generation, positions))
    )
  }

  heartbeat(memberId: string, generation: number): Promise<string> {
    return this.#attempt<string>((answer) => answer(this.#broker.heartbeat(memberId, generation)))
  }

  async leave(memberId: string): Promise<void> {
    await this.#attempt((answer) => answer(this.#broker.leave(memberId)))
  }

  /** Until the round is complete; null: nobody waits for it any more. */
  async join(
    memberId: string | null,
    isIncremental: boolean,
    owned: readonly number[],
    isOver: () => boolean
  ): Promise<Round | null> {
    while (!isOver()) {
      const answer = await this.#attempt<Round>(
        (done) => this.#broker.join(memberId, isIncremental, owned, done),
        10 * ANSWER_MS
      )
      if (typeof answer !== 'string') return isOver() ? null : answer
      await this.#process.sleep(RETRY_MS)
    }
    return null
  }

  async committed(
    partitions: readonly number[],
    isOver: () => boolean
  ): Promise<ReadonlyMap<number, number> | null> {
    while (!isOver()) {
      const answer = await this.#attempt<ReadonlyMap<number, number>>((done) => {
        const { committed } = this.#broker
        done(new Map([...committed].filter(([partition]) => partitions.includes(partition))))
      })
      if (typeof answer !== 'string') return answer
      await this.#process.sleep(RETRY_MS)
    }
    return null
  }

  async fetch(
    positions: ReadonlyMap<number, number>,
    most: number
  ): Promise<ReadonlyMap<number, readonly ConsumedRecord[]>> {
    const answer = await this.#attempt<ReadonlyMap<number, readonly ConsumedRecord[]>>(
      (done) => this.#broker.fetch(positions, most, done),
      3 * ANSWER_MS
    )
    if (typeof answer !== 'string') return answer
    await this.#process.sleep(RETRY_MS)
    return new Map()
  }

  /** Offsets of each partition; rejects with a retriable ConnectError when there is no answer. */
  async ask<T extends object>(look: (broker: Broker) => T): Promise<T> {
    const answer = await this.#attempt<T>((done) => done(look(this.#broker)))
    if (typeof answer !== 'string') return answer
    throw new ConnectError('KAFKA_UNAVAILABLE', `no offsets: ${answer}`)
  }

  /** Rejects with a retriable ConnectError when the queue does not take them, or did not say so. */
  async letters(records: readonly ProducerRecord[]): Promise<void> {
    const isRefused = this.#random.chance(this.#weather.refused)
    const answer = await this.#attempt<string>((done) => {
      if (isRefused) return done('NOT_ENOUGH_REPLICAS')
      for (const record of records) this.#broker.letter(record)
      done('NONE')
    })
    if (answer !== 'NONE') throw new ConnectError('KAFKA_UNAVAILABLE', `no letters: ${answer}`)
  }

  /** One request; what went wrong as text. */
  async #attempt<T>(
    ask: (answer: (value: T) => void) => void,
    limitMs = ANSWER_MS
  ): Promise<T | string> {
    const { promise, resolve } = Promise.withResolvers<T>()
    const { timeline } = this.#process
    const isCut = (): boolean =>
      timeline.nowMs < this.#process.cutFromKafkaUntilMs || this.#random.chance(this.#weather.lost)
    timeline.after(this.#delayMs(), null, () => {
      if (isCut()) return
      ask((value) => {
        if (isCut()) return
        timeline.after(this.#delayMs(), this.#process, () => resolve(value))
      })
    })
    try {
      return await within(this.#process, promise, limitMs, () => new Error('REQUEST_TIMED_OUT'))
    } catch (error) {
      return (error as Error).message
    }
  }

  #delayMs(): number {
    return this.#random.chance(0.05) ? this.#random.within(5, 80) : this.#random.next() * 3
  }
}

/** Writes letters to the model's dead letter queue. */
export class ModelProducer implements RecordProducer {
  readonly bufferBytes = 1_000_000
  readonly standstill = null
  readonly #link: BrokerLink

  constructor(link: BrokerLink) {
    this.#link = link
  }

  async send(records: readonly ProducerRecord[]): Promise<readonly RefusedRecord[]> {
    await this.#link.letters(records)
    return []
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

/** The group and the topic as they are seen from outside. */
export class ModelGroups
  implements Pick<ConsumerGroups, 'committed' | 'members' | 'offsetsAt' | 'close'>
{
  readonly #link: BrokerLink

  constructor(link: BrokerLink) {
    this.#link = link
  }

  ids(): Promise<{ readonly cluster: string; readonly topics: ReadonlyMap<string, string> }> {
    return this.#link.ask(() => ({ cluster: 'model', topics: new Map<string, string>() }))
  }

  committed(): Promise<readonly ConsumerPosition[]> {
    return this.#link.ask(({ committed }) =>
      [...committed].map(([partition, offset]) => ({ topic: TOPIC, partition, offset }))
    )
  }

  /** All of its members are of this worker's kind, which is none to be told of. */
  members(): Promise<readonly GroupClient[]> {
    return Promise.resolve([])
  }

  offsetsAt(
    partitions: readonly TopicPartition[],
    at: 'earliest' | 'latest' | number
  ): Promise<readonly (TopicPartition & { readonly offset: number })[]> {
    return this.#link.ask((broker) =>
      partitions.map(({ topic, partition }) => ({
        topic,
        partition,
        offset: at === 'latest' ? broker.end(partition) : 0
      }))
    )
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
