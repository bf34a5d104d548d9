/** How new rows of a table are found. */
export type Mode = 'bulk' | 'incrementing' | 'timestamp' | 'timestamp+incrementing'

export const modeUsesTimestamp = (mode: Mode): boolean => mode.startsWith('timestamp')
export const modeUsesId = (mode: Mode): boolean => mode.endsWith('incrementing')

/** How rows are found in the result of a query: as configured, as far as the columns for it are named. */
export function queryMode(settings: {
  readonly mode: Mode
  readonly timestampColumns: readonly string[]
}): Mode {
  const { mode, timestampColumns } = settings
  if (modeUsesTimestamp(mode) && timestampColumns.length > 0) return mode
  return modeUsesId(mode) ? 'incrementing' : 'bulk'
}
