import type { ConnectRecord, SourceRecord } from '../../data/record.ts'
import type { ProducerRecord } from '../../kafka/contracts.ts'

/** Where in the life of a record something is done; Connect's words. */
export type StageName =
  | 'TRANSFORMATION'
  | 'HEADER_CONVERTER'
  | 'KEY_CONVERTER'
  | 'VALUE_CONVERTER'
  | 'KAFKA_PRODUCE'
  | 'TASK_PUT'

export type Bytes = ProducerRecord['value']

/** A record on its way, in either direction, as transformations know it. */
export interface Passage {
  /** What the stages have made of it so far. */
  record: ConnectRecord
  /** The stage that the record did not leave; null: it has come through all of them. */
  endedIn: StageLabel | null
}

/** Which stage, in messages. */
export interface StageLabel {
  readonly name: StageName
  /** Of the plugin that works here. */
  readonly className: string
}

/** One step on the way of every record of a task, compiled from its configuration. */
export interface Stage<P extends Passage = Passage> extends StageLabel {
  /**
   * Answers whether the record goes on; false drops it. At once unless something has to be waited for. The
   * passage is changed last of all, so that a stage that failed can be tried again.
   */
  apply(passage: P): boolean | Promise<boolean>
}

const NO_HEADERS: ProducerRecord['headers'] = []

/** A record on its way to Kafka. */
export class SourcePassage implements Passage {
  /** As its task handed it out. */
  readonly original: SourceRecord
  /** As the transformations left it. */
  record: SourceRecord
  headers = NO_HEADERS
  key: Bytes = null
  value: Bytes = null
  endedIn: StageLabel | null = null

  constructor(original: SourceRecord) {
    this.original = original
    this.record = original
  }
}

/**
 * What becomes of a record whose stage threw, or rejected with, `error`: true when the stage was done after
 * all, false when the record ends there. What it throws ends the run.
 */
export type OnFailure<P extends Passage = Passage> = (
  error: unknown,
  stage: Stage<P>,
  passage: P
) => boolean | Promise<boolean>

/**
 * The stages of a task in their order. A record passes them at once; from a stage that has to wait, the rest
 * waits with it.
 */
export class Pipeline<P extends Passage> {
  readonly #stages: readonly Stage<P>[]
  readonly #onFailure: OnFailure<P>

  constructor(stages: readonly Stage<P>[], onFailure: OnFailure<P>) {
    this.#stages = stages
    this.#onFailure = onFailure
  }

  run(passage: P): P | Promise<P> {
    return this.#runFrom(0, passage)
  }

  #runFrom(first: number, passage: P): P | Promise<P> {
    for (let at = first; at < this.#stages.length; at++) {
      const stage = this.#stages[at] as Stage<P>
      const goesOn = this.#apply(stage, passage)
      if (goesOn === true) continue
      if (goesOn !== false) return this.#runBehind(goesOn, at, passage)
      passage.endedIn = stage
      break
    }
    return passage
  }

  async #runBehind(waiting: Promise<boolean>, at: number, passage: P): Promise<P> {
    if (await waiting) return this.#runFrom(at + 1, passage)
    passage.endedIn = this.#stages[at] as Stage<P>
    return passage
  }

  #apply(stage: Stage<P>, passage: P): boolean | Promise<boolean> {
    try {
      const goesOn = stage.apply(passage)
      if (typeof goesOn === 'boolean') return goesOn
      return goesOn.catch((error: unknown) => this.#onFailure(error, stage, passage))
    } catch (error) {
      return this.#onFailure(error, stage, passage)
    }
  }
}
