import type { Clock } from '../../../clock.ts'
import type { ConfigDef, ConfigMap } from '../../../config/config-def.ts'
import type { SinkRecord } from '../../../data/record.ts'
import { messageOf } from '../../../errors.ts'
import { loggers } from '../../../log.ts'
import type { PreviewRequest, PreviewStatement, SinkPreview } from '../../../plugin/preview.ts'
import { tableName } from '../database/table-name.ts'
import type { WriteSession } from '../database/writing.ts'
import { sinkSettings } from '../settings/sink-settings.ts'
import { BatchWriter } from '../writing/batch-writer.ts'
import { placeOf } from '../writing/record-errors.ts'
import type { StatementGroup } from '../writing/statement-groups.ts'
import { TargetTables } from '../writing/target-tables.ts'
import { withWriter, writingOf } from '../writing/writer-sessions.ts'

/** A table would be made or changed first: nothing of its rows can be tried. */
class TableWouldChange extends Error {}

interface Draft {
  readonly statements: PreviewStatement[]
  readonly columns: never[]
  readonly advice: string[]
  readonly problems: string[]
}

/**
 * Writes the first records as a task would, and rolls them back. Statements that make or change a table are
 * shown and never run, for some databases cannot take them back. Throws what connecting fails with.
 */
export async function previewSink(
  config: ConfigMap,
  records: readonly SinkRecord[],
  { maxRows, signal }: PreviewRequest,
  { definition, clock }: { readonly definition: ConfigDef; readonly clock: Clock }
): Promise<SinkPreview> {
  const settings = sinkSettings(config, definition)
  const draft: Draft = { statements: [], columns: [], advice: [], problems: [] }
  const tables = new TargetTables(settings, {
    beforeChange({ table, statements }) {
      draft.statements.push(
        ...statements.map((text) => ({ of: `table ${table}`, text, binds: [] }))
      )
      throw new TableWouldChange()
    },
    onAdvice: (text) => draft.advice.push(text)
  })
  const writer = new BatchWriter(settings, tables, {
    report: null,
    onSearch: () => undefined,
    beforeCommit: () => undefined,
    nowMs: () => clock.monotonicMs()
  })
  const log = loggers.get('io.confluent.connect.jdbc.JdbcSinkConnector')
  await withWriter(
    settings,
    { applicationName: 'preview', log, signal, clock },
    async (session) => {
      for (const [topic, ofTopic] of Map.groupBy(records, (record) => record.topic)) {
        if (signal.aborted) {
          draft.problems.push(`topic ${topic}: not looked at, the time for a preview is over`)
          continue
        }
        try {
          const { groups, bad } = await writer.look(session, ofTopic.slice(0, maxRows))
          for (const { record, error } of bad) {
            draft.problems.push(`${placeOf(record)}: ${messageOf(error)}`)
          }
          for (const { shape } of groups) {
            const of = `table ${tableName(session.dialect, shape.table.id)}`
            draft.statements.push({ of, text: writingOf(settings).statementText(shape), binds: [] })
          }
          await tryOut(session, groups)
        } catch (error) {
          const would = `topic ${topic}: its rows were not tried, since a table is to be made or changed first`
          const text =
            error instanceof TableWouldChange ? would : `topic ${topic}: ${messageOf(error)}`
          draft.problems.push(text)
        }
      }
    }
  )
  return { ...draft, statements: distinct(draft.statements) }
}

async function tryOut(session: WriteSession, groups: readonly StatementGroup[]): Promise<void> {
  await session.begin()
  try {
    for (const { shape, rows } of groups) await session.write(shape, rows)
  } finally {
    await session.rollback()
  }
}

function distinct(statements: readonly PreviewStatement[]): PreviewStatement[] {
  return [...new Map(statements.map((one) => [`${one.of} ${one.text}`, one])).values()]
}
