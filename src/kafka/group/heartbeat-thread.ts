import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Clock } from '../../clock.ts'
import { every } from '../../wait.ts'
import type { ClientProperties, RebalanceReason } from '../contracts.ts'
import type { HeartbeatOptions } from './heartbeat.ts'
import type { BrokerNode } from '../client/network-client.ts'

/** What one line needs: the member of a group whose heartbeats it carries. */
export interface HeartbeatLineData {
  readonly client: ClientProperties
  readonly clientId: string
  readonly requestTimeoutMs: number
  /** A worker that has not shown life for longer loses its place. */
  readonly silenceLimitMs: number
}

/** `alive` is said for all lines: they are of one event loop. */
export type HeartbeatCommand =
  | { readonly kind: 'open'; readonly line: number; readonly data: HeartbeatLineData }
  | {
      readonly kind: 'begin'
      readonly line: number
      readonly id: number
      readonly options: Omit<HeartbeatOptions, 'lastAnswer'>
      readonly lastAnswer: SharedArrayBuffer
    }
  | { readonly kind: 'announce' | 'stop'; readonly line: number; readonly id: number }
  | { readonly kind: 'close'; readonly line: number }
  | { readonly kind: 'alive' }

export interface HeartbeatReport {
  readonly line: number
  readonly id: number
  readonly reason: RebalanceReason
  readonly coordinator: BrokerNode | null
}

/** The heartbeat of one generation. */
export interface RunningHeartbeat {
  /** null while it is unknown who coordinates the group. */
  readonly coordinator: BrokerNode | null
  /** Whether the coordinator must have given this member up, though nobody has said so yet. */
  readonly isOverdue: boolean
  announce(): void
  stop(): void
}

/** For each line there is a connection, little else. */
const LIMITS = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 1 }

/**
 * The thread that keeps all memberships of a worker: its own in its group and those of its sink tasks. Each
 * has a line of its own to it, with connections of its own. The thread runs while there is a line that was
 * used, and is begun anew by the next that is when it ended by itself.
 */
export class HeartbeatThread {
  readonly #clock: Clock
  #thread: Worker | null = null
  readonly #lines = new Map<number, HeartbeatLine>()
  #lastLine = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `heartbeatIntervalMs`: how often the line has the thread know that this worker lives. */
  line(data: HeartbeatLineData, heartbeatIntervalMs: number): HeartbeatLine {
    const line = new HeartbeatLine({
      clock: this.#clock,
      number: ++this.#lastLine,
      data,
      heartbeatIntervalMs,
      post: (command) => this.#thread?.postMessage(command),
      open: (opened) => this.#open(opened),
      closed: (closed) => this.#closed(closed)
    })
    return line
  }

  #open(line: HeartbeatLine): void {
    this.#thread ??= this.#start()
    this.#lines.set(line.number, line)
  }

  /** The thread keeps nothing: nobody waits for its end. */
  #closed(line: HeartbeatLine): void {
    this.#lines.delete(line.number)
    if (this.#lines.size > 0) return
    const thread = this.#thread
    this.#thread = null
    void thread?.terminate()
  }

  #start(): Worker {
    const entry = new URL(`./heartbeat-thread-main${extname(import.meta.url)}`, import.meta.url)
    const thread = new Worker(entry, { name: 'heartbeat', execArgv: [], resourceLimits: LIMITS })
    thread.unref()
    thread.on('message', (report: HeartbeatReport) => {
      this.#lines.get(report.line)?.onReport(report)
    })
    // Without a thread there are no heartbeats: the next join of each line starts another one.
    const onEnd = (): void => {
      if (this.#thread !== thread) return
      this.#thread = null
      const lines = [...this.#lines.values()]
      this.#lines.clear()
      for (const line of lines) line.onThreadEnded()
    }
    thread.on('error', onEnd)
    thread.on('exit', onEnd)
    return thread
  }
}

interface LineParts {
  readonly clock: Clock
  readonly number: number
  readonly data: HeartbeatLineData
  readonly heartbeatIntervalMs: number
  post(command: HeartbeatCommand): void
  open(line: HeartbeatLine): void
  closed(line: HeartbeatLine): void
}

/**
 * Heartbeats of one member, in a thread with a connection of their own, so that what blocks the event loop
 * (one large value, a synchronous plugin) costs no membership (I9). One heartbeat at a time.
 *
 * A worker that is blocked for good must lose its place all the same: it shows the thread that it lives as
 * often as a heartbeat is due, and after `rebalance.timeout.ms` of silence the thread stops. That is the time
 * the group gives every member to answer: one that cannot act for so long is of no use to it, and a shorter
 * limit would take work away that may still go on.
 *
 * CLOSED → OPEN by `start`; back by `close`, and when the thread ends.
 */
export class HeartbeatLine {
  readonly #parts: LineParts
  #state: { readonly kind: 'CLOSED' } | { readonly kind: 'OPEN'; stopShowingLife(): void } = {
    kind: 'CLOSED'
  }
  #heartbeat: ThreadHeartbeat | null = null
  #lastId = 0

  constructor(parts: LineParts) {
    this.#parts = parts
  }

  get number(): number {
    return this.#parts.number
  }

  /** Before a join, so that the thread is there when it ends. */
  start(): void {
    if (this.#state.kind === 'OPEN') return
    const { clock, heartbeatIntervalMs, number, data, post, open } = this.#parts
    open(this)
    post({ kind: 'open', line: number, data })
    const stopShowingLife = every(clock, heartbeatIntervalMs, () => post({ kind: 'alive' }))
    this.#state = { kind: 'OPEN', stopShowingLife }
  }

  begin(options: HeartbeatOptions, tell: (reason: RebalanceReason) => void): RunningHeartbeat {
    this.start()
    const { number: line } = this.#parts
    const opened = this.#state
    const post = (command: HeartbeatCommand): void => {
      // A thread that ended has told so, and the next one knows nothing of this heartbeat.
      if (this.#state === opened) this.#parts.post(command)
    }
    const id = ++this.#lastId
    const { lastAnswer, ...told } = options
    post({ kind: 'begin', line, id, options: told, lastAnswer: lastAnswer.memory })
    this.#heartbeat = new ThreadHeartbeat(line, id, options, post, tell)
    return this.#heartbeat
  }

  close(): void {
    if (this.#state.kind === 'CLOSED') return
    this.#parts.post({ kind: 'close', line: this.number })
    this.#end()
    this.#parts.closed(this)
  }

  onReport(report: HeartbeatReport): void {
    this.#heartbeat?.onReport(report)
  }

  onThreadEnded(): void {
    this.#end()
    this.#heartbeat?.onLost()
  }

  #end(): void {
    if (this.#state.kind === 'OPEN') this.#state.stopShowingLife()
    this.#state = { kind: 'CLOSED' }
  }
}

class ThreadHeartbeat implements RunningHeartbeat {
  coordinator: BrokerNode | null
  readonly #line: number
  readonly #id: number
  readonly #options: HeartbeatOptions
  readonly #post: (command: HeartbeatCommand) => void
  readonly #tell: (reason: RebalanceReason) => void
  #stopped = false

  constructor(
    line: number,
    id: number,
    options: HeartbeatOptions,
    post: (command: HeartbeatCommand) => void,
    tell: (reason: RebalanceReason) => void
  ) {
    this.#line = line
    this.#id = id
    this.#options = options
    this.coordinator = options.coordinator
    this.#post = post
    this.#tell = tell
  }

  get isOverdue(): boolean {
    const { lastAnswer, sessionTimeoutMs } = this.#options
    return lastAnswer.agoMs() >= sessionTimeoutMs
  }

  announce(): void {
    this.#post({ kind: 'announce', line: this.#line, id: this.#id })
  }

  stop(): void {
    this.#stopped = true
    this.#post({ kind: 'stop', line: this.#line, id: this.#id })
  }

  onReport({ id, reason, coordinator }: HeartbeatReport): void {
    if (id !== this.#id || this.#stopped) return
    this.coordinator = coordinator
    this.#tell(reason)
  }

  /** There is no thread any more. */
  onLost(): void {
    if (this.#stopped) return
    this.coordinator = null
    this.#tell('coordinator-lost')
  }
}
