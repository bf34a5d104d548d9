import { messageOf } from '../../../src/errors.ts'
import type { Dialect } from '../../../src/connectors/jdbc/database/database.ts'
import { dialects } from '../../../src/connectors/jdbc/dialects/dialects.ts'
import { Random } from '../../support/random.ts'
import { configOf, modeKeys } from './config.ts'
import { Judge } from './judge.ts'
import { type Mode, MODES, type Trouble, worldPlan, type WorldPlan } from './plan.ts'
import { Questions } from './questions.ts'
import { ModelServer } from './server.ts'
import { type ModelAccess, WorldDialect } from './session.ts'
import { ModelWorker } from './worker.ts'
import { Writers } from './writers.ts'

const dialect = new WorldDialect()
;(dialects as Dialect[]).push(dialect)

export interface Verdict {
  readonly seed: number
  /** Empty: all is well. */
  readonly faults: readonly string[]
  /** Of a world with faults: what happened. */
  readonly story: string
}

/** Quiet time behind the last row, in which nothing more may come. */
const AFTERMATH_MS = 3000

/** One life of a world, the same for the same seed and code. */
export async function liveModelWorld(seed: number, tellQuestions = false): Promise<Verdict> {
  const random = new Random(seed)
  const plan = worldPlan(random)
  const server = new ModelServer(plan)
  const judge = new Judge(server)
  const questions = new Questions(server, judge, tellQuestions)
  const access: ModelAccess = {
    server,
    random: new Random(seed ^ 0x5eed),
    fragile: 0,
    breaksNext: false,
    events: {
      onQuestion: (question) => questions.onQuestion(question),
      onTalkedOver: (question, open) =>
        judge.fault(`the session was asked ${question} while the result of ${open} was open`),
      onLost: () => {
        server.disturbedAtMs = server.nowMs
        server.story.tell('the session is lost')
        judge.onSessionLost()
      }
    }
  }
  dialect.worlds.set(String(seed), access)
  const world = new World(plan, access, judge, questions, random)
  try {
    await world.live(seed)
  } catch (error) {
    judge.fault(`the task fails: ${messageOf(error)}`)
  } finally {
    dialect.worlds.delete(String(seed))
    server.close()
  }
  const { faults, rows } = judge
  const story =
    faults.length === 0
      ? ''
      : `${JSON.stringify(plan, bigints, 1)}\n${server.story.about([...rows])}`
  return { seed, faults, story }
}

class World {
  readonly #plan: WorldPlan
  readonly #access: ModelAccess
  readonly #judge: Judge
  readonly #questions: Questions
  readonly #random: Random
  /** What is to be done to the worker, between two polls. */
  readonly #deeds: Trouble[] = []
  #pausedUntilMs = 0

  constructor(
    plan: WorldPlan,
    access: ModelAccess,
    judge: Judge,
    questions: Questions,
    random: Random
  ) {
    this.#plan = plan
    this.#access = access
    this.#judge = judge
    this.#questions = questions
    this.#random = random
  }

  async live(seed: number): Promise<void> {
    const { server } = this.#access
    new Writers(server, new Random(seed ^ 0x3717e)).start()
    this.#schedule()
    const config = configOf(this.#plan, `jdbc:world:${seed}`)
    const worker = new ModelWorker(server, new Random(seed ^ 0x0ac4), config, this.#judge)
    await worker.start()
    while (server.busy || this.#deeds.length > 0) await this.#step(worker)
    if (server.sight === 'error' || server.sight === 'later') server.sight = 'all'
    server.disturbedAtMs = server.nowMs
    // The judge of progress ends this when rows do not come.
    while (this.#judge.missing > 0 && this.#judge.faults.length === 0) {
      for (let polls = 0; polls < 20; polls++) await this.#step(worker)
      worker.flush()
    }
    const end = server.nowMs + AFTERMATH_MS
    this.#questions.count = 0
    while (server.nowMs < end && this.#judge.faults.length === 0) await this.#step(worker)
    this.#questions.judgeCount(AFTERMATH_MS)
    this.#judge.judgeHazards(worker)
    await worker.stop()
    this.#judge.judgeEnd()
  }

  #schedule(): void {
    const { server } = this.#access
    for (const { atMs, shows, reconnect } of this.#plan.sights) {
      server.at(atMs, () => {
        server.sight = shows
        server.sightSinceMs = server.nowMs
        server.story.tell(`the database shows ${shows} of its transactions`)
        server.disturbedAtMs = server.nowMs
        if (reconnect) this.#access.breaksNext = true
      })
    }
    for (const trouble of this.#plan.troubles) server.at(trouble.atMs, () => this.#befall(trouble))
  }

  #befall(trouble: Trouble): void {
    const { what, forMs } = trouble
    const access = this.#access
    const { server } = access
    server.story.tell(`${what} (${forMs})`)
    this.#judge.onTrouble(what)
    switch (what) {
      case 'the session breaks':
        access.breaksNext = true
        return
      case 'sessions break again and again':
        access.fragile = 0.05
        server.at(server.nowMs + forMs, () => {
          access.fragile = 0
        })
        return
      case 'the database restarts':
        for (const transaction of server.open)
          if (!transaction.prepared) server.rollBack(transaction)
        server.awayUntilMs = server.nowMs + forMs
        return
      case 'the database is away':
        server.awayUntilMs = server.nowMs + forMs
        return
      case 'the clock goes back':
        server.clockOffsetMs -= forMs
        return
      case 'the clock goes forward':
        server.clockOffsetMs += forMs
        return
      case 'the worker crashes':
      case 'the worker stops':
      case 'the task pauses':
      case 'offsets are read and written back':
      case 'the mode changes':
      case 'settings change':
        this.#deeds.push(trouble)
    }
  }

  async #step(worker: ModelWorker): Promise<void> {
    const { server } = this.#access
    const deed = this.#deeds.shift()
    if (deed !== undefined) await this.#do(deed, worker)
    if (server.nowMs < this.#pausedUntilMs) {
      server.pass(50)
      return
    }
    this.#judge.look(worker, await worker.poll())
  }

  async #do({ what, forMs }: Trouble, worker: ModelWorker): Promise<void> {
    const { server } = this.#access
    if (what === 'the task pauses') {
      this.#pausedUntilMs = server.nowMs + forMs
      server.disturbedAtMs = this.#pausedUntilMs
      return
    }
    if (what === 'the worker crashes') await worker.crash()
    else await worker.stop()
    server.pass(forMs)
    // Offsets of another mode are refused.
    if (what === 'offsets are read and written back' && this.#judge.modes.size === 0) {
      server.pass(Math.max(0, server.awayUntilMs - server.nowMs))
      await worker.writeOffsetsBack()
    }
    if (what === 'the mode changes') this.#changeMode(worker)
    if (what === 'settings change') this.#changeSettings(worker)
    server.story.tell('the worker starts again')
    this.#judge.onStarted()
    await worker.start()
  }

  #changeMode(worker: ModelWorker): void {
    const mode = this.#random.pick(MODES.slice(0, 3)) as Mode
    const kept = Object.entries(worker.config).filter(([key]) => !/\.(mode|.*column.*)$/.test(key))
    const own = Object.entries(modeKeys(mode)).map(([key, value]) => [
      `table.settings.t0.${key}`,
      value
    ])
    worker.config = { ...Object.fromEntries([...kept, ...own]), mode }
    this.#judge.modes.set(this.#plan.tables[0]?.name ?? '', mode)
    this.#access.server.story.tell(`the mode is ${mode}`)
  }

  #changeSettings(worker: ModelWorker): void {
    for (const key of Object.keys(worker.config)) {
      if (key.endsWith('batch.max.rows')) worker.config[key] = String(this.#random.within(1, 40))
    }
  }
}

function bigints(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}` : value
}
