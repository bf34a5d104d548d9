import type { ConfigMap } from '../../config/config-def.ts'
import type { RecordBytes, SinkRecord } from '../../data/record.ts'
import type { ConsumedRecord } from '../../kafka/contracts.ts'
import type { Plugins } from '../../plugin/plugins.ts'
import { compileSinkStages } from './compiled-stages.ts'
import type { Converters } from './converters.ts'
import type { RetryWithTolerance } from './retry-with-tolerance.ts'
import { type OnRecordFailure, SinkPassage } from './sink-passage.ts'
import { consumedRecordText, describeSinkRecord, type SinkRecordNamer } from './sink-record-text.ts'
import { Pipeline, type Stage } from './stages.ts'

/** Turns what was consumed into sink records; a stage that fails is a matter of `errors.*`. */
export class SinkConversion {
  readonly #pipeline: Pipeline<SinkPassage>
  readonly #converters: Converters
  readonly #errors: RetryWithTolerance
  readonly #nameOf: SinkRecordNamer
  /** Nothing is converted any more; what still waits in a converter gives up. */
  readonly close: () => Promise<void>

  /** Throws ConfigError naming the key. */
  constructor(options: {
    /** Both with `${…}` resolved. */
    readonly connector: ConfigMap
    readonly worker: ConfigMap
    readonly plugins: Plugins
    readonly errors: RetryWithTolerance
    readonly nameOf: SinkRecordNamer
  }) {
    const { stages, converters, close } = compileSinkStages(options)
    this.#pipeline = new Pipeline(stages, (error, stage, passage) =>
      this.#recover(error, stage, passage)
    )
    this.#converters = converters
    this.close = close
    this.#errors = options.errors
    this.#nameOf = options.nameOf
  }

  /**
   * null: the record is dropped, by a transformation or by `errors.tolerance`. Answers at once unless
   * something has to be waited for. Rejects, or throws, when the task has to fail, and with a retriable error
   * when what is needed is away: then the record may be converted later. `onFailure` is told why a record is
   * left out, or fails the task.
   */
  convert(
    record: ConsumedRecord,
    onFailure: OnRecordFailure
  ): SinkRecord | null | Promise<SinkRecord | null> {
    const passage = this.#pipeline.run(new SinkPassage(record, onFailure))
    return passage instanceof Promise ? passage.then(sinkRecord) : sinkRecord(passage)
  }

  /** A record that a plugin made itself, as the converters of the task would write it. */
  async bytesOf(record: SinkRecord): Promise<RecordBytes> {
    const { key, value, header } = this.#converters
    const { topic, keySchema, valueSchema, headers } = record
    return {
      key: await key.converter.fromConnectData(topic, keySchema, record.key, headers),
      value: await value.converter.fromConnectData(topic, valueSchema, record.value, headers),
      headers: headers.map((each) => ({
        key: each.key,
        value: header.converter.fromConnectHeader(topic, each.key, each.schema, each.value)
      }))
    }
  }

  /** False: the record is to be left out. */
  async #recover(
    error: unknown,
    stage: Stage<SinkPassage>,
    passage: SinkPassage
  ): Promise<boolean> {
    const { consumed } = passage
    const goesOn = await this.#errors.recover(
      error,
      {
        stage: stage.name,
        executing: stage.className,
        describe: () => describeSinkRecord(passage.record, this.#nameOf),
        text: () => consumedRecordText(consumed),
        report: (failure) => passage.onFailure(consumed, { stage, error: failure }),
        outagesAreThrown: true
      },
      () => stage.apply(passage)
    )
    return goesOn ?? false
  }
}

function sinkRecord({ endedIn, record }: SinkPassage): SinkRecord | null {
  return endedIn === null ? record : null
}
