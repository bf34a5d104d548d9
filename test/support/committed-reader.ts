import type { TestContext } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { readerSettings } from '../../src/kafka/client/client-settings.ts'
import type { LogRecord } from '../../src/kafka/contracts.ts'
import { TopicReader } from '../../src/kafka/reading/topic-reader.ts'
import { kafkaBootstrap, uniqueName } from './environment.ts'
import { recordingLog } from './recording-log.ts'

/**
 * Follows an existing topic as a reader of committed records does, or of all; `records` and `values` grow as
 * they come to be seen.
 */
export async function followAs(
  t: TestContext,
  isolation: 'read_committed' | 'read_uncommitted',
  topic: string
) {
  const records: LogRecord[] = []
  const settings = new Map([
    ['bootstrap.servers', kafkaBootstrap()],
    ['isolation.level', isolation]
  ])
  const reader = new TopicReader(
    systemClock,
    readerSettings(settings, systemClock),
    uniqueName(isolation),
    topic,
    (record) => records.push(record),
    recordingLog().log
  )
  t.after(() => reader.stop())
  await reader.start(15_000)
  return {
    records: records as readonly LogRecord[],
    get values(): string[] {
      return records.map(({ value }) => String(value))
    },
    /** Everything written so far was read, open transactions having ended. */
    readToEnd: () => reader.readToEnd(90_000)
  }
}
