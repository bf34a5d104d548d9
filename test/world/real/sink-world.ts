import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../../support/random.ts'
import { until } from '../../support/until.ts'
import type { Story } from '../story.ts'
import type { CopyPlace } from './database.ts'
import { rowFields } from './fields.ts'
import type { House } from './house.ts'
import type { RealPlan, TablePlan } from './plan.ts'
import { type Arrival, UNREADABLE } from './reader.ts'
import { copiedColumns, copyColumns, copyOf, hasRule, sinkConfig, sinkOf } from './sink-config.ts'
import { SinkJudge } from './sink-judge.ts'
import type { PlannedSinkDeed, SinkDeed, SinkPlan } from './sink-plan.ts'
import { topicOf } from './topics.ts'

/** How many beats copies may differ from their topics while nothing becomes of it. */
const BOUND_BEATS = 300
const LOOK_BEATS = 3
/** What a status says while a batch has many records that its table refuses. */
const SEARCHING = /Records that cannot be stored are being looked for/
/** So often copies may be right and not stay so, while a sink writes again what it has written. */
const MOST_RETURNS = 10
/** Between two records that somebody else sends, at most. */
const OTHERS_MS = 700
/** Rows that are there before a sink that changes them. */
const MOST_BEFORE = 20
/** After these a record may be written again: its transaction may have been committed, or is repeated. */
const REPEATING: ReadonlySet<SinkDeed> = new Set<SinkDeed>([
  'the sink begins again',
  'sessions of the sink are ended',
  'the account of the sink is locked for a moment',
  'the right to write goes and comes back'
])

/** Its tasks live on; all else ends them. */
const GENTLE: ReadonlySet<SinkDeed> = new Set<SinkDeed>([
  'the sink pauses',
  'the copies are locked for a moment'
])

interface Key {
  readonly table: TablePlan
  readonly key: Buffer
  readonly partition: number
}

interface Surroundings {
  readonly plan: RealPlan
  readonly sink: SinkPlan
  readonly copies: CopyPlace
  readonly house: House
  readonly story: Story
  readonly random: Random
  readonly fault: (text: string, rows?: readonly string[]) => void
}

/** The sink of a world, and what happens to it and beside it. */
export class SinkWorld {
  readonly judge: SinkJudge
  readonly #of: Surroundings
  readonly #name: string
  /** Which row a key is of, by its bytes. */
  readonly #codes = new Map<string, string>()
  readonly #keys: Key[] = []
  #config: Record<string, string>
  #disturbedBeat = 0
  #othersSend = true

  constructor(surroundings: Surroundings) {
    const { plan, sink, copies, house } = surroundings
    const { database } = house
    this.#of = surroundings
    this.#name = sinkOf(plan)
    this.#config = sinkConfig(plan, database, copies)
    this.judge = new SinkJudge(plan, sink, hasRule(sink, database))
  }

  /** Makes the copies, when they are to be there before; those of `changes` with rows of these codes. */
  async prepare(codes: (table: TablePlan) => Promise<readonly string[]>): Promise<void> {
    const { plan, sink, copies, house } = this.#of
    if (!sink.madeBefore) return
    for (const table of plan.tables) {
      const name = copyOf(plan, sink, table)
      await copies.create(name, copyColumns(plan, house.database, copies))
      if (sink.way !== 'changes') continue
      const [code, version] = copiedColumns(sink, house.database)
      const shown = house.database === 'oracle' ? name : copies.quoted(name)
      for (const one of (await codes(table)).slice(0, MOST_BEFORE)) {
        await copies.run(`INSERT INTO ${shown} (${code}, ${version}) VALUES ('${one}', 0)`)
        this.judge.onBefore(table.name, [one, 0, null, null, null])
      }
    }
  }

  onArrival(table: TablePlan, { partition, offset, key, fields }: Arrival): void {
    if (key?.toString() === UNREADABLE)
      return this.judge.onUnreadable(table.name, partition, offset)
    const known = key?.toString('base64') ?? ''
    const row = fields === null ? null : rowFields(fields)
    const code = row?.code ?? this.#codes.get(known) ?? ''
    if (row !== null && key !== null && !this.#codes.has(known)) {
      this.#codes.set(known, code)
      this.#keys.push({ table, key, partition })
    }
    if (row === null) this.#of.story.tellOf(`${table.name} ${code}`, `a tombstone is at ${offset}`)
    this.judge.onRecord(table.name, { partition, offset, code, row })
  }

  onDeadLetter({ headers }: Arrival): void {
    const header = (name: string): string => String(headers[`__connect.errors.${name}`])
    this.judge.onDeadLetter(header('topic'), `${header('partition')}@${header('offset')}`)
  }

  /** Everything that happens to it while people write. */
  async live(): Promise<void> {
    const { sink, story } = this.#of
    await delay(sink.afterMs)
    story.tell('the sink begins')
    await this.#put()
    const others = this.#sendOthers()
    let atMs = sink.afterMs
    for (const deed of sink.deeds) {
      await delay(Math.max(0, deed.atMs - atMs))
      atMs = Math.max(atMs, deed.atMs) + deed.forMs
      story.tell(`${deed.what} (${deed.forMs} ms)`)
      if (REPEATING.has(deed.what)) this.judge.mayRepeat = true
      if (deed.what === 'the sink begins again') this.judge.beganAgain = true
      if (!GENTLE.has(deed.what)) this.judge.interruptions += 1
      try {
        await this.#do(deed)
      } catch (error) {
        this.#of.fault(`${deed.what}: ${String(error)}`)
      }
      this.#disturbedBeat = this.#of.house.beat
    }
    this.#othersSend = false
    await others
  }

  /** Until the copies are what the topics say, and stay so; or it is clear that they do not become it. */
  async settle(aftermathBeats: number): Promise<void> {
    const { house, fault } = this.#of
    for (let returns = 0; await this.#becomesRight(); returns++) {
      await house.beats(aftermathBeats)
      const wrong = await this.#differences()
      if (wrong.length === 0) return
      // A row that is written again from its first record on is for a moment what it was.
      if (this.judge.mayRepeat && returns < MOST_RETURNS) continue
      return fault(
        `the sink, once all was there: ${wrong.slice(0, 5).join('; ')}`,
        wrong.map(rowOf)
      )
    }
  }

  /** False: it does not, and that has been told. */
  async #becomesRight(): Promise<boolean> {
    const { house, fault } = this.#of
    let [before, movedBeat] = ['', house.beat]
    for (;;) {
      const wrong = await this.#differences()
      const now = `${this.judge.records} ${wrong.length} ${wrong[0]}`
      if (now !== before) [before, movedBeat] = [now, house.beat]
      if (wrong.length === 0) return true
      const since = Math.max(movedBeat, this.#disturbedBeat, house.disturbedBeat)
      if (house.beat - since >= BOUND_BEATS) {
        const status = await house.rest.get(`/connectors/${this.#name}/status`).catch(String)
        if (SEARCHING.test(JSON.stringify(status))) {
          movedBeat = house.beat
          continue
        }
        fault(
          `the sink: ${wrong.length} differences, ${wrong.slice(0, 5).join('; ')}; ${JSON.stringify(status)}`,
          wrong.map(rowOf)
        )
        return false
      }
      await house.beats(LOOK_BEATS)
    }
  }

  async close(): Promise<void> {
    const path = `/connectors/${this.#name}?offsets=delete`
    await this.#of.house.rest.delete(path).catch(() => undefined)
  }

  async #differences(): Promise<string[]> {
    const { plan, sink, copies, house } = this.#of
    const wrong: string[] = []
    for (const table of plan.tables) {
      const columns = copiedColumns(sink, house.database)
      const rows = await copies.rows(copyOf(plan, sink, table), columns)
      wrong.push(...this.judge.differences(table.name, rows))
    }
    return wrong
  }

  async #put(): Promise<void> {
    const { house } = this.#of
    await house.ask((rest) => rest.put(`/connectors/${this.#name}/config`, this.#config))
  }

  /** Records that no source wrote: deletions, and what nobody can read. */
  async #sendOthers(): Promise<void> {
    const { plan, sink, house, random, story } = this.#of
    if (sink.tombstones === 'none' && !sink.deadLetters) return
    while (this.#othersSend) {
      await delay(random.within(50, OTHERS_MS))
      const known = random.pick(this.#keys)
      if (sink.tombstones !== 'none' && known !== undefined && random.chance(0.7)) {
        const { table, key, partition } = known
        await house.send(topicOf(plan, table), { key, value: null, partition })
      } else if (sink.deadLetters) {
        const table = random.pick(plan.tables) as TablePlan
        story.tell(`a record that cannot be read goes to ${table.name}`)
        await house.send(topicOf(plan, table), { key: UNREADABLE, value: '{' })
      }
    }
  }

  async #do({ what, forMs }: PlannedSinkDeed): Promise<void> {
    const { plan, sink, copies, house, random } = this.#of
    const path = `/connectors/${this.#name}`
    const ask = house.ask.bind(house)
    const copy = copyOf(plan, sink, random.pick(plan.tables) as TablePlan)
    switch (what) {
      case 'the sink pauses':
        await ask((rest) => rest.put(`${path}/pause`))
        await delay(forMs)
        return void (await ask((rest) => rest.put(`${path}/resume`)))
      case 'the sink stops':
        return await this.#whileStopped(() => delay(forMs))
      case 'the sink is restarted':
        return void (await ask((rest) => rest.post(`${path}/restart?includeTasks=true`)))
      case 'settings of the sink change':
        this.#config = {
          ...this.#config,
          'batch.size': String(random.within(1, 500)),
          'tasks.max': String(random.within(1, 3)),
          'consumer.override.max.poll.records': String(random.within(1, 800))
        }
        return await this.#put()
      case 'the sink is deleted and made again':
        await ask((rest) => rest.delete(path).catch(unlessGone))
        await delay(forMs)
        return await this.#put()
      case 'offsets of the sink are read and written back':
        return await this.#whileStopped(() => this.#writeOffsetsBack(path))
      case 'the sink begins again':
        return void (await ask((rest) => rest.put(`${path}/start-from`, 'earliest')))
      case 'sessions of the sink are ended':
        return await copies.endSessions()
      case 'the account of the sink is locked for a moment':
        // An account that never worked is an error when the attempts are used up.
        await until(
          async () => /^RUNNING .*RUNNING/.test(await house.rest.state(this.#name)),
          `${this.#name} runs`,
          120_000
        )
        await copies.lockAccount()
        await delay(forMs)
        return await copies.unlockAccount()
      case 'the copies are locked for a moment':
        return sink.madeBefore ? await copies.hold(copy, forMs) : undefined
      case 'the right to write goes and comes back':
        if (!sink.madeBefore) return
        await copies.revoke(copy)
        await delay(forMs)
        await copies.grant(copy)
        // A task that met it has failed, or is about to.
        return void (await ask((rest) => rest.post(`${path}/restart?includeTasks=true`)))
    }
  }

  async #whileStopped(work: () => Promise<void>): Promise<void> {
    const { house } = this.#of
    await house.stopConnector(this.#name)
    await work()
    await house.ask((rest) => rest.put(`/connectors/${this.#name}/resume`))
  }

  async #writeOffsetsBack(path: string): Promise<void> {
    const { house } = this.#of
    const { offsets } = (await house.ask((rest) => rest.get(`${path}/offsets`))) as {
      offsets: unknown[]
    }
    if (offsets.length === 0) return
    await house.ask((rest) => rest.patch(`${path}/offsets`, { offsets }))
  }
}

/** Table and row that a difference is about, as stories name them. */
function rowOf(difference: string): string {
  const [, table = '', code = ''] = /^(.+?): \[?"?([^" ]+)/.exec(difference) ?? []
  return `${table} ${code}`
}

/** It was deleted though nobody could say so any more. */
function unlessGone(error: unknown): void {
  if (!String(error).includes(': 404 ')) throw error
}
