import type { ConfigMap } from '../../config/config-def.ts'
import { encodedOffset, type SourceRecord } from '../../data/record.ts'
import { topicNameProblem } from '../../data/topic-name.ts'
import { ConnectError, messageOf } from '../../errors.ts'
import type { DryRun } from '../../plugin/converter.ts'
import type { Plugins } from '../../plugin/plugins.ts'
import { errorPolicy } from '../../settings/connector/connector-settings.ts'
import { compileStages } from './compiled-stages.ts'
import { readableBytes, readableRecord } from './readable.ts'
import { Pipeline, SourcePassage, type Stage } from './stages.ts'

/** A record as it would be in Kafka, as REST shows it. */
export type PreviewedRecord = Readonly<Record<string, unknown>>

/** What became of one record on its way. */
interface Outcome {
  readonly passage: SourcePassage
  /** Of the stage in which the record ended; null: it threw nothing. */
  readonly failure: { readonly error: unknown } | null
  /** What a registry would be asked to keep. */
  readonly registers: Registers
}

interface Registers {
  key: DryRun['registers']
  value: DryRun['registers']
}

/**
 * What the transformations and converters of a connector would make of these records. Nothing is sent, and no
 * schema is registered. Throws ConfigError when they cannot be made; what fails for one record is told with
 * it.
 */
export async function previewRecords(
  records: readonly SourceRecord[],
  parts: { connector: ConfigMap; worker: ConfigMap; plugins: Plugins; signal: AbortSignal }
): Promise<PreviewedRecord[]> {
  const { connector, worker, signal } = parts
  const tolerant = errorPolicy(connector, worker).tolerance === 'all'
  const { passed, close } = dryPipeline(parts)
  try {
    const shown: PreviewedRecord[] = []
    for (const record of records) {
      if (signal.aborted) break
      shown.push(previewed(await passed(record), tolerant))
    }
    return shown
  } finally {
    await close()
  }
}

/** The stages of the connector's tasks, with converters that write nothing. Takes one record at a time. */
function dryPipeline(parts: { connector: ConfigMap; worker: ConfigMap; plugins: Plugins }): {
  passed(record: SourceRecord): Promise<Outcome>
  close(): Promise<void>
} {
  let registers: Registers = { key: null, value: null }
  let failure: Outcome['failure'] = null
  const { stages, close } = compileStages({
    ...parts,
    encode: (part, converter) => async (topic, schema, value, headers) => {
      if (converter.dryRun === undefined) {
        return converter.fromConnectData(topic, schema, value, headers)
      }
      const dry = await converter.dryRun(topic, schema, value)
      registers[part] = dry.registers
      return dry.bytes
    }
  })
  const pipeline = new Pipeline<SourcePassage>([...stages, topicNameCheck], (error) => {
    failure = { error }
    return false
  })
  return {
    async passed(record) {
      registers = { key: null, value: null }
      failure = null
      const passage = await pipeline.run(new SourcePassage(record))
      return { passage, failure, registers }
    },
    close
  }
}

/** In a task, what writes the records finds such a name, in Kafka Connect's words. */
const topicNameCheck: Stage = {
  name: 'KAFKA_PRODUCE',
  className: 'org.apache.kafka.connect.runtime.WorkerSourceTask',
  apply({ record }) {
    const problem = topicNameProblem(record.topic)
    if (problem !== null) throw new ConnectError('KAFKA_ERROR', problem)
    return true
  }
}

function previewed({ passage, failure, registers }: Outcome, tolerant: boolean): PreviewedRecord {
  const { original, record, endedIn } = passage
  const shown = (outcome: string, more: Readonly<Record<string, unknown>>): PreviewedRecord => ({
    outcome,
    ...readableRecord(record),
    ...more,
    sourcePartition: original.sourcePartition,
    sourceOffset: encodedOffset(original.sourceOffset)
  })
  if (endedIn === null) return shown('sent', { kafka: kafkaView(passage), registers })
  const { name: stage, className } = endedIn
  if (failure === null) return shown('dropped', { droppedBy: className })
  return shown(tolerant ? 'left out' : 'fails the task', {
    error: { stage, class: className, message: messageOf(failure.error) }
  })
}

function kafkaView({ key, value, headers }: SourcePassage): Readonly<Record<string, unknown>> {
  return {
    key: readableBytes(key),
    value: readableBytes(value),
    headers: headers.map(([name, bytes]) => ({ key: name, value: readableBytes(bytes) }))
  }
}
