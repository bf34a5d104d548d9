import { setTimeout as delay } from 'node:timers/promises'
import { Random } from '../../support/random.ts'
import { until } from '../../support/until.ts'
import { Story } from '../story.ts'
import { connectorConfig } from './config.ts'
import type { Home } from './database.ts'
import type { House } from './house.ts'
import { RealJudge } from './judge.ts'
import type { PlannedDeed, RealPlan, TablePlan } from './plan.ts'
import type { Arrival } from './reader.ts'
import { SinkWorld } from './sink-world.ts'
import { RealWriters } from './writers.ts'

/** Quiet beats at the end, in which nothing may come any more. */
const AFTERMATH_BEATS = 8
/** After these a task goes on in another one, or with another query. */
const STOPS: ReadonlySet<PlannedDeed['what']> = new Set<PlannedDeed['what']>([
  'the connector pauses',
  'the connector stops',
  'the connector is restarted',
  'settings change',
  'the connector is deleted and made again',
  'offsets are read and written back'
])

/** One connector, its tables, and those who write to them. */
export class RealWorld {
  readonly plan: RealPlan
  readonly story: Story
  readonly judge: RealJudge
  /** null: nobody reads its topics. */
  readonly sink: SinkWorld | null
  readonly #home: Home
  readonly #house: House
  readonly #writers: RealWriters
  readonly #random: Random
  #config: Record<string, string>
  #columns = 0

  constructor(plan: RealPlan, home: Home, house: House, random: Random) {
    const startedAt = performance.now()
    this.plan = plan
    this.story = new Story(() => performance.now() - startedAt)
    this.judge = new RealJudge(plan, this.story, house.plan.exactlyOnce, () => house.beat)
    this.#home = home
    this.#house = house
    this.#random = random
    this.#writers = new RealWriters(plan, home, this.judge, new Random(random.below(2 ** 31)))
    this.#config = connectorConfig(plan, home, house.plan.exactlyOnce)
    this.sink =
      plan.sink === null
        ? null
        : new SinkWorld({
            plan,
            sink: plan.sink,
            copies: home.copies,
            house,
            story: this.story,
            random: new Random(random.below(2 ** 31)),
            fault: (text, rows) => this.judge.fault(text, rows)
          })
  }

  async prepare(): Promise<void> {
    for (const table of this.plan.tables) await this.#home.createTable(table)
    await this.#writers.writeBefore()
    await this.sink?.prepare(async (table) =>
      (await this.#home.rows(table)).map(({ code }) => code)
    )
  }

  /** `table` null: a record that the sink could not write. */
  onArrival(table: TablePlan | null, arrival: Arrival): void {
    if (table === null) return this.sink?.onDeadLetter(arrival)
    if (arrival.fields !== null) this.judge.onArrival(table.name, arrival.fields, arrival.offset)
    this.sink?.onArrival(table, arrival)
  }

  /** Everything that happens, until every row has come or it is clear that one does not. */
  async live(): Promise<void> {
    await this.#put()
    const started = this.#start()
    const deeds = this.#befall()
    const sinking = this.sink?.live().catch((error: unknown) => {
      this.judge.fault(`the sink: ${String(error)}`)
    })
    await this.#writers.run(this.#house.plan.forMs)
    this.story.tell('nobody writes any more')
    await deeds
    await started
    for (const table of this.plan.tables) {
      this.judge.adopt(table.name, await this.#home.rows(table))
    }
    await this.#settle()
    await this.#house.beats(AFTERMATH_BEATS)
    this.judge.judgeRepetitions()
    await sinking
    if (this.sink !== null && this.judge.faults.length === 0) {
      // A table that is copied whole each time never comes to an end.
      await this.#house.stopConnector(this.plan.name)
      await this.sink.settle(AFTERMATH_BEATS)
    }
    if (this.judge.faults.length > 0) await this.#diagnose()
  }

  /**
   * Rows that were there before are waited for from the moment on at which the connector runs, or was kept
   * from it.
   */
  async #start(): Promise<void> {
    const { name } = this.plan
    const isSettled = async (): Promise<boolean> =>
      this.plan.deeds.length > 0 ||
      /RUNNING .*(RUNNING|FAILED)/.test(await this.#house.rest.state(name))
    await until(isSettled, `${name} runs`, 120_000)
    this.judge.disturbedBeat = this.#house.beat
  }

  async close(): Promise<void> {
    await this.sink?.close()
    await this.#house.rest.delete(`/connectors/${this.plan.name}`).catch(() => undefined)
    await this.#home.close()
  }

  /** As long as rows come, or may be late. */
  async #settle(): Promise<void> {
    while (this.judge.waiting > 0 && this.judge.faults.length === 0) {
      await this.#house.beats(1)
      const standing = this.judge.standing(this.#house.disturbedBeat)
      if (standing !== null) this.judge.fault(`standing still: ${standing}`)
    }
  }

  async #diagnose(): Promise<void> {
    const path = `/connectors/${this.plan.name}`
    for (const what of ['status', 'offsets', 'progress']) {
      const answer = await this.#house.rest
        .get(`${path}/${what}`)
        .catch((error: unknown) => String(error))
      this.story.tell(`${what}: ${JSON.stringify(answer)}`)
    }
  }

  async #put(): Promise<void> {
    await this.#house.ask((rest) => rest.put(`/connectors/${this.plan.name}/config`, this.#config))
  }

  async #befall(): Promise<void> {
    let atMs = 0
    for (const deed of this.plan.deeds) {
      await delay(Math.max(0, deed.atMs - atMs))
      atMs = Math.max(atMs, deed.atMs)
      this.story.tell(`${deed.what} (${deed.forMs} ms)`)
      if (STOPS.has(deed.what)) this.judge.stops += 1
      try {
        await this.#do(deed, this.#random.pick(this.plan.tables) as TablePlan)
      } catch (error) {
        this.judge.fault(`${deed.what}: ${String(error)}`)
      }
      this.judge.disturbedBeat = this.#house.beat
      atMs += deed.forMs
    }
  }

  async #do({ what, forMs }: PlannedDeed, table: TablePlan): Promise<void> {
    const home = this.#home
    const path = `/connectors/${this.plan.name}`
    const ask = this.#house.ask.bind(this.#house)
    switch (what) {
      case 'sessions are ended':
        this.judge.mayRepeat = true
        // Those of its sink among them, be it in the middle of a COMMIT.
        if (this.sink !== null) this.sink.judge.mayRepeat = true
        return await home.endSessions()
      case 'the right to read goes and comes back':
        this.judge.mayRepeat = true
        await home.revoke(table)
        await delay(forMs)
        return await home.grant(table)
      case 'the table is away for a moment':
        this.judge.mayRepeat = true
        await home.hide(table)
        await delay(forMs)
        return await home.show(table)
      case 'a column is added':
        this.#columns += 1
        this.judge.rowsDiffer = true
        return await home.addColumn(table, `extra${this.#columns}`)
      case 'the account is locked for a moment':
        // An account that never worked is an error when the attempts are used up.
        await until(
          async () => /^RUNNING .*RUNNING/.test(await this.#house.rest.state(this.plan.name)),
          `${this.plan.name} runs`,
          120_000
        )
        this.judge.mayRepeat = true
        await home.lock()
        await delay(forMs)
        return await home.unlock()
      case 'the connector pauses':
        await ask((rest) => rest.put(`${path}/pause`))
        await delay(forMs)
        return void (await ask((rest) => rest.put(`${path}/resume`)))
      case 'the connector stops':
        await this.#house.stopConnector(this.plan.name)
        await delay(forMs)
        return void (await ask((rest) => rest.put(`${path}/resume`)))
      case 'the connector is restarted':
        return void (await ask((rest) => rest.post(`${path}/restart?includeTasks=true`)))
      case 'settings change':
        this.#config = {
          ...this.#config,
          'batch.max.rows': String(this.#random.within(5, 500)),
          'poll.interval.ms': String(this.#random.within(10, 500))
        }
        return await this.#put()
      case 'the connector is deleted and made again':
        await ask((rest) => rest.delete(path).catch(unlessGone))
        await delay(forMs)
        return await this.#put()
      case 'offsets are read and written back':
        return await this.#writeOffsetsBack(path)
      case 'the table is emptied':
        return await this.#writers.whileNobodyWrites(table, async () => {
          await home.empty(table)
          this.judge.onEmptied(table.name)
        })
    }
  }

  async #writeOffsetsBack(path: string): Promise<void> {
    await this.#house.stopConnector(this.plan.name)
    const answer = await this.#house.ask((rest) => rest.get(`${path}/offsets`))
    const { offsets } = answer as { offsets: unknown[] }
    if (offsets.length > 0) {
      await this.#house.ask((rest) => rest.patch(`${path}/offsets`, { offsets }))
    }
    await this.#house.ask((rest) => rest.put(`${path}/resume`))
  }
}

/** It was deleted though nobody could say so any more. */
function unlessGone(error: unknown): void {
  if (!String(error).includes(': 404 ')) throw error
}
