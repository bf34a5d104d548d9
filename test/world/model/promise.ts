import type { TablePlan, WorldPlan } from './plan.ts'
import type { Committed } from './server.ts'
import { LEFT_OUT, type Version } from './tables.ts'

/** The level of late commits of a table from this moment on, as its status shows it. */
export interface LevelSample {
  readonly atMs: number
  readonly level: string
}

/** Answers and clocks are not read at the very moment they are of. */
const SLACK_MS = 300

/** Whether the configuration asks for this row at all. */
export function isWanted({ kind, changedMs, createdMs }: Version, plan: TablePlan): boolean {
  if (plan.query && kind === LEFT_OUT) return false
  // A row without a time is never read in modes that follow times.
  return !plan.mode.includes('timestamp') || changedMs !== null || createdMs !== null
}

/** Whether docs/guarantees.md promises it, given the levels that were in force while its transaction ran. */
export function isPromised(
  { row, beganAtMs, committedAtMs, visibleAtMs }: Committed,
  plan: TablePlan,
  world: WorldPlan,
  levels: readonly LevelSample[],
  /** How many rows of the table became visible between two moments. */
  rowsWithin: (fromMs: number, toMs: number) => number
): boolean {
  if (plan.mode === 'bulk') return true
  const takenAtMs = plan.mode === 'incrementing' ? row.idAtMs : row.timeAtMs
  // Without a guard order has to come from the writers: here every transaction is over at once.
  if (world.guard === 'off') return plan.ids.kind !== 'blocks' || plan.mode !== 'incrementing'
  const inForce = levelsWithin(levels, Math.min(takenAtMs, beganAtMs), visibleAtMs + SLACK_MS)
  const looksBack = inForce.every((level) => level.includes('window') || level === 'not known yet')
  const seesThem = inForce.every(
    (level) => level.includes('transactions') || level === 'not known yet'
  )
  const inTime = takenAtMs >= beganAtMs - world.marginMs
  if (seesThem && inTime) return true
  // From one level to the other: what one would have found and the other would too.
  const within = committedAtMs - takenAtMs <= world.windowMs - SLACK_MS
  if (!within || !(looksBack || inTime)) return false
  // More rows than are remembered make the window shorter, and those that show before it is read count.
  const readByMs = visibleAtMs + plan.pollIntervalMs + SLACK_MS
  return rowsWithin(takenAtMs - world.windowMs, readByMs) < world.seenMaxKeys * 0.8
}

function levelsWithin(levels: readonly LevelSample[], fromMs: number, toMs: number): string[] {
  return levels
    .filter(({ atMs }, index) => {
      const endMs = levels[index + 1]?.atMs ?? Infinity
      return atMs <= toMs && endMs >= fromMs - SLACK_MS
    })
    .map(({ level }) => level)
}
