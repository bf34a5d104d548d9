import type { Clock } from '../../../src/clock.ts'
import { settle } from '../../support/manual-clock.ts'

const START_MS = Date.UTC(2026, 0, 1)
/** So often what needs nothing but its turn gets it: nothing here hands over more often in a row. */
const TURNS = 3

interface Happening {
  readonly atMs: number
  readonly number: number
  readonly process: Process | null
  readonly run: () => void
  isOff: boolean
}

/**
 * Everything that happens, one thing after another: what is due first, and of what is due at once what was
 * asked for first. Time passes between two things, and never while one of them has its effects.
 */
export class Timeline {
  nowMs = 0
  /** What happened, for people; null: nobody reads it. */
  readonly story: string[] | null
  readonly #heap: Happening[] = []
  #numbers = 0

  constructor(tells: boolean) {
    this.story = tells ? [] : null
  }

  tell(text: () => string): void {
    this.story?.push(`${this.nowMs.toFixed(1).padStart(8)} ${text()}`)
  }

  /** `process`: whose it is; null: a server's. Answers what takes it back. */
  after(ms: number, process: Process | null, run: () => void): () => void {
    const happening = {
      atMs: this.nowMs + Math.max(0, ms),
      number: this.#numbers++,
      process,
      run,
      isOff: false
    }
    this.#push(happening)
    return () => {
      happening.isOff = true
    }
  }

  /** Lets the next thing happen, with all that follows from it at once. */
  async step(): Promise<void> {
    const next = this.#pop()
    if (next === undefined) throw new Error('nothing will ever happen again')
    if (next.isOff) return
    this.nowMs = Math.max(this.nowMs, next.atMs)
    if (next.process === null) next.run()
    else next.process.run(next.run)
    for (let turn = 0; turn < TURNS; turn++) await settle()
  }

  #push(happening: Happening): void {
    const heap = this.#heap
    let at = heap.push(happening) - 1
    while (at > 0) {
      const above = (at - 1) >> 1
      if (isBefore(heap[above] as Happening, happening)) break
      heap[at] = heap[above] as Happening
      at = above
    }
    heap[at] = happening
  }

  #pop(): Happening | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return first
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= heap.length) break
      const right = heap[below + 1]
      if (right !== undefined && isBefore(right, heap[below] as Happening)) below++
      if (isBefore(last, heap[below] as Happening)) break
      heap[at] = heap[below] as Happening
      at = below
    }
    heap[at] = last
    return first
  }
}

function isBefore(one: Happening, other: Happening): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.number < other.number)
}

/**
 * A process of workers, and the time as it sees it. One that is frozen (SIGSTOP, a machine that is moved)
 * does nothing until it thaws; then it finds what was due meanwhile, in any order. One that was killed never
 * does anything again, and its connections are closed by its system.
 */
export class Process implements Clock {
  readonly name: string
  readonly timeline: Timeline
  #withheld: (() => void)[] | null = null
  isDead = false
  /** Told when it is killed. */
  readonly onDeath: (() => void)[] = []
  /** Until then nothing gets from here to there, or back. */
  cutFromKafkaUntilMs = 0
  cutFromDatabaseUntilMs = 0

  constructor(name: string, timeline: Timeline) {
    this.name = name
    this.timeline = timeline
  }

  get isFrozen(): boolean {
    return this.#withheld !== null
  }

  now(): number {
    return START_MS + this.timeline.nowMs
  }

  monotonicMs(): number {
    return this.timeline.nowMs
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = this.timeline.after(ms, this, () => {
      signal?.removeEventListener('abort', abort)
      resolve()
    })
    const abort = (): void => {
      cancel()
      resolve()
    }
    signal?.addEventListener('abort', abort, { once: true })
    return promise
  }

  run(work: () => void): void {
    if (this.isDead) return
    if (this.#withheld === null) work()
    else this.#withheld.push(work)
  }

  freeze(): void {
    this.#withheld ??= []
  }

  /** `place`: when each of so many things that were due happens, in milliseconds from now. */
  thaw(place: () => number): void {
    const due = this.#withheld ?? []
    this.#withheld = null
    for (const work of due) this.timeline.after(place(), this, work)
  }

  kill(): void {
    this.isDead = true
    this.#withheld = null
    for (const told of this.onDeath) told()
  }
}
