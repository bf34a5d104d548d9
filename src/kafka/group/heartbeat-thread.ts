import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Clock } from '../../clock.ts'
import { every } from '../../wait.ts'
import type { ClientProperties, RebalanceReason } from '../contracts.ts'
import type { HeartbeatOptions } from './heartbeat.ts'
import type { BrokerNode } from '../client/network-client.ts'

/** What the thread is started with. */
export interface HeartbeatThreadData {
  readonly client: ClientProperties
  readonly clientId: string
  readonly requestTimeoutMs: number
  /** A worker that has not shown life for longer loses its place. */
  readonly silenceLimitMs: number
}

export type HeartbeatCommand =
  | { readonly kind: 'begin'; readonly id: number; readonly options: HeartbeatOptions }
  | { readonly kind: 'announce' | 'stop'; readonly id: number }
  | { readonly kind: 'alive' }

export interface HeartbeatReport {
  readonly id: number
  readonly reason: RebalanceReason
  readonly coordinator: BrokerNode | null
}

/** The heartbeat of one generation. */
export interface RunningHeartbeat {
  /** null while it is unknown who coordinates the group. */
  readonly coordinator: BrokerNode | null
  announce(): void
  stop(): void
}

interface RunningThread {
  readonly worker: Worker
  stopShowingLife(): void
  heartbeat: ThreadHeartbeat | null
}

/** A few objects and one connection: no reason to reserve what a worker of its own would have. */
const LIMITS = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 1 }

/**
 * Heartbeats in a thread with a connection of their own, so that what blocks the event loop (one large value,
 * a synchronous plugin) costs no membership (I9). One heartbeat at a time; the thread starts with the first.
 *
 * A worker that is blocked for good must lose its place all the same: it shows the thread that it lives as
 * often as a heartbeat is due, and after `rebalance.timeout.ms` of silence the thread stops. That is the time
 * the group gives every member to answer: one that cannot act for so long is of no use to it, and a shorter
 * limit would take work away that may still go on.
 */
export class HeartbeatThread {
  readonly #clock: Clock
  readonly #data: HeartbeatThreadData
  readonly #heartbeatIntervalMs: number
  #thread: RunningThread | null = null
  #lastId = 0

  constructor(clock: Clock, data: HeartbeatThreadData, heartbeatIntervalMs: number) {
    this.#clock = clock
    this.#data = data
    this.#heartbeatIntervalMs = heartbeatIntervalMs
  }

  /** Before a join, so that the thread is there when it ends. */
  start(): RunningThread {
    if (this.#thread !== null) return this.#thread
    const entry = new URL(`./heartbeat-thread-main${extname(import.meta.url)}`, import.meta.url)
    const worker = new Worker(entry, {
      name: 'heartbeat',
      workerData: this.#data,
      execArgv: [],
      resourceLimits: LIMITS
    })
    const showLife = (): void => worker.postMessage({ kind: 'alive' } satisfies HeartbeatCommand)
    const thread: RunningThread = {
      worker,
      stopShowingLife: every(this.#clock, this.#heartbeatIntervalMs, showLife),
      heartbeat: null
    }
    worker.unref()
    worker.on('message', (report: HeartbeatReport) => thread.heartbeat?.onReport(report))
    // Without a thread there are no heartbeats: the next join starts another one.
    const onEnd = (): void => {
      if (this.#thread !== thread) return
      this.#ended()
      const { heartbeat } = thread
      heartbeat?.onReport({ id: heartbeat.id, reason: 'coordinator-lost', coordinator: null })
    }
    worker.on('error', onEnd)
    worker.on('exit', onEnd)
    this.#thread = thread
    return thread
  }

  begin(options: HeartbeatOptions, tell: (reason: RebalanceReason) => void): RunningHeartbeat {
    const thread = this.start()
    const id = ++this.#lastId
    const post = (command: HeartbeatCommand): void => {
      // A thread that ended has told so, and takes no more commands.
      if (this.#thread === thread) thread.worker.postMessage(command)
    }
    post({ kind: 'begin', id, options })
    thread.heartbeat = new ThreadHeartbeat(id, options.coordinator, post, tell)
    return thread.heartbeat
  }

  /** The thread ends by itself and keeps nothing: nobody waits for it. */
  close(): void {
    void this.#ended()?.worker.terminate()
  }

  #ended(): RunningThread | null {
    const thread = this.#thread
    this.#thread = null
    thread?.stopShowingLife()
    return thread
  }
}

class ThreadHeartbeat implements RunningHeartbeat {
  readonly id: number
  coordinator: BrokerNode | null
  readonly #post: (command: HeartbeatCommand) => void
  readonly #tell: (reason: RebalanceReason) => void
  #stopped = false

  constructor(
    id: number,
    coordinator: BrokerNode | null,
    post: (command: HeartbeatCommand) => void,
    tell: (reason: RebalanceReason) => void
  ) {
    this.id = id
    this.coordinator = coordinator
    this.#post = post
    this.#tell = tell
  }

  announce(): void {
    this.#post({ kind: 'announce', id: this.id })
  }

  stop(): void {
    this.#stopped = true
    this.#post({ kind: 'stop', id: this.id })
  }

  onReport({ id, reason, coordinator }: HeartbeatReport): void {
    if (id !== this.id || this.#stopped) return
    this.coordinator = coordinator
    this.#tell(reason)
  }
}
