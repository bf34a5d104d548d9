import { ConnectError, type Failure } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { PartitionOffset } from '../plugin/source.ts'
import type { TransactionalOffsetStore } from '../storage/offset-store.ts'
import type { State } from '../storage/status-store.ts'
import type { TargetState } from '../storage/target-state.ts'
import { errorData, errorOf } from '../tasks/error-data.ts'
import type {
  FromTask,
  OpenTaskPort,
  ProgressReport,
  TaskCall,
  TaskCalls,
  TaskPort,
  TaskStart,
  Told
} from '../tasks/port.ts'
import { noProgress } from '../tasks/no-progress.ts'
import { type OffsetLease, offsetReader } from './connector-offset-stores.ts'
import type { SourceTaskGuard } from './contracts.ts'

/** The stored offsets of a task's connector, and, of one that runs exactly once, its leave to run. */
export type TaskLease =
  | { readonly kind: 'at least once'; readonly offsets: OffsetLease }
  | {
      readonly kind: 'exactly once'
      readonly offsets: OffsetLease<TransactionalOffsetStore>
      readonly guard: SourceTaskGuard
      readonly groupId: string
    }

interface RunningTaskOptions {
  readonly openTask: OpenTaskPort
  readonly start: TaskStart
  /** null: of a sink task, which keeps its offsets itself. */
  readonly lease: TaskLease | null
  onState(state: State, trace: string | null, failure?: Failure): void
  onTopicUsed(topic: string): void
  readonly log: Logger
}

type CallHandlers = {
  readonly [W in keyof TaskCalls]: (args: TaskCalls[W]['args']) => Promise<TaskCalls[W]['answer']>
}

/**
 * The worker's end of a task's port; see there for who says what, and when. A task is wanted `running`, until
 * it is asked to be `ended`; from either it may be `given up`, for good.
 */
export class RunningTask {
  /** Resolves when the task was built; rejects with why it was not. */
  readonly built: Promise<void>
  /** Resolves once the task has said its last word and its lease is closed. Never rejects. */
  readonly ended: Promise<void>
  readonly #options: RunningTaskOptions
  readonly #port: TaskPort
  readonly #calls: CallHandlers
  readonly #built = Promise.withResolvers<void>()
  readonly #ended = Promise.withResolvers<void>()
  /** The task is to end, or does: it need not be given leave to run any more. */
  readonly #stopping = new AbortController()
  #wanted: 'running' | 'ended' | 'given up' = 'running'
  /** The task has said its last word. */
  #isOver = false
  #hasFailed = false
  #progress: ProgressReport

  constructor(options: RunningTaskOptions) {
    this.#options = options
    this.#progress = noProgress(options.start.type)
    this.built = this.#built.promise
    this.ended = this.#ended.promise
    this.#calls = callHandlers(options, this.#stopping.signal)
    this.#port = options.openTask((message) => this.#receive(message))
    this.#port.send({ kind: 'start', task: options.start })
  }

  /** The task was reported as FAILED. */
  get hasFailed(): boolean {
    return this.#hasFailed
  }

  /** The worker has not asked it to end. */
  get isWanted(): boolean {
    return this.#wanted === 'running'
  }

  /** As the task told it last. */
  get progress(): ProgressReport {
    return this.#progress
  }

  setTargetState(target: TargetState): void {
    if (target === 'STOPPED') this.#askToEnd()
    this.#port.send({ kind: 'target', target })
  }

  stop(): void {
    this.#askToEnd()
    this.#port.send({ kind: 'stop' })
  }

  /** I2, I4: it did not end in time. Nothing more is stored for it, and nothing it says is heard. */
  cancel(): void {
    this.#wanted = 'given up'
    this.#stopping.abort()
    this.#port.send({ kind: 'cancel' })
  }

  #askToEnd(): void {
    if (this.#wanted === 'running') this.#wanted = 'ended'
    this.#stopping.abort()
  }

  #receive(message: FromTask): void {
    switch (message.kind) {
      case 'started':
        return this.#built.resolve()
      case 'refused':
        return this.#end(errorOf(message.error))
      case 'ended':
        return this.#end(null)
      case 'call':
        return void this.#answer(message)
      case 'state':
      case 'topic':
      case 'progress':
      case 'committed':
        if (!this.#isUnheard) this.#note(message)
    }
  }

  get #isUnheard(): boolean {
    return this.#isOver || this.#wanted === 'given up'
  }

  #note(message: Told): void {
    const { start, lease, onState, onTopicUsed } = this.#options
    switch (message.kind) {
      case 'state':
        if (message.state === 'FAILED') {
          this.#hasFailed = true
          this.#stopping.abort()
        }
        return onState(message.state, message.trace, message.failure)
      case 'topic':
        return onTopicUsed(message.topic)
      case 'progress':
        this.#progress = message.progress
        return
      case 'committed':
        if (lease?.kind === 'exactly once') {
          lease.offsets.store.onCommitted(start.id.connector, message.offsets)
        }
    }
  }

  async #answer({ call, what, args }: { readonly call: number } & TaskCall): Promise<void> {
    try {
      // I2: it may still read, and come to its end.
      if (this.#isOver) throw new ConnectError('WORKER_STOPPING', 'The task has ended')
      if (this.#wanted === 'given up' && what !== 'readOffsets') {
        throw new ConnectError('WORKER_STOPPING', 'The task was given up')
      }
      const handle = this.#calls[what] as (args: unknown) => Promise<unknown>
      this.#port.send({ kind: 'answer', call, value: await handle(args) })
    } catch (error) {
      this.#port.send({ kind: 'refusal', call, error: errorData(error) })
    }
  }

  #end(refused: Error | null): void {
    const { lease, log } = this.#options
    this.#isOver = true
    this.#stopping.abort()
    if (refused === null) this.#built.resolve()
    else this.#built.reject(refused)
    const closed = lease === null ? Promise.resolve() : lease.offsets.close()
    closed
      .catch((error: unknown) => log.error('Task could not be ended cleanly', { error }))
      .finally(this.#ended.resolve)
  }
}

function callHandlers({ start, lease }: RunningTaskOptions, stopping: AbortSignal): CallHandlers {
  return lease === null ? NO_CALLS : sourceCalls(start, lease, stopping)
}

const refuse = (): Promise<never> =>
  Promise.reject(new Error('A sink task has nothing to ask its worker for'))

const NO_CALLS: CallHandlers = {
  mayBegin: refuse,
  begun: refuse,
  openOffsets: refuse,
  readOffsets: refuse,
  storeOffsets: refuse,
  offsetRecords: refuse
}

function sourceCalls(start: TaskStart, lease: TaskLease, stopping: AbortSignal): CallHandlers {
  const { connector } = start.id
  const { store } = lease.offsets
  const timeoutMs = start.offsetFlushTimeoutMs
  const done = async (work: Promise<void>): Promise<null> => {
    await work
    return null
  }
  const exactlyOnce = (): Extract<TaskLease, { kind: 'exactly once' }> => {
    if (lease.kind === 'exactly once') return lease
    throw new Error('The task does not run exactly once')
  }
  return {
    mayBegin: async () => done(exactlyOnce().guard.before(stopping)),
    begun: async () => done(exactlyOnce().guard.after(stopping)),
    openOffsets: () => done(lease.offsets.start()),
    readOffsets: (partitions) => offsetReader(connector, lease.offsets).offsets(partitions),
    storeOffsets: (offsets: readonly PartitionOffset[]) =>
      done(store.set(connector, offsets, timeoutMs)),
    offsetRecords: async (offsets) =>
      exactlyOnce().offsets.store.transactionRecords(connector, offsets, timeoutMs)
  }
}
