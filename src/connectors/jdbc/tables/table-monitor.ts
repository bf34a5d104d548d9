import type { Clock } from '../../../clock.ts'
import { isRetriable, messageOf } from '../../../errors.ts'
import type { Logger } from '../../../log.ts'
import { ConnectionKeeper } from '../sessions/connection-keeper.ts'
import type { Connection, TableId } from '../database/database.ts'
import type { SourceSettings } from '../settings/source-settings.ts'
import { tableSql } from '../database/table-name.ts'
import { idleGroups, missingText, type SelectedTables, selectTables } from './table-selection.ts'
import { sharedTopics, topicOfTable } from './target-topic.ts'
import { settledWithin } from '../../../wait.ts'

/** So soon a table that is missed is looked for again, and a list that failed; then after twice as long. */
const SOON_MS = 1000

/** What a monitor tells its connector. */
interface TableMonitorEvents {
  /** The tables to copy are others than those last taken. */
  onChange(): void
  /** Looking for tables cannot work any more. */
  onFailure(error: unknown): void
}

/** Looks for the tables to copy, again and again, and says when they changed. */
export class TableMonitor {
  readonly #settings: SourceSettings
  readonly #events: TableMonitorEvents
  readonly #log: Logger
  readonly #clock: Clock
  readonly #stopped = new AbortController()
  readonly #keeper: ConnectionKeeper
  #tables: readonly TableId[] | null = null
  #catalog: string | null = null
  #taken: string | null = null
  #firstList: Promise<void>
  #listed: () => void = () => undefined
  #loop: Promise<void> | null = null
  /** Why it does not look any more. */
  #failure: { readonly error: unknown } | null = null
  #lastMissing = ''
  /** Until the next look; it grows to `table.poll.interval.ms`. */
  #pauseMs = Infinity
  #lastIdle: readonly string[] = []

  constructor(settings: SourceSettings, log: Logger, events: TableMonitorEvents, clock: Clock) {
    this.#settings = settings
    this.#events = events
    this.#log = log
    this.#clock = clock
    this.#keeper = new ConnectionKeeper(settings.connection, log, this.#stopped.signal, clock)
    this.#firstList = new Promise((resolve) => {
      this.#listed = resolve
    })
  }

  /** The first look; errors that will not pass are thrown, with others the looking goes on. */
  async start(): Promise<void> {
    const pauseMs = await this.#look(true)
    this.#loop = this.#run(pauseMs)
  }

  /**
   * The tables known, in order; waits for the first list within `table.monitoring.startup.polling.limit.ms`,
   * then answers null. Rejects, at once, when there will be none.
   */
  async take(): Promise<readonly TableId[] | null> {
    if (this.#tables === null) {
      await settledWithin(this.#clock, this.#firstList, this.#settings.startupPollingLimitMs)
    }
    if (this.#failure !== null) throw this.#failure.error
    this.#taken = this.#text(this.#tables)
    if (this.#tables !== null && this.#settings.qualified) this.#checkTopics(this.#tables)
    return this.#tables
  }

  #checkTopics(tables: readonly TableId[]): void {
    const { dialect } = this.#settings.connection
    const topics = tables.map((table) => {
      const naming = this.#settings.forTable(table).topics
      const topic = topicOfTable(dialect, table, naming, this.#catalog)
      return { table, topic, chosen: naming.template !== null }
    })
    const shared = sharedTopics(dialect, topics)
    if (shared !== null) this.#log.warn(`Tables share a topic: ${shared}`)
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#listed()
    await this.#loop
    await this.#keeper.close()
  }

  async #run(firstPauseMs: number): Promise<void> {
    const { signal } = this.#stopped
    let pauseMs = firstPauseMs
    for (;;) {
      await this.#clock.sleep(pauseMs, signal)
      if (signal.aborted) return
      try {
        pauseMs = await this.#look(false)
      } catch (error) {
        if (this.#isStopped()) return
        this.#failure = { error }
        this.#events.onFailure(error)
        this.#listed()
        return
      }
    }
  }

  /** Looks once; answers how long to wait for the next look. */
  async #look(first: boolean): Promise<number> {
    const { tablePollIntervalMs, connection: settings } = this.#settings
    try {
      const connection = await this.#keeper.get()
      if (connection === null) return settings.backoffMs
      const selected = await selectTables(connection, this.#settings.tables)
      const { tables, missing } = selected
      if (this.#misses(selected)) this.#pauseMs = SOON_MS
      this.#tables = tables
      this.#catalog = connection.catalog ?? null
      this.#listed()
      await this.#warnOfMissing(connection, missing)
      this.#warnOfIdleGroups(selected)
      if (!first && this.#taken !== this.#text(tables)) this.#events.onChange()
    } catch (error) {
      if (this.#isStopped()) return 0
      if (!isRetriable(error)) throw error
      await this.#keeper.close()
      this.#log.warn(`The tables could not be listed, trying again later: ${messageOf(error)}`)
      if (this.#tables === null) return settings.backoffMs
      if (this.#pauseMs === Infinity) this.#pauseMs = SOON_MS
    }
    const pauseMs = Math.min(tablePollIntervalMs, this.#pauseMs)
    this.#pauseMs *= 2
    return pauseMs
  }

  /** A table that was there, or that the whitelist names, is not: it may be about to appear. */
  #misses({ tables, missing }: SelectedTables): boolean {
    const names = new Set(this.#names(tables))
    const isGone = this.#names(this.#tables ?? []).some((name) => !names.has(name))
    return isGone || (missing.length > 0 && missing.join(',') !== this.#lastMissing)
  }

  async #warnOfMissing(connection: Connection, missing: readonly string[]): Promise<void> {
    const text = missing.join(',')
    if (text !== '' && text !== this.#lastMissing) {
      const hints = await missingText(connection, this.#settings.tables, missing)
      this.#log.warn(`No such table, or no right to see it: ${hints}`)
    }
    this.#lastMissing = text
  }

  #warnOfIdleGroups(selected: SelectedTables): void {
    const idle = idleGroups(this.#settings, this.#settings.connection.dialect, selected)
    for (const text of idle.filter((each) => !this.#lastIdle.includes(each))) this.#log.warn(text)
    this.#lastIdle = idle
  }

  #text(tables: readonly TableId[] | null): string | null {
    return tables === null ? null : this.#names(tables).join(',')
  }

  #names(tables: readonly TableId[]): string[] {
    const { dialect } = this.#settings.connection
    return tables.map((table) => tableSql(dialect, table, true))
  }

  #isStopped(): boolean {
    return this.#stopped.signal.aborted
  }
}
