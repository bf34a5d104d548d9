import type { SourceRecord } from '../../data/record.ts'
import type { ProducerRecord } from '../../kafka/contracts.ts'

/** Where in the life of a record something is done; Connect's words. */
export type StageName =
  | 'TRANSFORMATION'
  | 'HEADER_CONVERTER'
  | 'KEY_CONVERTER'
  | 'VALUE_CONVERTER'
  | 'KAFKA_PRODUCE'

export type Bytes = ProducerRecord['value']

const NO_HEADERS: ProducerRecord['headers'] = []

/** A record on its way, and what the stages have made of it so far. */
export class Passage {
  /** As its task handed it out. */
  readonly original: SourceRecord
  /** As the transformations left it. */
  record: SourceRecord
  headers = NO_HEADERS
  key: Bytes = null
  value: Bytes = null
  /** The stage that the record did not leave; null: it has come through all of them. */
  endedIn: Stage | null = null

  constructor(original: SourceRecord) {
    this.original = original
    this.record = original
  }
}

/** One step on the way of every record of a task, compiled from its configuration. */
export interface Stage {
  readonly name: StageName
  /** Of the plugin that works here, as messages name it. */
  readonly className: string
  /**
   * Answers whether the record goes on; false drops it. At once unless something has to be waited for. The
   * passage is changed last of all, so that a stage that failed can be tried again.
   */
  apply(passage: Passage): boolean | Promise<boolean>
}

/**
 * What becomes of a record whose stage threw, or rejected with, `error`: true when the stage was done after
 * all, false when the record ends there. What it throws ends the run.
 */
export type OnFailure = (
  error: unknown,
  stage: Stage,
  passage: Passage
) => boolean | Promise<boolean>

/**
 * The stages of a task in their order. A record passes them at once; from a stage that has to wait, the rest
 * waits with it.
 */
export class Pipeline {
  readonly #stages: readonly Stage[]
  readonly #onFailure: OnFailure

  constructor(stages: readonly Stage[], onFailure: OnFailure) {
    this.#stages = stages
    this.#onFailure = onFailure
  }

  run(original: SourceRecord): Passage | Promise<Passage> {
    return this.#runFrom(0, new Passage(original))
  }

  #runFrom(first: number, passage: Passage): Passage | Promise<Passage> {
    for (let at = first; at < this.#stages.length; at++) {
      const stage = this.#stages[at] as Stage
      const goesOn = this.#apply(stage, passage)
      if (goesOn === true) continue
      if (goesOn !== false) return this.#runBehind(goesOn, at, passage)
      passage.endedIn = stage
      break
    }
    return passage
  }

  async #runBehind(waiting: Promise<boolean>, at: number, passage: Passage): Promise<Passage> {
    if (await waiting) return this.#runFrom(at + 1, passage)
    passage.endedIn = this.#stages[at] as Stage
    return passage
  }

  #apply(stage: Stage, passage: Passage): boolean | Promise<boolean> {
    try {
      const goesOn = stage.apply(passage)
      if (typeof goesOn === 'boolean') return goesOn
      return goesOn.catch((error: unknown) => this.#onFailure(error, stage, passage))
    } catch (error) {
      return this.#onFailure(error, stage, passage)
    }
  }
}
