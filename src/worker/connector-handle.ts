import type { ConfigMap } from '../config/config-def.ts'
import { ConnectError, failureOf, traceOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { ConnectorPlugin } from '../plugin/plugins.ts'
import type { StoredConfig } from '../storage/cluster-config.ts'
import type { TargetState } from '../storage/target-state.ts'
import type { ConnectorEvents, ConnectorHandle } from './contracts.ts'
import { connectorPlugin } from './plugin-of.ts'
import { type OffsetLease, offsetReader } from './connector-offset-stores.ts'
import { connectorClass, taskLimit } from '../settings/connector/connector-settings.ts'
import { checkTaskCount, storedTaskConfig } from './task-configs.ts'
import { startWatching } from './value-watch.ts'
import type { WorkerParts } from './worker-parts.ts'
import { type Creation, WorkerConnector } from './worker-connector.ts'

interface Made {
  readonly kind: 'made'
  readonly connector: WorkerConnector
  /** Of a source, which may read its offsets. */
  readonly lease: OffsetLease | null
  /** Ends looking after the values of its references. */
  readonly watch: AbortController
}

/**
 * One connector of this process: `new` → `starting` (its references are looked up) → `made` (what it does
 * then is WorkerConnector's business) → `stopped`. One that cannot be made is `unmade`. Whoever stops it
 * while it is starting has nothing of it any more (I2).
 */
export class LocalConnector implements ConnectorHandle {
  readonly #name: string
  readonly #raw: StoredConfig
  readonly #events: ConnectorEvents
  readonly #worker: WorkerParts
  readonly #log: Logger
  #state: { readonly kind: 'new' | 'starting' | 'unmade' | 'stopped' } | Made = { kind: 'new' }

  constructor(worker: WorkerParts, name: string, config: StoredConfig, events: ConnectorEvents) {
    this.#worker = worker
    this.#name = name
    this.#raw = config
    this.#events = events
    this.#log = worker.log.with({ connector: name })
  }

  get made(): boolean {
    return this.#state.kind === 'made'
  }

  async start(target: TargetState): Promise<void> {
    this.#log.info('Creating connector', { class: connectorClass(this.#raw) })
    this.#state = { kind: 'starting' }
    try {
      const resolved = await this.#worker.resolve(this.#raw)
      this.#requireStarting()
      this.#state = this.#make(resolved)
    } catch (error) {
      if (this.#state.kind === 'starting') {
        this.#log.error('Failed to start connector', { error })
        this.#state = { kind: 'unmade' }
        this.#events.onState('FAILED', traceOf(error), null, failureOf(error))
      }
      throw error
    }
    await this.#state.connector.transitionTo(target)
  }

  async setTargetState(target: TargetState): Promise<void> {
    if (this.#state.kind === 'made') await this.#state.connector.transitionTo(target)
  }

  async taskConfigs(): Promise<StoredConfig[]> {
    if (this.#state.kind !== 'made') {
      throw new ConnectError('NOT_FOUND', `Connector ${this.#name} not found in this worker.`)
    }
    const { connector } = this.#state
    const limit = taskLimit(connector.config)
    const configs = await connector.taskConfigs(limit.max)
    checkTaskCount(this.#name, limit, configs.length, this.#log)
    return configs.map((config) =>
      storedTaskConfig(config, connector.plugin, this.#raw, connector.config)
    )
  }

  async stop(): Promise<void> {
    const before = this.#state
    this.#state = { kind: 'stopped' }
    if (before.kind === 'made') {
      before.watch.abort()
      await before.connector.shutdown()
      await before.lease?.close()
    } else if (before.kind === 'starting') {
      this.#events.onState('UNASSIGNED', null, null)
    }
  }

  #make(resolved: ConfigMap): Made {
    const { plugins, clock } = this.#worker
    const plugin = connectorPlugin(plugins, resolved)
    const { lease, create } = this.#creation(plugin, resolved)
    const connector = new WorkerConnector({
      name: this.#name,
      plugin,
      config: resolved,
      create,
      onState: (state, trace, failure) =>
        this.#events.onState(state, trace, plugin.version, failure),
      onReconfiguration: () => this.#events.onTaskReconfiguration(),
      clock,
      log: this.#log
    })
    const watch = startWatching({
      source: this.#worker,
      used: [{ raw: this.#raw, resolved }],
      clock,
      log: this.#log,
      onChange: () => this.#events.onValuesChanged()
    })
    return { kind: 'made', connector, lease, watch }
  }

  #creation(plugin: ConnectorPlugin, resolved: ConfigMap): Pick<Made, 'lease'> & Creation {
    if (plugin.type === 'sink') {
      return { lease: null, create: (context) => plugin.create(resolved, context) }
    }
    const lease = this.#worker.offsetStores.lease(this.#name, resolved)
    const offsets = offsetReader(this.#name, lease)
    return { lease, create: (context) => plugin.create(resolved, { ...context, offsets }) }
  }

  #requireStarting(): void {
    if (this.#state.kind === 'starting') return
    throw new ConnectError('WORKER_STOPPING', `${this.#name} was taken away while it was started`)
  }
}
