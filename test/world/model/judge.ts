import type { SourceRecord } from '../../../src/data/record.ts'
import { field } from '../../support/jdbc-source.ts'
import type { Mode, TablePlan, Trouble, WorldPlan } from './plan.ts'
import { isPromised, isWanted, type LevelSample } from './promise.ts'
import { type Committed, type ModelServer, rowName } from './server.ts'
import { BLOCKS } from './session.ts'
import type { Version } from './tables.ts'
import type { ModelWorker, WorkerEvents } from './worker.ts'

/** So many fields of a record are compared with the row (I5). */
const TIMES = ['changed', 'created'] as const
/** Beside what the settings explain: turns of other tables, long results, naps. */
const PATIENCE_MS = 15_000
const TURN_MS = 10_000
const ENDLESS_MS = 1_200_000

interface Standing {
  /** Versions in the topic. */
  readonly arrived: Set<number>
  /** On their way there, and how often. */
  readonly sent: Map<number, number>
  readonly mayRepeat: Map<number, number>
  /** The last version of each row in the topic. */
  readonly arrivedRows: Map<string, number>
  lastSent: { readonly id: unknown; readonly time: unknown } | null
  repeated: number
  /** Anything may come twice. */
  excused: boolean
  /** Whether there is an offset from which a restart goes on. */
  stored: boolean
}

/**
 * Compares what was committed with what is in the topics: I6 each promised row, I5 as it was written, none
 * twice without a reason; and progress: rows that wait while nothing stands in the way come within a bound,
 * and the status says why where they do not.
 */
export class Judge implements WorkerEvents {
  readonly faults: string[] = []
  /** Rows a story should be told of. */
  readonly rows = new Set<string>()
  /** In which mode a table is read now, when that was changed. */
  readonly modes = new Map<string, Mode>()
  readonly #server: ModelServer
  readonly #plan: WorldPlan
  readonly #tables = new Map<string, Standing>()
  readonly #levels = new Map<string, LevelSample[]>()
  readonly #excusedRows = new Set<number>()
  /**
   * When the database's clock was set back, and what it showed before. `isUnseen`: it was set forward again,
   * or the task began anew, before everybody had looked at it.
   */
  readonly #setBack: { readonly atMs: number; readonly clockMs: number; isUnseen: boolean }[] = []
  /** Rows whose last version may still have to come. */
  readonly #waiting = new Set<string>()
  #lostSession = false
  /** Looks back that starts gave reason for. */
  #afterStarts = 0
  #idlePolls = 0
  /** When the last record came, or the task started: what it waits for it waits for from its start. */
  #lastMovedMs = 0
  #lastLook = 0

  constructor(server: ModelServer) {
    this.#server = server
    this.#plan = server.plan
    server.onVisible = (name) => void this.#waiting.add(name)
    for (const { name, mode } of server.plan.tables) {
      this.#levels.set(name, [])
      this.#tables.set(name, {
        arrived: new Set(),
        sent: new Map(),
        mayRepeat: new Map(),
        arrivedRows: new Map(),
        lastSent: null,
        repeated: 0,
        excused: mode === 'bulk',
        stored: false
      })
    }
  }

  fault(text: string, rows: readonly string[] = []): void {
    if (this.faults.length < 20) this.faults.push(text)
    for (const row of rows.slice(0, 5)) this.rows.add(row)
  }

  onSent(record: SourceRecord): void {
    const { table, version, row, name } = this.#rowOf(record)
    const standing = this.#standing(table)
    standing.sent.set(version, (standing.sent.get(version) ?? 0) + 1)
    standing.lastSent = { id: field(record, 'id'), time: timeOf(record) }
    if (row === undefined) return this.fault(`${name} v${version} was sent and never committed`)
    this.#server.story.tellOf(name, `v${version} is sent`)
    const wrong = differences(record, row)
    if (wrong !== '') this.fault(`I5: ${name} v${version}: ${wrong}`, [name])
  }

  onStored(record: SourceRecord): void {
    this.#standing(this.#rowOf(record).table).stored = true
  }

  onArrived(record: SourceRecord): void {
    const { table, version, name } = this.#rowOf(record)
    const standing = this.#standing(table)
    this.#server.story.tellOf(name, `v${version} is in the topic`)
    if (standing.arrived.has(version)) {
      const allowed = standing.mayRepeat.get(version) ?? 0
      if (allowed > 0) standing.mayRepeat.set(version, allowed - 1)
      else if (!standing.excused) {
        standing.repeated += 1
        if (this.rows.size < 5) this.rows.add(name)
        this.#server.story.tellOf(name, `v${version} came twice`)
      }
    } else if (version < (standing.arrivedRows.get(name) ?? 0) && !standing.excused) {
      this.fault(`${name}: v${version} after v${standing.arrivedRows.get(name)}`, [name])
    }
    standing.arrived.add(version)
    takeOne(standing.sent, version)
    standing.arrivedRows.set(name, version)
  }

  onGone(record: SourceRecord): void {
    const { table, version, name } = this.#rowOf(record)
    this.#server.story.tellOf(name, `v${version} never leaves the worker`)
    takeOne(this.#standing(table).sent, version)
  }

  onMayRepeat(record: SourceRecord): void {
    const { table, version } = this.#rowOf(record)
    const { mayRepeat } = this.#standing(table)
    mayRepeat.set(version, (mayRepeat.get(version) ?? 0) + 1)
  }

  onStarted(): void {
    this.#server.disturbedAtMs = this.#lastMovedMs = this.#server.nowMs
    const slowest = Math.max(...this.#plan.tables.map(({ pollIntervalMs }) => pollIntervalMs))
    const lookedAtMs = this.#server.toldTimeAtMs - (this.#plan.tables.length > 1 ? slowest : 0)
    for (const one of this.#setBack) one.isUnseen ||= lookedAtMs <= one.atMs
    // It reads a stretch again that was read to its end, and again when one of those ends who are open.
    this.#afterStarts += 1 + this.#server.open.size
  }

  onSessionLost(): void {
    this.#lostSession = true
  }

  /**
   * A session was lost: rows that no cursor tells from the last one may come again, unless transactions hold
   * them together.
   */
  #excuseLastMoment(): void {
    this.#lostSession = false
    if (this.#plan.exactlyOnce) return
    for (const [name, { lastSent, mayRepeat, arrived, sent }] of this.#tables) {
      const plan = this.#planOf(name)
      if (lastSent === null || plan === undefined) continue
      for (const { row } of this.#server.versions.values()) {
        if (row.table !== name) continue
        const sameTime = (row.changedMs ?? row.createdMs) === lastSent.time
        const sameId = row.id === BigInt(lastSent.id as number)
        const alike =
          plan.mode === 'timestamp'
            ? sameTime
            : sameId && (plan.mode === 'incrementing' || sameTime)
        const isKnown = arrived.has(row.version)
        const again = (sent.get(row.version) ?? 0) + (isKnown ? 1 : 0)
        if (alike && again > 0)
          // Once more than it was sent so far.
          mayRepeat.set(row.version, Math.max(again, mayRepeat.get(row.version) ?? 0))
      }
    }
  }

  onTrouble(what: Trouble['what']): void {
    this.#server.disturbedAtMs = this.#server.nowMs
    if (what === 'the clock goes back') {
      for (const one of this.#tables.values()) one.excused = true
      const { nowMs: atMs, clockMs } = this.#server
      this.#setBack.push({ atMs, clockMs, isUnseen: false })
    }
    if (what === 'the clock goes forward' && this.#server.sight === 'error') {
      // Who may not look who is open ends its session before it has asked for the time.
      for (const one of this.#setBack) one.isUnseen ||= this.#server.sightSinceMs <= one.atMs
    }
    if (what !== 'the mode changes') return
    // Where another mode goes on nobody promises; what comes later is promised again.
    for (const one of this.#tables.values()) one.excused = true
    for (const version of this.#server.versions.keys()) this.#excusedRows.add(version)
    for (const { writes } of this.#server.open) {
      for (const { version } of writes.values()) this.#excusedRows.add(version)
    }
  }

  /** After each poll. */
  look(worker: ModelWorker, records: number): void {
    if (this.#lostSession) this.#excuseLastMoment()
    this.#idlePolls = records > 0 ? 0 : this.#idlePolls + 1
    const { nowMs } = this.#server
    if (records > 0) this.#lastMovedMs = nowMs
    for (const [stream, facts] of worker.progress()) {
      const name = stream.replace(/^(table|query) /, '')
      const level = String(facts['late_commits'])
      const samples =
        this.#levels.get(name) ??
        this.#levels.get(this.#plan.tables[Number(name.slice(1))]?.name ?? '')
      if (samples !== undefined && samples.at(-1)?.level !== level) {
        samples.push({ atMs: nowMs, level })
        this.#server.story.tell(`${stream}: level ${level} (${String(facts['late_commits_why'])})`)
      }
    }
    if (nowMs - this.#lastLook < 250) return
    this.#lastLook = nowMs
    // As long as nobody can be asked who is open, nothing is promised to come.
    if (this.#server.sight === 'error') this.#server.disturbedAtMs = nowMs
    this.#judgeProgress(worker)
  }

  #judgeProgress({ condition }: ModelWorker): void {
    const { nowMs, disturbedAtMs } = this.#server
    // A limit lets few rows pass at each turn of a table.
    const nothingComes = this.#idlePolls > 20 && nowMs - this.#lastMovedMs > TURN_MS
    for (const one of this.#missing()) {
      const dueAtMs = Math.max(one.visibleAtMs, this.#followedAtMs(one))
      const waitsMs = nowMs - dueAtMs
      const quietMs = nowMs - Math.max(dueAtMs, disturbedAtMs)
      const limit = this.#boundMs + (nothingComes ? 0 : this.#turnsMs)
      const isUntold = waitsMs > this.#boundMs && nothingComes && condition === null
      if (!isUntold && quietMs < limit) continue
      const name = rowName(one.row)
      const what = `${name} v${one.row.version}, ${this.#isPassedOver(one) ? 'passed over,' : ''}`
      this.fault(
        isUntold
          ? `${what} waits for ${waitsMs} ms and no condition says why`
          : `${what} waits for ${quietMs} quiet ms; ${this.#idlePolls} polls brought nothing; condition: ${condition}`,
        [name]
      )
      return
    }
  }

  /**
   * When the database's clock comes to its time, as it goes now: without a guard the time a reader has come
   * to is that of the clock, wherever it is set.
   */
  #followedAtMs({ row }: Committed): number {
    const stampMs = row.changedMs ?? row.createdMs
    const isFollowed = this.#planOf(row.table)?.mode.startsWith('timestamp') ?? false
    if (this.#plan.guard !== 'off' || !isFollowed || stampMs === null) return -Infinity
    return stampMs - this.#server.clockMs + this.#server.nowMs
  }

  /** Whether rows behind it have come: then it is not late but lost. */
  #isPassedOver({ row }: Committed): boolean {
    const { mode } = this.#planOf(row.table) ?? {}
    const timeOf = ({ changedMs, createdMs }: Version): number => changedMs ?? createdMs ?? 0
    for (const version of this.#standing(row.table).arrived) {
      const other = this.#server.versions.get(version)?.row
      if (other === undefined) continue
      if (mode === 'incrementing' ? other.id > row.id : timeOf(other) > timeOf(row)) return true
    }
    return false
  }

  /** Whether reading of this table begins somewhere, wherever it begins. */
  hasOffset(table: string): boolean {
    return this.#standing(table).stored
  }

  /**
   * How long rows may take while others come: each table has its turns, and where a limit lets few pass at
   * each, as long as any come.
   */
  get #turnsMs(): number {
    const { tables } = this.#plan
    return tables.some(({ suffix }) => suffix !== null) ? ENDLESS_MS : tables.length * TURN_MS
  }

  /** How long rows may wait while nothing stands in their way. */
  get #boundMs(): number {
    const { maxWaitMs, marginMs, delayMs, tables } = this.#plan
    const slowest = Math.max(...tables.map(({ pollIntervalMs }) => pollIntervalMs))
    const step = Math.max(...tables.map(({ stepMs }) => stepMs))
    return maxWaitMs + marginMs + delayMs + step + 4 * slowest + PATIENCE_MS
  }

  /** Promised rows that are neither in the topic nor on their way, once everything is over. */
  get missing(): number {
    return [...this.#missing()].length
  }

  *#missing(): Iterable<Committed> {
    for (const name of this.#waiting) {
      const last = this.#server.current.get(name)
      const plan = last === undefined ? undefined : this.#planOf(last.row.table)
      if (last === undefined || plan === undefined) {
        this.#waiting.delete(name)
        continue
      }
      // Of rows that are only followed by their ids the first version is enough.
      const one = plan.mode === 'incrementing' ? (this.#server.first.get(name) ?? last) : last
      const isOver = this.#server.nowMs - one.visibleAtMs > this.#boundMs
      if (this.#hasArrived(one, name, plan) || !isWanted(one.row, plan)) this.#waiting.delete(name)
      else if (this.#isSent(one, name, plan)) continue
      else if (this.#isPromised(one, plan)) yield one
      else if (isOver) this.#waiting.delete(name)
    }
  }

  #isPromised(one: Committed, plan: TablePlan): boolean {
    if (this.#excusedRows.has(one.row.version)) return false
    if (plan.mode !== 'incrementing' && this.#isBehindClock(one)) return false
    const levels = this.#levels.get(plan.name) ?? []
    const rowsWithin = (fromMs: number, toMs: number): number =>
      this.#server.visibleWithin(plan.name, fromMs, toMs)
    return isPromised(one, plan, this.#plan, levels, rowsWithin)
  }

  /**
   * Whether its time is one that readers were past when it was taken, since the clock was set back in
   * between. A guard goes back with a clock, if it sees that.
   */
  #isBehindClock({ row, visibleAtMs }: Committed): boolean {
    const stampMs = row.changedMs ?? row.createdMs ?? Infinity
    const isOff = this.#plan.guard === 'off'
    return this.#setBack.some(
      ({ atMs, clockMs, isUnseen }) =>
        (isOff || isUnseen) && atMs <= visibleAtMs && stampMs <= clockMs
    )
  }

  #hasArrived({ row }: Committed, name: string, { mode }: TablePlan): boolean {
    const { arrived, arrivedRows } = this.#standing(row.table)
    return arrived.has(row.version) || (mode === 'incrementing' && arrivedRows.has(name))
  }

  #isSent({ row }: Committed, name: string, { mode }: TablePlan): boolean {
    const { sent } = this.#standing(row.table)
    return sent.has(row.version) || (mode === 'incrementing' && this.#isAmong(name, sent))
  }

  #isAmong(name: string, versions: ReadonlyMap<number, number>): boolean {
    for (const version of versions.keys()) {
      const row = this.#server.versions.get(version)?.row
      if (row !== undefined && rowName(row) === name) return true
    }
    return false
  }

  /** What the dictionary shows, and no level helps against, has to be told. */
  judgeHazards({ condition }: ModelWorker): void {
    for (const { name, ids, mode, query } of this.#plan.tables) {
      const isHazard = ids.kind === 'blocks' && this.#planOf(name)?.mode === 'incrementing'
      if (!isHazard || query || mode === 'bulk' || this.#plan.guard === 'off') continue
      if (condition?.includes(BLOCKS) !== true) {
        this.fault(`${name}: nobody is told that ${BLOCKS}; condition: ${condition}`)
      }
    }
  }

  /** Everybody has ended and time has passed. */
  judgeEnd(): void {
    const lost = [...this.#missing()].map(({ row }) => rowName(row))
    if (lost.length > 0)
      this.fault(`I6: ${lost.length} rows lost: ${lost.slice(0, 10).join(', ')}`, lost)
    for (const [name, { repeated, arrived }] of this.#tables) {
      const room = this.#plan.seenMaxKeys
      const beyond = arrived.size - room
      // What did not fit into the memory comes twice, and little more than that.
      const allowed = beyond > 0 ? (beyond + room * 0.1 + 16) * this.#episodes() : 0
      if (repeated > allowed) {
        this.fault(`${name}: ${repeated} of ${arrived.size} rows came twice without a reason`, [
          ...this.rows
        ])
      }
    }
  }

  #episodes(): number {
    const { idle, openAtStart, prepares, readers } = this.#plan.traffic
    // Each of those that stay open for long ends by itself, and is looked for then.
    const stays = idle + prepares + readers > 0 || this.#plan.sights.length > 0
    const ends = stays ? 4 : openAtStart ? 1 : 2
    return ends + this.#afterStarts
  }

  #planOf(table: string): TablePlan | undefined {
    const plan = this.#plan.tables.find(({ name }) => name === table)
    return plan === undefined ? undefined : { ...plan, mode: this.modes.get(table) ?? plan.mode }
  }

  #standing(table: string): Standing {
    const standing = this.#tables.get(table)
    if (standing === undefined) throw new Error(`A record of ${table}`)
    return standing
  }

  #rowOf(record: SourceRecord) {
    const { query, table: named } = record.sourcePartition
    const of = query === undefined ? named : this.#plan.tables[Number(String(query).slice(1))]?.name
    const table = String(of)
    const version = Number(field(record, 'version'))
    const row = this.#server.versions.get(version)?.row
    return { table, version, row, name: rowName({ table, key: String(field(record, 'key')) }) }
  }
}

function takeOne(counts: Map<number, number>, of: number): void {
  const left = (counts.get(of) ?? 0) - 1
  if (left > 0) counts.set(of, left)
  else counts.delete(of)
}

function timeOf(record: SourceRecord): unknown {
  return field(record, 'changed') ?? field(record, 'created')
}

function differences(record: SourceRecord, row: Committed['row']): string {
  const wrong: string[] = []
  for (const name of TIMES) {
    const wanted = name === 'changed' ? row.changedMs : row.createdMs
    if (field(record, name) !== wanted)
      wrong.push(`${name} is ${String(field(record, name))}, not ${wanted}`)
  }
  if (BigInt(field(record, 'id') as number) !== row.id)
    wrong.push(`id is ${String(field(record, 'id'))}`)
  for (const name of ['kind', 'note', 'key'] as const) {
    if (field(record, name) !== row[name])
      wrong.push(`${name} is ${String(field(record, name))}, not ${row[name]}`)
  }
  return wrong.join('; ')
}
