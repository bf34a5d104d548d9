import type { Clock } from '../../clock.ts'
import type { ConfigMap } from '../../config/config-def.ts'
import type { KafkaClients } from '../../kafka/contracts.ts'
import type { AlteredOffsets, OffsetChange, SourceConnectorPlugin } from '../../plugin/source.ts'
import type { StartFrom } from '../../plugin/start-from.ts'
import type { OffsetStore, StoredOffset } from '../../storage/offset-store.ts'
import { abortingAfter } from '../../wait.ts'
import type { ConnectorClientProperties } from '../connector-client-properties.ts'
import type { ConnectorOffsetStores } from '../connector-offset-stores.ts'
import type { RequestedOffset } from '../contracts.ts'
import { taskTransactionalId } from '../transactional-ids.ts'
import { alteredOffsets, type OffsetsOfKind, type Resolved } from './offsets-of-kind.ts'

/** How long writing offsets on behalf of an operator may take. */
const WRITE_LIMIT_MS = 30_000

export interface SourceOffsetsOptions {
  readonly clients: KafkaClients
  readonly clientProperties: ConnectorClientProperties
  readonly offsetStores: ConnectorOffsetStores
  /** Source tasks of this group run exactly once; null: they do not. */
  readonly exactlyOnceGroup: string | null
  readonly clock: Clock
}

type Source = Resolved<SourceConnectorPlugin>

/** The stored offsets of source connectors, in their offset stores. */
export class SourceOffsets implements OffsetsOfKind<SourceConnectorPlugin> {
  readonly #options: SourceOffsetsOptions

  constructor(options: SourceOffsetsOptions) {
    this.#options = options
  }

  all({ name, config }: Source): Promise<StoredOffset[]> {
    return this.#with(name, config, (store) => store.all(name))
  }

  async left(source: Source): Promise<StoredOffset[]> {
    return (await this.#options.offsetStores.exists(source.config)) ? this.all(source) : []
  }

  async modify(source: Source, changes: readonly RequestedOffset[] | null): Promise<boolean> {
    const stored = await this.all(source)
    const wanted =
      changes === null
        ? stored.map(({ partition }) => ({ partition, offset: null }))
        : changes.map(named)
    const altered = await alteredOffsets(wanted, () =>
      source.plugin.alterOffsets?.(source.config, wanted)
    )
    if (altered.changes.length > 0) await this.write(source, altered.changes)
    return altered.complete
  }

  checked(source: Source, given: readonly RequestedOffset[]): Promise<AlteredOffsets> {
    const wanted = given.map(named)
    return alteredOffsets(wanted, () => source.plugin.alterOffsets?.(source.config, wanted))
  }

  startFrom({ plugin }: Source): StartFrom | undefined {
    return plugin.startFrom
  }

  /** Their tasks alone write them. */
  async inTheWay(): Promise<null> {
    return null
  }

  /**
   * Exactly once, the offsets go in a transaction of the connector's first task, which fences what is left of
   * that. Asks for no plugin.
   */
  async write(
    { name, config }: Omit<Source, 'plugin'>,
    changes: readonly StoredOffset[]
  ): Promise<void> {
    const { offsetStores, clients, clientProperties, exactlyOnceGroup, clock } = this.#options
    if (exactlyOnceGroup === null) {
      await this.#with(name, config, (store) => store.set(name, changes, WRITE_LIMIT_MS))
      return
    }
    const lease = offsetStores.transactionalLease(name, config)
    const producer = clients.transactionalProducer(
      clientProperties.producer(config),
      `connector-offset-producer-${name}`,
      taskTransactionalId(exactlyOnceGroup, { connector: name, task: 0 })
    )
    try {
      await lease.start()
      await abortingAfter(clock, WRITE_LIMIT_MS, (limit) => producer.initialize(limit))
      const { store } = lease
      await producer.send(await store.transactionRecords(name, changes, WRITE_LIMIT_MS))
      await producer.commit()
      store.onCommitted(name, changes)
    } finally {
      await producer.close(WRITE_LIMIT_MS)
      await lease.close()
    }
  }

  async #with<T>(
    connector: string,
    config: ConfigMap,
    use: (store: OffsetStore) => Promise<T>
  ): Promise<T> {
    const lease = this.#options.offsetStores.lease(connector, config)
    try {
      await lease.start()
      return await use(lease.store)
    } finally {
      await lease.close()
    }
  }
}

/** A source may keep an offset of a partition without a field. */
function named({ partition, offset }: RequestedOffset): OffsetChange {
  return { partition: partition ?? {}, offset }
}
