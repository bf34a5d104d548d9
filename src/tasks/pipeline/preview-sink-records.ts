import type { ConfigMap } from '../../config/config-def.ts'
import type { SinkRecord } from '../../data/record.ts'
import { messageOf } from '../../errors.ts'
import type { ConsumedRecord } from '../../kafka/contracts.ts'
import type { Plugins } from '../../plugin/plugins.ts'
import { errorPolicy } from '../../settings/connector/connector-settings.ts'
import { compileSinkStages } from './compiled-stages.ts'
import type { PreviewedRecord } from './preview-records.ts'
import { readableBytes, readableRecord } from './readable.ts'
import { SinkPassage } from './sink-passage.ts'
import { Pipeline } from './stages.ts'

/** Records as REST shows them, and those of them that a task would put. */
interface PreviewedSinkRecords {
  readonly shown: readonly PreviewedRecord[]
  readonly put: readonly SinkRecord[]
}

/**
 * What the converters and transformations of a sink make of these records; as many as there was time for
 * until `signal` aborts. Throws ConfigError when they cannot be made; what fails for one record is told with
 * it.
 */
export async function previewSinkRecords(
  records: readonly ConsumedRecord[],
  parts: { connector: ConfigMap; worker: ConfigMap; plugins: Plugins; signal: AbortSignal }
): Promise<PreviewedSinkRecords> {
  const { connector, worker, signal } = parts
  const tolerant = errorPolicy(connector, worker).tolerance === 'all'
  let failure: { readonly error: unknown } | null = null
  const { stages, close } = compileSinkStages(parts)
  const pipeline = new Pipeline<SinkPassage>(stages, (error) => {
    failure = { error }
    return false
  })
  const shown: PreviewedRecord[] = []
  const put: SinkRecord[] = []
  try {
    for (const record of records) {
      if (signal.aborted) break
      failure = null
      const passage = await pipeline.run(new SinkPassage(record, () => undefined))
      shown.push(previewed(passage, failure, tolerant))
      if (passage.endedIn === null) put.push(passage.record)
    }
    return { shown, put }
  } finally {
    await close()
  }
}

function previewed(
  { record, consumed, endedIn }: SinkPassage,
  failure: { readonly error: unknown } | null,
  tolerant: boolean
): PreviewedRecord {
  const shown = (outcome: string, more: Readonly<Record<string, unknown>>): PreviewedRecord => ({
    outcome,
    ...readableRecord(record),
    ...more,
    kafka: kafkaView(consumed)
  })
  if (endedIn === null) return shown('put', {})
  const { name: stage, className } = endedIn
  if (failure === null) return shown('dropped', { droppedBy: className })
  return shown(tolerant ? 'left out' : 'fails the task', {
    error: { stage, class: className, message: messageOf(failure.error) }
  })
}

/** As it lies in its topic. */
function kafkaView(record: ConsumedRecord): Readonly<Record<string, unknown>> {
  const { topic, partition, offset, key, value, headers } = record
  return {
    topic,
    partition,
    offset,
    key: readableBytes(key),
    value: readableBytes(value),
    headers: headers.map((header) => ({ key: header.key, value: readableBytes(header.value) }))
  }
}
