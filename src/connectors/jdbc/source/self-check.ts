import type { Clock } from '../../../clock.ts'
import { messageOf } from '../../../errors.ts'
import type { Logger } from '../../../log.ts'
import { type Connection, databaseError, type Finding, type TableId } from '../database/database.ts'
import type { SourceSettings } from '../settings/source-settings.ts'
import { tableName, tableSql } from '../database/table-name.ts'
import { type TableShape, tableShape } from '../queries/table-shape.ts'
import { within } from '../../../wait.ts'

/** I8: a start never waits longer for its own check. */
const LIMIT_MS = 10_000
/** After so long no further table is looked at. */
const ENOUGH_MS = 3000
/** Difference of the clocks from which on bounds and starts of polls are visibly off. */
const CLOCK_TOLERANCE_MS = 1000

/**
 * Writes into the log what an operator should know of a database before the first poll: its own findings, the
 * difference of the clocks, and for each table whether it can be read and how its cursor columns are indexed.
 * Never rejects; answers whether the connection is still of use.
 */
export async function reportSelfCheck(
  connection: Connection,
  tables: readonly TableId[],
  settings: SourceSettings,
  { log, clock }: { readonly log: Logger; readonly clock: Clock }
): Promise<boolean> {
  const write = ({ level, text }: Finding): void => log[level](`Self-check: ${text}`)
  try {
    const check = selfCheck(connection, tables, settings, clock, write)
    await within(clock, check, LIMIT_MS, () =>
      databaseError(`no end in ${LIMIT_MS} ms`, { retriable: true })
    )
    return true
  } catch (error) {
    write({ level: 'warn', text: `given up: ${messageOf(error)}` })
    connection.abort()
    return false
  }
}

/** The findings, one after the other as they are found. */
export async function selfCheck(
  connection: Connection,
  tables: readonly TableId[],
  settings: SourceSettings,
  clock: Clock,
  write: (finding: Finding) => void
): Promise<void> {
  const deadline = clock.monotonicMs() + ENOUGH_MS
  for (const finding of (await connection.selfCheck?.()) ?? []) write(finding)
  write(await clockDifference(connection, settings, clock))
  for (const [index, table] of tables.entries()) {
    if (clock.monotonicMs() > deadline) {
      write({ level: 'info', text: `${index} of ${tables.length} tables were looked at` })
      return
    }
    for (const finding of await tableFindings(connection, table, settings)) write(finding)
  }
}

/** Half of the time the answer took is its way back. */
async function clockDifference(
  connection: Connection,
  { values }: SourceSettings,
  clock: Clock
): Promise<Finding> {
  const asked = clock.now()
  const now = await connection.now()
  const here = (asked + clock.now()) / 2
  const there = now.hasZone ? now.ms : values.timeZone.epochMsOf(now.ms)
  const difference = Math.round(there - here)
  const text = `the clock of the database is ${Math.abs(difference)} ms ${difference < 0 ? 'behind' : 'ahead of'} this machine's`
  if (Math.abs(difference) <= CLOCK_TOLERANCE_MS) return { level: 'info', text }
  return {
    level: 'warn',
    text: `${text}: synchronise them${now.hasZone ? '' : `, and see that db.timezone (${values.timeZone.id}) is the zone of the database`}`
  }
}

async function tableFindings(
  connection: Connection,
  table: TableId,
  settings: SourceSettings
): Promise<Finding[]> {
  const name = tableName(connection.dialect, table)
  const from = tableSql(
    connection.dialect,
    settings.qualified ? table : { catalog: null, schema: null, table: table.table },
    settings.quoted
  )
  try {
    // Described, not run: that asks for the privilege alone.
    await connection.describeQuery(`SELECT * FROM ${from}`)
  } catch (error) {
    return [{ level: 'warn', text: `${name} cannot be read: ${messageOf(error)}` }]
  }
  const readable: Finding = { level: 'info', text: `${name} may be read` }
  const own = settings.forTable(table)
  // A query may find its columns anywhere.
  if (own.query !== null) return [readable]
  let shape: TableShape
  try {
    shape = await tableShape(connection, table, own)
  } catch (error) {
    return [readable, { level: 'warn', text: messageOf(error) }]
  }
  const indexes = (await connection.indexesOf?.(table)) ?? null
  return [readable, ...columnFindings(name, shape, indexes)]
}

function columnFindings(
  table: string,
  { timestamps, id }: TableShape,
  indexes: readonly (readonly (string | null)[])[] | null
): Finding[] {
  const cursor = [...timestamps, ...(id === null ? [] : [id])].map(({ column }) => column)
  return cursor.map(({ name, nullable }, place) => {
    const empty = nullable === false ? 'not null' : 'nullable'
    const what = `${table}: cursor column ${name} is ${empty}`
    if (indexes === null) return { level: 'info', text: `${what}; of its indexes nothing is known` }
    if (indexes.some(([first]) => first === name)) {
      return { level: 'info', text: `${what}, and first in an index` }
    }
    if (indexes.some(([first]) => first === null)) {
      return { level: 'info', text: `${what}; an index on an expression may serve it` }
    }
    // The id behind a timestamp only has to stand behind it in the index.
    if (place > 0 && indexes.some((columns) => columns.includes(name))) {
      return { level: 'info', text: `${what}, and in an index` }
    }
    const advice = cursor.map((column) => column.name).join(', ')
    return {
      level: 'warn',
      text: `${what} and first in no index, so every poll reads the whole table: make an index on (${advice})`
    }
  })
}
