import type { ConnectorPreview } from '../../herder/herder.ts'

const NAMES: Readonly<Record<string, string>> = {
  sourcePartition: 'source_partition',
  sourceOffset: 'source_offset',
  droppedBy: 'dropped_by'
}

/** What a connector would send first. */
export function preview({ connectorClass, records, ...rest }: ConnectorPreview): unknown {
  const { rows, ...more } = rest
  return { connector_class: connectorClass, rows, records: records.map(previewedRecord), ...more }
}

function previewedRecord(record: ConnectorPreview['records'][number]): unknown {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [NAMES[name] ?? name, value])
  )
}
