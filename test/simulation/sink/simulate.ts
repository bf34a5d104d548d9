import { messageOf } from '../../../src/errors.ts'
import { Random } from '../../support/random.ts'
import { Broker, TOPIC } from './broker.ts'
import { ModelServer, type Transaction } from './database.ts'
import { bytesOf, Judge, type Put } from './judge.ts'
import { type Plan, planOf, type PlannedRecord, type Promised, type Trouble } from './plan.ts'
import { Process, Timeline } from './timeline.ts'
import { SimulatedTask, type World } from './worker.ts'

/** What one schedule came to. */
export interface Verdict {
  readonly seed: number
  readonly promised: Promised
  /** Empty: all is well. */
  readonly faults: readonly string[]
  /** What happened, where that was asked for. */
  readonly story: readonly string[]
  readonly steps: number
}

/** So long after all trouble is over everything must be done; and so many things may happen until then. */
const STUCK_MS = 90_000
const MOST_STEPS = 300_000
/** Behind the last commit, for what may still come from somewhere. */
const AFTERMATH_MS = 1500

/** Runs one schedule, the same for the same seed and code. */
export async function simulate(seed: number, promised: Promised, tells = false): Promise<Verdict> {
  const { random: systemRandom } = Math
  const random = new Random(seed)
  const pauses = new Random(seed ^ 0x5eed)
  // Pauses between attempts are drawn there.
  Math.random = () => pauses.next()
  const timeline = new Timeline(tells)
  const schedule = new Schedule(planOf(random, promised), random, timeline)
  let steps = 0
  try {
    steps = await schedule.run()
  } catch (error) {
    schedule.world.judge.fault(`the simulation fails: ${messageOf(error)}`)
  } finally {
    Math.random = systemRandom
    schedule.end()
  }
  const { faults } = schedule.world.judge
  return { seed, promised, faults, story: timeline.story ?? [], steps }
}

class Schedule {
  readonly world: World
  readonly #timeline: Timeline
  readonly #processes: Process[] = []
  #tasks: SimulatedTask[] = []
  #names = 0

  constructor(plan: Plan, random: Random, timeline: Timeline) {
    this.#timeline = timeline
    const judge = new Judge(plan, timeline)
    const server = new ModelServer(timeline, plan.partitions, {
      onCommit: (transaction) => this.#onCommit(transaction),
      onFallBack: () => undefined
    })
    const broker = new Broker(timeline, random, plan.partitions, {
      onCommitted: (partition, offset, by) => judge.judgeCommitted(partition, offset, by),
      onLetter: (record) => judge.judgeLetter(record)
    })
    this.world = {
      plan,
      random,
      broker,
      server,
      judge,
      kafkaWeather: { ...plan.kafka },
      databaseWeather: { ...plan.database }
    }
    timeline.tell(() => JSON.stringify({ ...plan, records: plan.records.length }))
  }

  async run(): Promise<number> {
    const { plan, judge, server } = this.world
    for (const record of plan.records)
      this.#timeline.after(record.atMs, null, () => this.#write(record))
    for (const trouble of plan.troubles) {
      this.#timeline.after(trouble.atMs, null, () => this.#befall(trouble))
    }
    this.#timeline.after(plan.calmAtMs, null, () => this.#calm())
    for (let count = 0; count < plan.processes; count++) this.#startProcess(0)
    let steps = 0
    let doneAtMs = Number.POSITIVE_INFINITY
    // Who was frozen or cut off comes back, and must do no harm.
    const overAtMs = Math.max(
      plan.calmAtMs,
      ...plan.troubles.map(({ atMs, forMs }) => atMs + forMs)
    )
    while (this.#timeline.nowMs < doneAtMs + AFTERMATH_MS && judge.faults.length === 0) {
      await this.#timeline.step()
      if (++steps > MOST_STEPS || this.#timeline.nowMs > plan.calmAtMs + STUCK_MS) {
        judge.fault('it does not come to an end')
      }
      const { nowMs } = this.#timeline
      if (doneAtMs === Number.POSITIVE_INFINITY && nowMs > overAtMs && this.#isDone) {
        doneAtMs = nowMs
      }
    }
    if (judge.faults.length === 0) judge.judgeEnd(server)
    return steps
  }

  end(): void {
    for (const task of this.#tasks) task.forget()
  }

  get #isDone(): boolean {
    const { broker, judge, server, plan } = this.world
    // What the group has committed is for people then.
    if (plan.promised === 'exactly once') return judge.isAllThere(server)
    return broker.logs.every((_, partition) => {
      const end = broker.end(partition)
      return end === 0 || broker.committed.get(partition) === end
    })
  }

  #onCommit(transaction: Transaction): void {
    const { judge, server } = this.world
    this.#timeline.tell(() => {
      const { rows, appended } = transaction.changes
      const values = [...rows].map(([key, row]) => `${key}: ${String(row?.['v'] ?? 'gone')}`)
      return `database: ${(transaction.of as Put).task} commits ${[...values, ...appended.map(({ v }) => String(v))].join(', ')}`
    })
    judge.judgeTransaction(transaction, transaction.of as Put, server)
  }

  #write(record: PlannedRecord): void {
    const { partition, offset, kind } = record
    this.world.broker.append({
      topic: TOPIC,
      partition,
      offset,
      leaderEpoch: 0,
      timestamp: this.#timeline.nowMs,
      timestampType: 'CreateTime',
      ...bytesOf(record),
      headers: kind === 'dropped' ? [{ key: 'dropped', value: null }] : []
    })
    this.#timeline.tell(
      () => `topic: ${kind} ${record.v}, key ${record.key}, at ${partition}@${offset}`
    )
  }

  #startProcess(afterMs: number): void {
    const process = new Process(`p${this.#processes.length}`, this.#timeline)
    this.#processes.push(process)
    this.#timeline.after(afterMs, process, () => {
      for (let count = 0; count < this.world.plan.tasksPerProcess; count++) this.#startTask(process)
    })
  }

  #startTask(process: Process): void {
    const number = this.#names++
    const name = `${process.name}-t${number}`
    this.#timeline.tell(() => `${name} starts`)
    const task = new SimulatedTask(this.world, process, name, number, () => this.#ended(task))
    this.#tasks.push(task)
  }

  /** Whoever runs tasks runs another one: it was stopped to be moved, or failed and is restarted. */
  #ended(task: SimulatedTask): void {
    const { process, failure, name } = task
    this.#tasks = this.#tasks.filter((each) => each !== task)
    if (failure !== null) this.world.judge.fault(`${name} has failed: ${failure.slice(0, 600)}`)
    if (task.isGivenUp) return
    this.#timeline.after(this.world.random.within(0, 300), process, () => this.#startTask(process))
  }

  #calm(): void {
    this.#timeline.tell(() => 'everything calms down')
    const { kafkaWeather, databaseWeather, broker } = this.world
    Object.assign(kafkaWeather, { lost: 0, refused: 0, registryAway: 0 })
    Object.assign(databaseWeather, {
      breaks: 0,
      commitLost: 0,
      conflict: 0,
      resource: 0,
      unknown: 0,
      slow: 0
    })
    broker.stickiness = 1
  }

  #befall({ what, which, forMs }: Trouble): void {
    const { random, broker, server, plan } = this.world
    const process = this.#alive[which % Math.max(1, this.#alive.length)]
    const task = this.#tasks[which % Math.max(1, this.#tasks.length)]
    this.#timeline.tell(() => `${what}: ${process?.name} or ${task?.name}, ${forMs} ms`)
    switch (what) {
      case 'a process is killed':
        if (process === undefined) return
        process.kill()
        this.#tasks = this.#tasks.filter((each) => each.process !== process)
        return this.#startProcess(forMs)
      case 'a process freezes':
        if (process === undefined || process.isFrozen) return
        process.freeze()
        this.#timeline.after(forMs, null, () => process.thaw(() => random.next() * 2))
        return
      case 'a process is cut off from Kafka':
        if (process !== undefined) process.cutFromKafkaUntilMs = this.#timeline.nowMs + forMs
        return
      case 'a process is cut off from the database':
        if (process !== undefined) process.cutFromDatabaseUntilMs = this.#timeline.nowMs + forMs
        return
      case 'the database restarts':
        return server.restart(forMs, 0)
      case 'the database falls back':
        return server.restart(forMs, random.within(1, 6))
      case 'the group shares out':
        return broker.disturb()
      case 'the group forgets a member':
        return broker.forget(task?.memberId ?? null, forMs)
      case 'the coordinator moves':
        broker.movesUntilMs = this.#timeline.nowMs + Math.min(forMs, 400)
        return
      case 'a task is stopped':
        return this.#act(task, (each) => each.stop())
      case 'a task is given up':
        return this.#act(task, (each) => {
          each.stop()
          this.#timeline.after(random.within(0, 200), each.process, () => {
            if (each.hasEnded) return
            each.giveUp()
            this.#startTask(each.process)
          })
        })
      case 'a task is paused':
        return this.#act(task, (each) => {
          each.setPaused(true)
          this.#timeline.after(forMs, each.process, () => each.setPaused(false))
        })
      case 'somebody locks rows': {
        const transaction = server.begin({ task: 'somebody', records: [] })
        const lock = ([key, ...more]: readonly number[]): void => {
          if (key !== undefined && !transaction.isOver) {
            server.lock(transaction, String(key), forMs, () => lock(more))
          }
        }
        lock(plan.records.slice(0, 3).map(({ key }) => key))
        this.#timeline.after(forMs, null, () => server.end(transaction))
        // While somebody waits for them is when a rebalance is hardest.
        if (random.chance(0.5)) this.#timeline.after(forMs / 8, null, () => broker.disturb())
      }
    }
  }

  get #alive(): Process[] {
    return this.#processes.filter(({ isDead }) => !isDead)
  }

  #act(task: SimulatedTask | undefined, act: (task: SimulatedTask) => void): void {
    if (task === undefined) return
    this.#timeline.after(0, task.process, () => {
      if (!task.hasEnded) act(task)
    })
  }
}
