import type { ConfigMap } from '../../config/config-def.ts'
import type { SourceRecord } from '../../data/record.ts'
import { DataError } from '../../errors.ts'
import type { ProducerRecord } from '../../kafka/contracts.ts'
import type { Plugins } from '../../plugin/plugins.ts'
import { compileStages } from './compiled-stages.ts'
import { describeRecord, recordText, type RowNamer } from './record-text.ts'
import type { RetryWithTolerance } from './retry-with-tolerance.ts'
import { Pipeline, SourcePassage, type Stage } from './stages.ts'

/** Turns the source records of a task into producer records; a stage that fails is a matter of `errors.*`. */
export class RecordConversion {
  readonly #pipeline: Pipeline<SourcePassage>
  readonly #errors: RetryWithTolerance
  readonly #rowOf: RowNamer | undefined
  /** Nothing is converted any more; what still waits in a converter gives up. */
  readonly close: () => Promise<void>

  /** Throws ConfigError naming the key. */
  constructor(options: {
    /** Both with `${…}` resolved. */
    readonly connector: ConfigMap
    readonly worker: ConfigMap
    readonly plugins: Plugins
    readonly errors: RetryWithTolerance
    readonly rowOf?: RowNamer
  }) {
    const { stages, close } = compileStages(options)
    this.#pipeline = new Pipeline(stages, (error, stage, passage) =>
      this.#recover(error, stage, passage)
    )
    this.close = close
    this.#errors = options.errors
    this.#rowOf = options.rowOf
  }

  /**
   * null: the record is dropped, by a transformation or by `errors.tolerance`. Answers at once unless
   * something has to be waited for.
   */
  convert(record: SourceRecord): ProducerRecord | null | Promise<ProducerRecord | null> {
    const passage = this.#pipeline.run(new SourcePassage(record))
    return passage instanceof Promise ? passage.then(producerRecord) : producerRecord(passage)
  }

  /** False: the record is to be skipped. */
  async #recover(
    error: unknown,
    stage: Stage<SourcePassage>,
    passage: SourcePassage
  ): Promise<boolean> {
    const { original } = passage
    const describe = (): string => describeRecord(original, this.#rowOf)
    const named =
      error instanceof DataError
        ? new DataError(`${error.message} (${describe()})`, { cause: error })
        : error
    const goesOn = await this.#errors.recover(
      named,
      {
        stage: stage.name,
        executing: stage.className,
        describe,
        text: () => `source record is = ${recordText(original)}`
      },
      () => stage.apply(passage)
    )
    return goesOn ?? false
  }
}

function producerRecord(passage: SourcePassage): ProducerRecord | null {
  if (passage.endedIn !== null) return null
  const { record, key, value, headers } = passage
  return {
    topic: record.topic,
    partition: record.kafkaPartition,
    key,
    value,
    timestamp: record.timestamp,
    headers
  }
}
