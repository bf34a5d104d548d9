import { setTimeout as delay } from 'node:timers/promises'
import { connectRest } from '../../support/connect-rest.ts'
import { uniqueName } from '../../support/environment.ts'
import { Random } from '../../support/random.ts'
import { until } from '../../support/until.ts'
import {
  deleteTopicsOf,
  MORTAL,
  startWorkerProcess,
  type WorkerProcess
} from '../../support/worker-process.ts'
import type { WorldDatabase } from './database.ts'
import type { DatabaseName, HouseDeed, HousePlan, TablePlan } from './plan.ts'
import { TopicsReader } from './reader.ts'
import { deadTopicOf } from './sink-config.ts'
import { topicOf } from './topics.ts'
import { RealWorld } from './world.ts'

const BEAT_MS = 100
/** A member that died is missed for as long as its session lasts. */
const MOURNING_BEATS = 100
/**
 * Where each task has transactions, one that nobody ends keeps readers of offsets waiting for a minute: of a
 * task whose connector was stopped or deleted after its worker had died.
 */
const MOURNING_BEATS_OF_TRANSACTIONS = 700

/** After these a sink may write again what it has written. */
const ABRUPT: ReadonlySet<HouseDeed> = new Set<HouseDeed>([
  'the worker is killed',
  'a second worker is killed',
  'the database restarts'
])

type Rest = ReturnType<typeof connectRest>

/** Whose a topic is: `table` null for the records that a sink could not write. */
interface Owner {
  readonly world: RealWorld
  readonly table: TablePlan | null
}

export interface RealVerdict {
  readonly world: string
  readonly faults: readonly string[]
  readonly story: string
  readonly rows: number
  readonly records: number
  /** Of these that a sink read. */
  readonly copied: number
}

/** Workers of one group, and the worlds whose connectors they run side by side. */
export class House {
  readonly plan: HousePlan
  readonly #database: WorldDatabase
  readonly #random: Random
  readonly #properties: Record<string, string>
  readonly #reader: TopicsReader
  #worker: WorkerProcess | null = null
  #worlds: RealWorld[] = []
  #closed = false
  /**
   * Time as the machine has it: a beat takes a tenth of a second and an answer of a worker, and longer where
   * other things are to be done.
   */
  beat = 0
  /** Workers came or went. */
  disturbedBeat = 0

  constructor(plan: HousePlan, database: WorldDatabase, random: Random) {
    this.plan = plan
    this.#database = database
    this.#random = random
    this.#reader = new TopicsReader(plan.exactlyOnce)
    this.#properties = {
      ...MORTAL,
      'group.id': uniqueName('house'),
      'heartbeat.interval.ms': '500',
      'offset.flush.interval.ms': '500',
      ...(plan.exactlyOnce ? { 'exactly.once.source.support': 'enabled' } : {})
    }
  }

  get database(): DatabaseName {
    return this.plan.database
  }

  get rest(): Rest {
    return connectRest(this.#worker?.url ?? 'http://127.0.0.1:1')
  }

  /** Asks again while workers are away, share out their work anew, or have not heard of the connector. */
  async ask(question: (rest: Rest) => Promise<unknown>): Promise<unknown> {
    const passing =
      /: 404 |: 409 |: 400 .*Could not |: 500 |: 503 |fetch failed|ECONN|timeout|aborted|terminated/i
    let answer: unknown
    await until(
      async () => {
        try {
          answer = await question(this.rest)
          return true
        } catch (error) {
          if (passing.test(`${String(error)} ${String((error as Error).cause)}`)) return false
          answer = error
          return true
        }
      },
      'a worker answers',
      120_000
    )
    if (answer instanceof Error) throw answer
    return answer
  }

  async stopConnector(name: string): Promise<void> {
    await this.ask((rest) => rest.put(`/connectors/${name}/stop`))
    await until(async () => (await this.rest.state(name)) === 'STOPPED', `${name} stops`, 120_000)
  }

  send(...sent: Parameters<TopicsReader['send']>): Promise<void> {
    return this.#reader.send(...sent)
  }

  async beats(count: number): Promise<void> {
    const end = this.beat + count
    while (this.beat < end) await delay(BEAT_MS / 2)
  }

  /** Lives all of its worlds; answers what became of each. */
  async live(): Promise<RealVerdict[]> {
    const reader = this.#reader
    const owners = new Map<string, Owner>()
    const partitions = new Map<string, number>()
    for (const plan of this.plan.worlds) {
      const home = await this.#database.home(plan)
      const world = new RealWorld(plan, home, this, new Random(this.#random.below(2 ** 31)))
      this.#worlds.push(world)
      for (const table of plan.tables) {
        owners.set(topicOf(plan, table), { world, table })
        partitions.set(topicOf(plan, table), plan.sink?.partitions ?? 1)
      }
      if (plan.sink?.deadLetters !== true) continue
      owners.set(deadTopicOf(plan), { world, table: null })
      partitions.set(deadTopicOf(plan), 1)
    }
    const topics = [...owners.keys()]
    const beating = this.#keepBeating()
    try {
      await reader.createTopics(partitions)
      await Promise.all(this.#worlds.map((world) => world.prepare()))
      this.#worker = await startWorkerProcess({ properties: this.#properties })
      const following = reader.follow(
        topics,
        (arrival) => {
          const owner = owners.get(arrival.topic)
          owner?.world.onArrival(owner.table, arrival)
        },
        (error) => this.#worlds[0]?.judge.fault(`reading back: ${String(error)}`)
      )
      const befalling = this.#befall()
      await Promise.all([following, befalling, ...this.#worlds.map((world) => world.live())])
      return this.#worlds.map((world) => this.#verdictOf(world))
    } finally {
      for (const world of this.#worlds) await world.close()
      this.#closed = true
      await beating
      await this.#worker?.stop()
      await reader.close(topics)
      if (this.#worker !== null) await deleteTopicsOf(this.#worker)
    }
  }

  #verdictOf({ plan, judge, sink, story }: RealWorld): RealVerdict {
    const { faults } = judge
    const log =
      this.#worker
        ?.output()
        .split('\n')
        .filter((line) => line.includes(plan.name) && !line.includes('RestServer')) ?? []
    return {
      world: plan.name,
      faults,
      ...judge.counts,
      copied: sink?.judge.records ?? 0,
      story:
        faults.length === 0
          ? ''
          : [JSON.stringify(plan), story.about([...judge.rows]), ...log.slice(-40)].join('\n')
    }
  }

  async #keepBeating(): Promise<void> {
    while (!this.#closed) {
      await delay(BEAT_MS)
      const url = this.#worker?.url
      if (url !== undefined) {
        await fetch(url, { signal: AbortSignal.timeout(5000) })
          .then((response) => response.text())
          .catch(() => undefined)
      }
      this.beat += 1
    }
  }

  async #befall(): Promise<void> {
    const startedAt = performance.now()
    for (const { atMs, what } of this.plan.deeds) {
      await delay(Math.max(0, atMs - (performance.now() - startedAt)))
      for (const { story, judge, sink } of this.#worlds) {
        story.tell(what)
        judge.mayRepeat = true
        if (sink === null) continue
        sink.judge.interruptions += 1
        if (ABRUPT.has(what)) sink.judge.mayRepeat = true
      }
      await this.#do(what)
      this.disturbedBeat =
        this.beat + (this.plan.exactlyOnce ? MOURNING_BEATS_OF_TRANSACTIONS : MOURNING_BEATS)
    }
  }

  async #do(what: HouseDeed): Promise<void> {
    this.disturbedBeat = Infinity
    const { restart } = this.#database
    if (what === 'the database restarts' && restart !== null) return await restart()
    // A server that others use, too, is left alone.
    if (what === 'the worker is killed' || what === 'the database restarts') {
      await this.#worker?.kill()
      this.#worker = await startWorkerProcess({ properties: this.#properties })
      return
    }
    const second = await startWorkerProcess({ properties: this.#properties })
    await delay(this.#random.within(300, 3000))
    if (what === 'a second worker is killed') await second.kill()
    else await second.stop()
  }
}
