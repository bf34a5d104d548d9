import type { Clock } from '../../../clock.ts'
import type { ConfigDef, ConfigMap } from '../../../config/config-def.ts'
import { loggers } from '../../../log.ts'
import type { AlteringOffsets } from '../../../plugin/sink.ts'
import type { OffsetChange } from '../../../plugin/source.ts'
import { abortingAfter } from '../../../wait.ts'
import { offsetKey, type OffsetSetting } from '../database/sink-offsets.ts'
import type { WriteSession } from '../database/writing.ts'
import { type SinkSettings, sinkSettings } from '../settings/sink-settings.ts'
import { offsetsTable, requiredBut } from '../writing/offsets-table.ts'
import { withWriter } from '../writing/writer-sessions.ts'

/** What the database may take for it. */
const LIMIT_MS = 60_000

/**
 * Sets positions in the database, for a connector that keeps them there; the group is changed by the worker
 * afterwards. Answers whether nothing else has to be done for them. Rejects with ConfigError where the table
 * cannot be had, and as a session does.
 */
export async function alterSinkOffsets(
  config: ConfigMap,
  changes: readonly OffsetChange[],
  how: AlteringOffsets,
  { definition, clock }: { readonly definition: ConfigDef; readonly clock: Clock }
): Promise<boolean> {
  const settings = sinkSettings(config, definition)
  // As of the JVM connector: its positions are the group's alone.
  if (settings.exactlyOnce === null) return false
  if (how.isCheck || (changes.length === 0 && !how.all)) return true
  const cluster = await how.clusterId()
  const log = loggers.get('io.confluent.connect.jdbc.JdbcSinkConnector')
  await abortingAfter(clock, LIMIT_MS, async (signal) => {
    const opening = { applicationName: 'offsets', log, signal, clock }
    await withWriter(settings, opening, (session) =>
      set(session, settings, { changes: changes.map(settingOf), cluster, all: how.all })
    )
  })
  return true
}

async function set(
  session: WriteSession,
  settings: SinkSettings,
  {
    changes,
    cluster,
    all
  }: {
    readonly changes: readonly OffsetSetting[]
    readonly cluster: string
    readonly all: boolean
  }
): Promise<void> {
  const found = await offsetsTable(session, settings, false)
  if ('refused' in found) {
    // Then the group's positions are all there are.
    if (settings.exactlyOnce?.isRequired !== true) return
    throw requiredBut(found.refused)
  }
  // Nothing was claimed yet: the first claim takes what the group says.
  if ((await session.describeTarget(found.table)) === null) return
  const connector = settings.exactlyOnce?.name ?? ''
  const offsets = session.offsets({ table: found.table, cluster, connector })
  const given = new Set(changes.map(offsetKey))
  const rest = all ? (await offsets.lookUp()).filter((row) => !given.has(offsetKey(row))) : []
  const forgotten = rest.map(({ topic, partition }) => ({ topic, partition, nextOffset: null }))
  await offsets.set([...changes, ...forgotten])
}

/** The worker has checked their form. */
function settingOf({ partition, offset }: OffsetChange): OffsetSetting {
  const at = offset?.['kafka_offset']
  return {
    topic: String(partition['kafka_topic']),
    partition: Number(partition['kafka_partition']),
    nextOffset: at === undefined || at === null ? null : BigInt(String(at))
  }
}
