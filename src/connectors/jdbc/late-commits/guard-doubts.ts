import { columnTime } from './column-time.ts'
import type { Connection, TableId } from '../database/database.ts'
import { latestTime } from './largest-behind.ts'
import type { Position } from '../positions/source-offset.ts'
import type { TableShape } from '../queries/table-shape.ts'
import type { TableSettings } from '../settings/table-settings.ts'

const MINUTE_MS = 60_000
/** From so far on, newest rows and the database's clock do not tell the time of one zone. */
const OFF_MS = 30 * MINUTE_MS
/** No two zones are further apart. */
const MOST_OFF_MS = 26 * 60 * MINUTE_MS
/** Offsets of zones are whole quarters of an hour; a row may be so old. */
const QUARTER_MS = 15 * MINUTE_MS
const FRESH_MS = 2 * MINUTE_MS
/** After so many stretches, read again, in which no row was known again, no row ever will be. */
const MOST_STRANGE = 3

interface Target {
  readonly table: TableId | null
  readonly settings: TableSettings
}

/**
 * Why a level may not keep what it promises, as far as that can be known before it happens: sentences for an
 * operator.
 */
export async function doubtsAtStart(
  { table, settings }: Target,
  connection: Connection,
  shape: TableShape,
  position: Position
): Promise<string[]> {
  const { mode, id } = shape
  if (mode === 'incrementing') {
    const hazards =
      table === null || id === null ? [] : await connection.idHazards?.(table, id.column.name)
    return (hazards ?? []).map((text) => `${text}; rows with such ids may be passed over`)
  }
  const isNegative = settings.delayMs < 0
  const doubt =
    table === null ? null : await zoneDoubt({ table, settings }, connection, shape, position)
  return [
    ...(isNegative
      ? [
          'timestamp.delay.interval.ms is negative: rows are read before their time is over, and those that commit late are passed over'
        ]
      : []),
    ...(doubt === null ? [] : [doubt])
  ]
}

/** Compares the newest row behind the position with the database's clock. */
async function zoneDoubt(
  { table, settings }: Target,
  connection: Connection,
  shape: TableShape,
  position: Position
): Promise<string | null> {
  const [first, ...others] = shape.timestamps
  const isPlain = others.length === 0 && shape.dialect.commitsInOrder === undefined
  if (first === undefined || !isPlain || first.column.hasZone) return null
  const zone = settings.values.timeZone
  const latest = await latestTime(connection, shape, table, { position, zone })
  if (latest === null) return null
  const { instantMs } = columnTime(await connection.now(), shape, zone)
  return zoneText(latest.ms - instantMs, first.column.name, zone.id)
}

function zoneText(aheadMs: number, column: string, zone: string): string | null {
  const offMs = Math.abs(aheadMs)
  if (offMs < OFF_MS || offMs > MOST_OFF_MS) return null
  const howFar = `${Math.round((offMs / MINUTE_MS / 60) * 10) / 10} h`
  if (aheadMs > 0) {
    return `the newest ${column} is ${howFar} ahead of the database's clock, and is not read before: see that db.timezone (${zone}) is the zone in which it is written`
  }
  // A table nobody writes to looks the same, unless its last row was written just now.
  if (offMs % QUARTER_MS > FRESH_MS) return null
  return `the newest ${column} is ${howFar} behind the database's clock: if it was written just now, db.timezone (${zone}) is not the zone in which it is written, and rows that commit late may be passed over`
}

/** What is doubtful of one table, from its start on. */
export class GuardDoubts {
  readonly #target: Target
  readonly #onDoubt: (text: string) => void
  #asked = false
  #atStart: readonly string[] = []
  #strange = 0

  constructor(target: Target, onDoubt: (text: string) => void) {
    this.#target = target
    this.#onDoubt = onDoubt
  }

  /** Once. */
  async ask(connection: Connection, shape: TableShape, position: Position): Promise<void> {
    if (this.#asked) return
    this.#atStart = await doubtsAtStart(this.#target, connection, shape, position)
    this.#asked = true
    for (const text of this.#atStart) this.#onDoubt(text)
  }

  /** A stretch was read again: so many of its rows were known, so many were not. */
  lookedBack(known: number, unknown: number): void {
    if (this.rowsDiffer || known + unknown === 0) return
    this.#strange = known > 0 ? 0 : this.#strange + 1
    if (this.rowsDiffer) this.#onDoubt(STRANGE)
  }

  /** Whether rows are not known again when they are read again, whatever is remembered of them. */
  get rowsDiffer(): boolean {
    return this.#strange >= MOST_STRANGE
  }

  get texts(): readonly string[] {
    return this.rowsDiffer ? [...this.#atStart, STRANGE] : this.#atStart
  }
}

const STRANGE =
  'no row is known again when it is read again, for a column differs at each reading: rows are told apart by their cursor alone, or sent again while they are young. Leave the column out, or name key.columns'
