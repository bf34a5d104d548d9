import type { ConfigMap } from '../config/config-def.ts'
import type { Clock } from '../clock.ts'
import { asError, ConnectError, type Failure, failureOf, traceOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { ConnectorPlugin } from '../plugin/plugins.ts'
import type { SinkConnector, SinkConnectorContext } from '../plugin/sink.ts'
import type { SourceConnector } from '../plugin/source.ts'
import type { TargetState } from '../storage/target-state.ts'
import type { State } from '../storage/status-store.ts'
import { ownedBy } from '../plugin/plugin-owner.ts'
import { within } from '../wait.ts'

type ConnectorInstance = SourceConnector | SinkConnector

/** Either kind lives alike; what the context of a source has beside that of a sink is added here. */
export interface Creation {
  /** Asks the plugin for another instance. */
  create(context: SinkConnectorContext): ConnectorInstance
}

interface WorkerConnectorOptions extends Creation {
  readonly name: string
  readonly plugin: ConnectorPlugin
  /** With `${…}` resolved. */
  readonly config: ConfigMap
  onState(state: State, trace: string | null, failure?: Failure): void
  onReconfiguration(): void
  readonly clock: Clock
  readonly log: Logger
}

/** How long a connector may take to stop before it is given up (Kafka's constant). */
const STOP_TIMEOUT_MS = 5000

/**
 * Life of one connector: INIT → STARTED ⇄ PAUSED / STOPPED, or FAILED. Transitions run one after the other,
 * in the order asked for. A failed connector can be stopped, and started again after that, or shut down. Once
 * it was asked to shut down it says UNASSIGNED, and nothing more: what its plugin still does is not the
 * business of whoever came after it (I2).
 */
export class WorkerConnector {
  readonly name: string
  readonly plugin: ConnectorPlugin
  readonly config: ConfigMap
  readonly #create: Creation['create']
  readonly #onState: WorkerConnectorOptions['onState']
  readonly #onReconfiguration: () => void
  readonly #clock: Clock
  readonly #log: Logger
  /**
   * From one start to the next stop; without an instance while, or because, the plugin could not make one.
   */
  #run: { readonly instance: ConnectorInstance | null } | null = null
  #state: 'INIT' | 'STARTED' | 'PAUSED' | 'STOPPED' | 'FAILED' = 'INIT'
  /** Why it is FAILED. */
  #failure: unknown = null
  #closed = false
  #transition: Promise<void> = Promise.resolve()

  constructor(options: WorkerConnectorOptions) {
    this.name = options.name
    this.plugin = options.plugin
    this.config = options.config
    this.#create = (context) => options.create(context)
    this.#onState = options.onState
    this.#onReconfiguration = options.onReconfiguration
    this.#clock = options.clock
    this.#log = options.log
  }

  /** Rejects, after reporting FAILED, when the connector's `start` fails. */
  transitionTo(target: TargetState): Promise<void> {
    const next = this.#transition.then(() => ownedBy(this, () => this.#apply(target)))
    this.#transition = next.catch(() => undefined)
    return next
  }

  /** Ends the connector for good and reports UNASSIGNED. Bounded; never rejects. */
  async shutdown(): Promise<void> {
    this.#closed = true
    try {
      await within(
        this.#clock,
        this.#transition.then(() => this.#stopInstance()),
        STOP_TIMEOUT_MS,
        () =>
          new ConnectError(
            'WORKER_STOPPING',
            `Connector ${this.name} did not stop in ${STOP_TIMEOUT_MS} ms`
          )
      )
    } catch (error) {
      this.#log.error('Connector could not be stopped cleanly and is given up', { error })
    }
    this.#onState('UNASSIGNED', null)
  }

  /**
   * I9: something the plugin did went wrong outside of any call: the connector is FAILED. The first failure
   * is the one that is told.
   */
  fail(error: unknown): void {
    this.#log.error('Connector raised an error', { error })
    this.#toFailed(error)
  }

  /**
   * Task configurations as the connector gives them. Rejects unless it is started, and stays so: what it says
   * although it has failed meanwhile, or was stopped, may lack what it could not find out.
   */
  async taskConfigs(maxTasks: number): Promise<ConfigMap[]> {
    const instance = this.#started()
    const configs = await ownedBy(this, () => instance.taskConfigs(maxTasks))
    this.#started()
    return configs
  }

  #started(): ConnectorInstance {
    const instance = this.#run?.instance ?? null
    if (instance !== null && this.#state === 'STARTED') return instance
    const cause = this.#state === 'FAILED' ? this.#failure : undefined
    throw new ConnectError('NOT_READY', `Connector ${this.name} is not started`, { cause })
  }

  async #apply(target: TargetState): Promise<void> {
    if (this.#closed || this.#state === target) return
    if (this.#state === 'FAILED' && target !== 'STOPPED') {
      throw new ConnectError(
        'INTERNAL',
        `${this.name} Cannot transition connector to ${target} since it has failed`
      )
    }
    if (target === 'STARTED') return this.#start()
    try {
      await this.#stopInstance()
    } catch (error) {
      this.#log.error('Connector failed to stop', { error })
      // What was asked to stop is STOPPED, whatever it says to that.
      if (target === 'PAUSED') return this.#toFailed(error)
    }
    this.#state = target
    this.#report(target, null)
  }

  async #start(): Promise<void> {
    try {
      const run: { instance: ConnectorInstance | null } = { instance: null }
      this.#run = run
      run.instance = this.#create({
        name: this.name,
        log: this.#log,
        requestTaskReconfiguration: () => {
          if (!this.#closed) this.#onReconfiguration()
        },
        raiseError: (error: unknown) => {
          if (this.#run === run) this.fail(error)
        }
      })
      await run.instance.start?.()
      if (this.#state === 'FAILED') throw this.#failure
      this.#state = 'STARTED'
    } catch (error) {
      this.#log.error('Error while starting connector', { error })
      this.#toFailed(error)
      await this.#stopAfterFailure()
      throw asError(error)
    }
    this.#report('RUNNING', null)
  }

  #toFailed(error: unknown): void {
    if (this.#state === 'FAILED') return
    this.#state = 'FAILED'
    this.#failure = error
    this.#report('FAILED', traceOf(error), failureOf(error))
  }

  #report(state: State, trace: string | null, failure?: Failure): void {
    if (!this.#closed) this.#onState(state, trace, failure)
  }

  async #stopAfterFailure(): Promise<void> {
    try {
      await this.#stopInstance()
    } catch (error) {
      this.#log.warn('A connector that failed to start could not be stopped cleanly', { error })
    }
  }

  async #stopInstance(): Promise<void> {
    const instance = this.#run?.instance ?? null
    this.#run = null
    if (instance !== null) await ownedBy(this, () => instance.stop())
  }
}
