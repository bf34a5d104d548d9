import type { Clock } from '../clock.ts'
import { ConnectError, isRetriable } from '../errors.ts'
import type { TopicLog } from '../kafka/contracts.ts'
import { loggers } from '../log.ts'
import type {
  ClusterConfig,
  RestartRequest,
  SessionKey,
  StoredConfig,
  WrittenConfig
} from './cluster-config.ts'
import type { TargetState } from './target-state.ts'
import { ConfigLogState, notify } from './config-log-state.ts'
import {
  type ConfigRecord,
  commitRecord,
  connectorRecord,
  loggerRecord,
  restartRecord,
  sessionKeyRecord,
  startFromRecord,
  targetStateRecord,
  taskCountRecord,
  taskRecord
} from './config-records.ts'
import type { ConfigListener, ConfigStore } from './config-store.ts'
import type { KafkaStoreOptions } from './kafka-store-options.ts'
import { LeaderWriter } from './leader-writer.ts'
import { recordBatches } from './record-batches.ts'
import type { StartFromRecord } from './start-from-record.ts'

/** For one whole write: waiting for its turn, the broker's acknowledgements and reading back. */
const WRITE_LIMIT_MS = 30_000
const WRITE_ROOT = 'Error writing root configuration to Kafka'

interface KafkaConfigStoreOptions extends KafkaStoreOptions {
  /**
   * What the leader writes goes in transactions with this id; null or absent: plainly, from whoever calls.
   */
  readonly leaderTransactionalId?: string | null
}

/** Time left of a limit, shared by the steps of one write. */
class Budget {
  readonly #clock: Clock
  readonly #end: number

  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock
    this.#end = clock.monotonicMs() + limitMs
  }

  /** At least 1 ms, so that a step that starts late fails by its own, informative error. */
  leftMs(): number {
    return Math.max(1, Math.ceil(this.#end - this.#clock.monotonicMs()))
  }
}

/**
 * The config topic: one partition, every worker reads it, the leader writes it.
 *
 * I3 is held by the caller, and with a transactional id by Kafka: nothing here knows who leads; only
 * `putTargetState` and `putLoggerLevel` are for every worker. Writes that need leadership run one after the
 * other and resolve after they were read back, so that `snapshot()` holds them. A failed write rejects with
 * the JVM worker's text, retriable if its cause is.
 */
export class KafkaConfigStore implements ConfigStore {
  readonly #state: ConfigLogState
  readonly #topic: string
  readonly #topicLog: TopicLog
  readonly #clock: Clock
  readonly #starting = new AbortController()
  readonly #leader: LeaderWriter | null
  #listener: ConfigListener | null = null
  #lastWrite: Promise<void> = Promise.resolve()

  constructor(options: KafkaConfigStoreOptions) {
    const log =
      options.log ?? loggers.get('org.apache.kafka.connect.storage.KafkaConfigBackingStore')
    this.#topic = options.topic
    this.#clock = options.clock
    this.#state = new ConfigLogState(log)
    const { leaderTransactionalId } = options
    this.#leader =
      typeof leaderTransactionalId === 'string'
        ? new LeaderWriter({
            ...options,
            clientId: `${options.clientId}-leader`,
            transactionalId: leaderTransactionalId,
            log
          })
        : null
    this.#topicLog = options.clients.topicLog({
      topic: options.topic,
      client: options.client,
      clientId: options.clientId,
      create: { ...options.create, partitions: 1 },
      property: 'config.storage.topic',
      purpose: 'connector configurations',
      singlePartition: true,
      onRecord: (record) => {
        const event = this.#state.apply(record)
        if (event !== null && this.#listener !== null) notify(this.#listener, event)
      }
    })
  }

  /**
   * Events begin after the topic was read to its end: what was asked for before is history, restarts and log
   * levels above all.
   */
  async start(listener: ConfigListener): Promise<void> {
    await this.#topicLog.start(this.#starting.signal)
    this.#listener = listener
  }

  snapshot(): ClusterConfig {
    return this.#state.snapshot()
  }

  get mayLead(): boolean {
    return this.#leader?.claimed ?? true
  }

  async claimLeadership(): Promise<void> {
    await this.#leader?.claim()
  }

  async giveUpLeadership(): Promise<void> {
    await this.#leader?.relinquish()
  }

  async refresh(timeoutMs: number): Promise<void> {
    try {
      await this.#topicLog.readToEnd(timeoutMs)
    } catch (cause) {
      throw new ConnectError('KAFKA_UNAVAILABLE', 'Error trying to read to end of config log', {
        cause
      })
    }
  }

  /** The target state goes first: the connector must not start for a moment on its way to STOPPED. */
  putConnectorConfig(
    connector: string,
    config: StoredConfig,
    targetState: TargetState | null
  ): Promise<void> {
    const records = [connectorRecord(connector, config)]
    if (targetState !== null) records.unshift(targetStateRecord(connector, targetState))
    return this.#writeAndReadBack(records, 'Error writing connector configuration to Kafka')
  }

  /** Task, commit and fencing records stay behind, as the JVM worker leaves them. */
  removeConnectorConfig(connector: string): Promise<void> {
    const moved = this.snapshot().startFrom(connector) !== null
    return this.#writeAndReadBack(
      [
        connectorRecord(connector, null),
        targetStateRecord(connector, null),
        ...(moved ? [startFromRecord(connector, null)] : [])
      ],
      'Error removing connector configuration from Kafka'
    )
  }

  putTaskConfigs(connector: string, configs: readonly WrittenConfig[]): Promise<void> {
    return this.#inTurn(async (budget) => {
      await failingAs(WRITE_ROOT, () => this.#topicLog.readToEnd(budget.leftMs()))
      if (configs.length > 0) {
        const records = configs.map((config, task) => taskRecord(connector, task, config))
        await failingAs('Error writing task configurations to Kafka', () =>
          this.#sendAll(records, budget).catch((cause: unknown) => {
            throw isTooLarge(cause) ? this.#tooLarge(connector, records, cause) : cause
          })
        )
      }
      await failingAs(WRITE_ROOT, async () => {
        if (configs.length > 0) await this.#topicLog.readToEnd(budget.leftMs())
        await this.#sendAll([commitRecord(connector, configs.length)], budget)
        await this.#topicLog.readToEnd(budget.leftMs())
      })
    })
  }

  #tooLarge(connector: string, records: readonly ConfigRecord[], cause: unknown): ConnectError {
    const bytes = Math.max(...records.map(({ value }) => value?.length ?? 0))
    return new ConnectError(
      'KAFKA_ERROR',
      `The largest task configuration of connector ${connector} has ${bytes} bytes, more than one record of topic ${this.#topic} may have (its max.message.bytes, 1048588 unless set): spread the work over more tasks (tasks.max), select fewer tables, or raise max.message.bytes of that topic`,
      { cause }
    )
  }

  putSessionKey(key: SessionKey): Promise<void> {
    return this.#writeAndReadBack([sessionKeyRecord(key)], 'Error writing session key to Kafka')
  }

  putTaskCountRecord(connector: string, taskCount: number): Promise<void> {
    return this.#writeAndReadBack(
      [taskCountRecord(connector, taskCount)],
      'Error writing task count record to Kafka'
    )
  }

  putRestartRequest(request: RestartRequest): Promise<void> {
    const { connector, onlyFailed, includeTasks } = request
    return this.#writeAndReadBack(
      [restartRecord(request)],
      `Error writing restart request for {connectorName='${connector}', onlyFailed=${onlyFailed}, includeTasks=${includeTasks}} to Kafka`
    )
  }

  putStartFrom(connector: string, state: StartFromRecord | null): Promise<void> {
    return this.#writeAndReadBack(
      [startFromRecord(connector, state)],
      `Error writing the start-from record of connector ${connector} to Kafka`
    )
  }

  putTargetState(connector: string, state: TargetState): Promise<void> {
    return failingAs('Error writing target state to Kafka', () =>
      this.#send(targetStateRecord(connector, state), new Budget(this.#clock, WRITE_LIMIT_MS))
    )
  }

  putLoggerLevel(namespace: string, level: string): Promise<void> {
    return failingAs('Error writing logger level to Kafka', () =>
      this.#send(loggerRecord(namespace, level), new Budget(this.#clock, WRITE_LIMIT_MS))
    )
  }

  async stop(): Promise<void> {
    this.#listener = null
    this.#starting.abort()
    await this.giveUpLeadership()
    await this.#topicLog.stop()
  }

  #writeAndReadBack(records: readonly ConfigRecord[], failure: string): Promise<void> {
    return this.#inTurn((budget) =>
      failingAs(failure, async () => {
        await this.#sendAll(records, budget)
        await this.#topicLog.readToEnd(budget.leftMs())
      })
    )
  }

  #send(record: ConfigRecord, budget: Budget): Promise<void> {
    return this.#topicLog.send(record.key, record.value, budget.leftMs())
  }

  /** I3: only for the leader. */
  async #sendAll(records: readonly ConfigRecord[], budget: Budget): Promise<void> {
    if (this.#leader !== null) {
      await this.#leader.write(records, budget.leftMs())
      return
    }
    for (const batch of recordBatches(records)) {
      await this.#topicLog.sendAll(batch, budget.leftMs())
    }
  }

  /**
   * One write at a time: two task sets of one connector must not mix. Each is bounded, so the queue moves.
   */
  #inTurn(write: (budget: Budget) => Promise<void>): Promise<void> {
    const turn = this.#lastWrite.then(() => write(new Budget(this.#clock, WRITE_LIMIT_MS)))
    this.#lastWrite = turn.catch(() => undefined)
    return turn
  }
}

const TOO_LARGE: ReadonlySet<unknown> = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'])

function isTooLarge(error: unknown): boolean {
  if (!(error instanceof ConnectError)) return false
  return TOO_LARGE.has(error.facts['kafkaError']) || isTooLarge(error.cause)
}

async function failingAs(failure: string, step: () => Promise<void>): Promise<void> {
  try {
    await step()
  } catch (cause) {
    // The JVM worker's text for it is the same whatever was written.
    if (cause instanceof ConnectError && cause.facts['leadership'] === true) throw cause
    const code = isRetriable(cause) ? 'KAFKA_UNAVAILABLE' : 'KAFKA_ERROR'
    throw new ConnectError(code, failure, { cause })
  }
}
