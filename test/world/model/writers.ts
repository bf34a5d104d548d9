import type { Random } from '../../support/random.ts'
import type { TrafficPlan } from './plan.ts'
import { HISTORY_MS, type ModelServer, rowName, START_MS, type Transaction } from './server.ts'
import { LEFT_OUT, type ModelTable, type Version } from './tables.ts'

/** A time of the database's clock, and when it was taken. */
interface Stamp {
  readonly stampMs: number
  readonly timeAtMs: number
}

/**
 * Transactions of many clients: they begin, write to some tables, rest, and commit or roll back. All from the
 * seed, whoever looks.
 */
export class Writers {
  readonly #server: ModelServer
  readonly #random: Random
  readonly #traffic: TrafficPlan
  readonly #tables: readonly ModelTable[]
  #names = 0
  #writing = true

  constructor(server: ModelServer, random: Random) {
    this.#server = server
    this.#random = random
    this.#traffic = server.plan.traffic
    this.#tables = [...server.tables.values()]
  }

  /** What is there before the connector is, and from then on everybody. */
  start(): void {
    for (const table of this.#tables) this.#history(table)
    if (this.#traffic.openAtStart) this.#openAtStart()
    this.#arriveIn(this.#random.within(0, this.#traffic.everyMs * 2))
    this.#server.at(this.#traffic.forMs, () => {
      this.#writing = false
      for (const transaction of this.#server.open) this.#end(transaction)
      this.#server.story.tell('nobody writes any more')
    })
  }

  #arriveIn(ms: number): void {
    const { everyMs } = this.#traffic
    this.#server.at(this.#server.nowMs + ms, () => {
      if (!this.#writing) return
      if (this.#server.open.size < 6) this.#arrive()
      this.#arriveIn(this.#random.within(0, everyMs * 2))
    })
  }

  #arrive(): void {
    const random = this.#random
    const { earlyMs, longestMs, readers, idleMs } = this.#traffic
    const early = earlyMs > 0 ? random.within(0, earlyMs) : 0
    const table = random.pick(this.#tables) as ModelTable
    const ids = table.takeIds(random, this.#rows(), this.#server.nowMs)
    const stamp = this.#stamp
    this.#server.at(this.#server.nowMs + early, () => {
      const transaction = this.#begin()
      if (random.chance(readers)) {
        this.#server.at(this.#server.nowMs + idleMs, () => this.#end(transaction))
        return
      }
      if (early > 0) this.#insert(transaction, table, ids, stamp)
      else this.#write(transaction, table, ids)
      if (longestMs === 0) return this.#end(transaction)
      this.#goOn(transaction)
    })
  }

  #begin(): Transaction {
    this.#names += 1
    const transaction: Transaction = {
      name: `T${this.#names}`,
      beganAtMs: this.#server.nowMs,
      began: this.#server.clockMs,
      writes: new Map(),
      deletes: new Map(),
      prepared: false,
      firstVersion: null
    }
    this.#server.open.add(transaction)
    return transaction
  }

  #goOn(transaction: Transaction): void {
    const random = this.#random
    const { longestMs, idle, idleMs, prepares } = this.#traffic
    const rests = random.chance(idle) ? idleMs : random.within(0, longestMs / 3)
    this.#server.at(this.#server.nowMs + rests, () => {
      if (!this.#server.open.has(transaction)) return
      const ageMs = this.#server.nowMs - transaction.beganAtMs
      if (transaction.prepared || ageMs > longestMs || random.chance(0.4)) {
        if (transaction.prepared || !random.chance(prepares)) return this.#end(transaction)
        transaction.prepared = true
        transaction.name = `prepared ${transaction.name}`
        this.#server.story.tell(`${transaction.name} waits for its other half`)
      } else this.#write(transaction, random.pick(this.#tables) as ModelTable)
      this.#goOn(transaction)
    })
  }

  #end(transaction: Transaction): void {
    if (!this.#server.open.has(transaction)) return
    if (this.#random.chance(this.#traffic.rollbacks)) this.#server.rollBack(transaction)
    else this.#server.commit(transaction)
  }

  #write(
    transaction: Transaction,
    table: ModelTable,
    ids?: readonly { id: bigint; atMs: number }[]
  ): void {
    const random = this.#random
    const { timesOfBegin, updates, deletes } = this.#traffic
    const { began, beganAtMs } = transaction
    const stamp = timesOfBegin ? { stampMs: began, timeAtMs: beganAtMs } : this.#stamp
    const known = this.#anyOf(table, transaction)
    if (known !== null && random.chance(deletes)) {
      transaction.deletes.set(rowName(known), known)
      transaction.writes.delete(rowName(known))
      return
    }
    if (known !== null && random.chance(updates)) {
      this.#put(transaction, table, { ...known, ...stamp, isNew: false })
      return
    }
    const taken = ids ?? table.takeIds(random, this.#rows(), this.#server.nowMs)
    this.#insert(transaction, table, taken, stamp)
  }

  /** What the clock shows, and when: it may be set. */
  get #stamp(): Stamp {
    return { stampMs: this.#server.clockMs, timeAtMs: this.#server.nowMs }
  }

  /** How many a statement writes. */
  #rows(): number {
    const { bursts, burstRows } = this.#traffic
    return this.#random.chance(bursts) ? burstRows : this.#random.within(1, 4)
  }

  #insert(
    transaction: Transaction,
    table: ModelTable,
    ids: readonly { id: bigint; atMs: number }[],
    stamp: Stamp
  ): void {
    for (const { id, atMs } of ids) {
      const key = table.nextKey()
      // For good: a row that begins to match a query is new to nobody but its ids.
      const kind = this.#random.chance(0.1) ? LEFT_OUT : this.#random.within(0, 8)
      const row = { key, id, kind, ...stamp, idAtMs: atMs, isNew: true, createdMs: null }
      this.#put(transaction, table, row)
    }
  }

  #put(
    transaction: Transaction,
    table: ModelTable,
    row: Pick<Version, 'key' | 'id' | 'kind' | 'timeAtMs' | 'idAtMs' | 'createdMs'> & {
      readonly stampMs: number
      readonly isNew: boolean
    }
  ): void {
    const random = this.#random
    const { name, stepMs, timeless, withoutTime } = table.plan
    const stamp = Math.floor(row.stampMs / stepMs) * stepMs
    const isTimeless = row.isNew && random.chance(timeless)
    const isCreatedOnly = row.isNew && random.chance(withoutTime)
    const version: Version = {
      table: name,
      key: row.key,
      id: row.id,
      changedMs: isTimeless || isCreatedOnly ? null : stamp,
      createdMs: isTimeless ? null : row.isNew ? stamp : row.createdMs,
      version: this.#server.nextVersion(),
      kind: row.kind,
      note: random.pick([null, '', 'x', 'größer, "quoted"\n']) ?? null,
      timeAtMs: row.timeAtMs,
      idAtMs: row.idAtMs
    }
    transaction.firstVersion ??= version.version
    const id = rowName(version)
    transaction.writes.set(id, version)
    this.#server.story.tellOf(
      id,
      `${transaction.name} (${transaction.beganAtMs}) writes v${version.version}`
    )
  }

  /** A row that nobody else is changing. */
  #anyOf(table: ModelTable, by: Transaction): Version | null {
    const rows = [...this.#server.current.values()].filter(
      ({ row }) => row.table === table.plan.name
    )
    const row = this.#random.pick(rows)?.row
    if (row === undefined) return null
    const name = rowName(row)
    if (this.#server.isLocked(name, by) || by.deletes.has(name)) return null
    // A copy shows it late: its successor must not be older.
    return this.#server.plan.lagMs > 0 ? null : (by.writes.get(name) ?? row)
  }

  #history(table: ModelTable): void {
    const { before } = table.plan
    if (before === 0) return
    const transaction = { ...this.#begin(), name: 'long ago', beganAtMs: -HISTORY_MS }
    this.#server.open.clear()
    const ids = table.takeIds(this.#random, before, -HISTORY_MS)
    for (const [index, id] of ids.entries()) {
      const backMs = HISTORY_MS - Math.floor((index * (HISTORY_MS - 60_000)) / before)
      const one = { id: id.id, atMs: -backMs }
      this.#insert(transaction, table, [one], { stampMs: START_MS - backMs, timeAtMs: -backMs })
    }
    this.#server.commit(transaction)
  }

  /** A backup, or a session somebody forgot, that has been open for long. */
  #openAtStart(): void {
    const transaction = { ...this.#begin(), beganAtMs: -30_000, began: START_MS - 30_000 }
    this.#server.open.clear()
    this.#server.open.add(transaction)
    const { idleMs } = this.#traffic
    const writes = this.#random.chance(0.5)
    if (writes) this.#write(transaction, this.#random.pick(this.#tables) as ModelTable)
    this.#server.story.tell(`${transaction.name} has been open for 30 s`)
    this.#server.at(this.#random.within(1000, idleMs), () => this.#end(transaction))
  }
}
