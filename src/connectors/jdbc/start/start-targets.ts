import type { OffsetMap, SourcePartition } from '../../../data/record.ts'
import type { StoredPosition } from '../../../plugin/start-from.ts'
import { meaningOf } from '../../../data/source-partition.ts'
import type { Connection } from '../database/database.ts'
import { partitionsOf, readerTargets, UNNAMED_QUERY } from '../reading/reader-targets.ts'
import type { SourceSettings } from '../settings/source-settings.ts'
import { tableName } from '../database/table-name.ts'
import type { ReaderTarget } from '../reading/table-reader.ts'
import { selectTables } from '../tables/table-selection.ts'
import type { Mode } from '../database/mode.ts'

/** A table or query of a connector, and where its position is stored. */
export interface StartTarget {
  readonly target: ReaderTarget
  /** As operators call it: `public.orders`, `query`. */
  readonly name: string
  readonly mode: Mode
  /** Best first; an offset is written under the first of them. */
  readonly partitions: readonly SourcePartition[]
}

/** Everything the connector reads at present. */
export async function startTargets(
  connection: Connection,
  settings: SourceSettings
): Promise<StartTarget[]> {
  const { dialect } = connection
  const tables = settings.copiesTables
    ? (await selectTables(connection, settings.tables)).tables
    : []
  const work = { tables, queries: settings.queries, waitsForTables: false }
  return readerTargets(work, settings, connection).map((target) => ({
    target,
    name:
      target.table === null
        ? (target.schemaName ?? UNNAMED_QUERY)
        : tableName(dialect, target.table),
    mode: target.settings.mode,
    partitions: partitionsOf(target, connection)
  }))
}

/** Offsets by partition, whatever the order of its fields. */
export class PositionMap {
  readonly #offsets = new Map<string, OffsetMap | null>()

  constructor(stored: readonly StoredPosition[]) {
    for (const { partition, offset } of stored) this.set(partition, offset)
  }

  set(partition: OffsetMap, offset: OffsetMap | null): void {
    this.#offsets.set(meaningOf(partition), offset)
  }

  has(partition: OffsetMap): boolean {
    return this.get(partition) !== null
  }

  get(partition: OffsetMap): OffsetMap | null {
    return this.#offsets.get(meaningOf(partition)) ?? null
  }

  /** The one that counts among those a table's position may be stored under. */
  first(partitions: readonly OffsetMap[]): OffsetMap | null {
    const found = partitions.find((partition) => this.has(partition))
    return found === undefined ? null : this.get(found)
  }
}
