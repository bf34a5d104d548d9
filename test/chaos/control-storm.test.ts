import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { BAD_CLASS, badPlugin } from '../support/bad-plugin.ts'
import { uniqueName } from '../support/environment.ts'
import { freeze, thaw } from '../support/frozen-process.ts'
import { Random } from '../support/random.ts'
import { until } from '../support/until.ts'
import { MORTAL, startWorkerProcess, type WorkerProcess } from '../support/worker-process.ts'

const CONNECTORS = 8
const FAULTS = 3
/** Changes between two faults. */
const CHANGES = 20

/** What a connector should come to: null, it is deleted. */
type Wanted = 'STARTED' | 'PAUSED' | 'STOPPED' | null

interface Instance {
  state: string
  worker_id: string
  trace?: string
}

interface Status {
  connector: Instance
  tasks: Instance[]
}

/** Workers of one group, and requests to whichever of them lives. */
class Group {
  readonly workers: WorkerProcess[] = []
  readonly #test: TestContext
  readonly #properties: Readonly<Record<string, string>>
  readonly #random: () => number

  constructor(test: TestContext, properties: Record<string, string>, random: () => number) {
    this.#test = test
    this.#properties = { ...MORTAL, 'group.id': uniqueName('control'), ...properties }
    this.#random = random
  }

  async start(): Promise<void> {
    const worker = await startWorkerProcess({ properties: this.#properties })
    this.#test.after(() => worker.kill())
    this.workers.push(worker)
  }

  /**
   * One of the workers ends, in its order or not, or stands still for longer than its session; another one
   * starts.
   */
  async fault(): Promise<void> {
    const [worker] = this.workers.splice(Math.floor(this.#random() * this.workers.length), 1)
    assert.ok(worker !== undefined)
    const kind = this.#random()
    if (kind < 0.4) await worker.kill()
    else if (kind < 0.7) assert.equal(await worker.stop(), 0)
    else {
      await freeze(worker)
      // Longer than its session lasts.
      setTimeout(() => thaw(worker), 8000)
      this.workers.push(worker)
      return
    }
    await this.start()
  }

  /** The status of the answer; 0 when there was none. */
  async ask(method: string, path: string, body?: unknown): Promise<number> {
    const worker = this.workers[Math.floor(this.#random() * this.workers.length)]
    try {
      const response = await fetch(`${worker?.url}/connectors/${path}`, {
        method,
        signal: AbortSignal.timeout(60_000),
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) })
      })
      await response.text()
      return response.status
    } catch {
      return 0
    }
  }
}

/** Changes one connector over and over; `wanted` is what was promised last. */
class Life {
  wanted: Wanted = null
  readonly name: string
  readonly #group: Group
  readonly #random: () => number

  constructor(name: string, group: Group, random: () => number) {
    this.name = name
    this.#group = group
    this.#random = random
  }

  async change(): Promise<void> {
    const put = [
      ['PUT', '/config', { 'connector.class': BAD_CLASS, n: `${this.#random()}` }]
    ] as const
    const others = [
      ['PUT', '/stop'],
      ['PUT', '/pause'],
      ['PUT', '/resume'],
      ['POST', '/restart?includeTasks=true'],
      ['POST', '/restart'],
      ['DELETE', '/offsets'],
      ['DELETE', '']
    ] as const
    const choice = this.wanted === null ? put : [...put, ...others]
    const [method, path, body] = choice[Math.floor(this.#random() * choice.length)] ?? put[0]
    const status = await this.#group.ask(method, `${this.name}${path}`, body)
    if (status >= 200 && status < 300) this.#promised(path)
    // Whether it happened is not known: a new life begins.
    else if (status === 0 || status === 500) await this.#delete()
  }

  async #delete(): Promise<void> {
    await until(
      async () => [204, 404].includes(await this.#group.ask('DELETE', this.name)),
      `${this.name} is deleted`,
      60_000
    )
    this.wanted = null
  }

  #promised(path: string): void {
    if (path === '') this.wanted = null
    if (path === '/stop') this.wanted = 'STOPPED'
    if (path === '/pause') this.wanted = 'PAUSED'
    if (path === '/resume') this.wanted = 'STARTED'
    if (path === '/config') this.wanted ??= 'STARTED'
  }

  /** Null when a worker shows it as it should be; otherwise what it shows. */
  async problem(worker: WorkerProcess, living: ReadonlySet<string>): Promise<string | null> {
    const response = await fetch(`${worker.url}/connectors/${this.name}/status`)
    const text = await response.text()
    const shown = `${this.name} should be ${this.wanted}: ${response.status} ${text}`
    if (this.wanted === null) return response.status === 404 ? null : shown
    if (response.status !== 200) return shown
    const { connector, tasks } = JSON.parse(text) as Status
    const state = this.wanted === 'STARTED' ? 'RUNNING' : this.wanted
    const all = [connector, ...tasks]
    const right =
      all.every((one) => one.state === state && living.has(one.worker_id)) &&
      (state === 'PAUSED' || tasks.length === (state === 'RUNNING' ? 1 : 0))
    return right ? null : shown
  }
}

describe('a group whose workers come and go while its connectors are changed', () => {
  for (const support of ['disabled', 'enabled']) {
    it(`ends with each connector as was promised last, and nothing lost or left behind (exactly once ${support})`, {
      timeout: 600_000
    }, async (t) => {
      const dir = mkdtempSync(join(tmpdir(), 'control-'))
      t.after(() => rmSync(dir, { recursive: true, force: true }))
      const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000)
      t.diagnostic(`CHAOS_SEED=${seed}`)
      const numbers = new Random(seed)
      const random = (): number => numbers.next()
      const group = new Group(
        t,
        {
          'plugin.path': badPlugin(dir),
          'task.shutdown.graceful.timeout.ms': '1000',
          'exactly.once.source.support': support
        },
        random
      )
      await Promise.all([group.start(), group.start(), group.start()])
      const lives = Array.from({ length: CONNECTORS }, (_, n) => new Life(`c${n}`, group, random))
      let changes = 0
      let over = false
      const living = lives.map(async (life) => {
        while (!over) {
          await life.change()
          changes += 1
        }
      })
      for (let fault = 0; fault < FAULTS; fault++) {
        const after = changes + CHANGES
        await until(() => changes >= after, 'more was changed', 180_000)
        await group.fault()
      }
      over = true
      await Promise.all(living)
      const hosts = () => new Set(group.workers.map(({ url }) => new URL(url).host))
      await until(
        async () => {
          const problems: string[] = []
          for (const worker of group.workers) {
            for (const life of lives) problems.push((await life.problem(worker, hosts())) ?? '')
          }
          const open = problems.filter((problem) => problem !== '')
          assert.deepEqual(open, [], `CHAOS_SEED=${seed}`)
          return true
        },
        'every worker shows what was promised',
        90_000
      )
    })
  }
})
