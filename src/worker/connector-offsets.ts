import type { Clock } from '../clock.ts'
import type { ConfigMap } from '../config/config-def.ts'
import type { ClientProperties, KafkaClients } from '../kafka/contracts.ts'
import type { OffsetStore, StoredOffset } from '../storage/offset-store.ts'
import { abortingAfter } from '../wait.ts'
import type { ConnectorOffsetStores } from './connector-offset-stores.ts'
import { taskTransactionalId } from './transactional-ids.ts'

/** How long writing offsets on behalf of an operator may take. */
const WRITE_LIMIT_MS = 30_000

export interface ConnectorOffsetsParts {
  readonly stores: ConnectorOffsetStores
  readonly clients: KafkaClients
  /** Source tasks of this group run exactly once; null: they do not. */
  readonly exactlyOnceGroup: string | null
  readonly clock: Clock
  producerProperties(connectorConfig: ConfigMap): ClientProperties
}

/** The stored offsets of connectors, for operators; configurations have their `${…}` resolved. */
export class ConnectorOffsets {
  readonly #parts: ConnectorOffsetsParts

  constructor(parts: ConnectorOffsetsParts) {
    this.#parts = parts
  }

  all(connector: string, config: ConfigMap): Promise<StoredOffset[]> {
    return this.#with(connector, config, (store) => store.all(connector))
  }

  /** As `all`, without making a topic that is not there. */
  async left(connector: string, config: ConfigMap): Promise<StoredOffset[]> {
    return (await this.#parts.stores.exists(config)) ? this.all(connector, config) : []
  }

  /** The connector's tasks must have ended. Exactly once, the offsets go in a transaction of its first task, which fences what is left of that. */
  async write(
    connector: string,
    config: ConfigMap,
    changes: readonly StoredOffset[]
  ): Promise<void> {
    const { stores, clients, exactlyOnceGroup, producerProperties, clock } = this.#parts
    if (exactlyOnceGroup === null) {
      await this.#with(connector, config, (store) => store.set(connector, changes, WRITE_LIMIT_MS))
      return
    }
    const lease = stores.transactionalLease(connector, config)
    const producer = clients.transactionalProducer(
      producerProperties(config),
      `connector-offset-producer-${connector}`,
      taskTransactionalId(exactlyOnceGroup, { connector, task: 0 })
    )
    try {
      await lease.start()
      await abortingAfter(clock, WRITE_LIMIT_MS, (limit) => producer.initialize(limit))
      const { store } = lease
      await producer.send(await store.transactionRecords(connector, changes, WRITE_LIMIT_MS))
      await producer.commit()
      store.onCommitted(connector, changes)
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
    const lease = this.#parts.stores.lease(connector, config)
    try {
      await lease.start()
      return await use(lease.store)
    } finally {
      await lease.close()
    }
  }
}
