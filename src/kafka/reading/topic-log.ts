import type { Clock } from '../../clock.ts'
import { ConnectError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import { KafkaAdmin } from '../admin/admin.ts'
import { clientSettings, readerSettings } from '../client/client-settings.ts'
import type { ClusterAdmin, TopicLog, TopicLogOptions } from '../contracts.ts'
import { ensureInternalTopic } from '../admin/internal-topic.ts'
import { type LogEntry, LogWriter } from '../producing/log-writer.ts'
import { TopicReader } from './topic-reader.ts'

/** KafkaBasedLog: an internal topic as a list of records, everything in it told to `onRecord` in order. */
export class KafkaTopicLog implements TopicLog {
  readonly #clock: Clock
  readonly #options: TopicLogOptions
  readonly #log: Logger
  readonly #reader: TopicReader
  readonly #writer: LogWriter
  #admin: ClusterAdmin | null = null
  #stopped = false

  constructor(clock: Clock, options: TopicLogOptions, log: Logger) {
    this.#clock = clock
    this.#options = options
    this.#log = log
    const settings = readerSettings(options.client, clock)
    const { topic, clientId, onRecord } = options
    this.#reader = new TopicReader(clock, settings, clientId, topic, onRecord, log)
    const { writerClient } = options
    const writer =
      writerClient === undefined ? settings : clientSettings(writerClient, clock, 'producer')
    this.#writer = new LogWriter(clock, writer, clientId, topic)
  }

  async start(signal?: AbortSignal): Promise<void> {
    const stop = (): void => void this.stop()
    signal?.addEventListener('abort', stop, { once: true })
    try {
      signal?.throwIfAborted()
      await this.#ensureTopic()
      await this.#reader.start()
    } catch (error) {
      await this.stop()
      if (signal?.aborted !== true) throw error
      throw new ConnectError(
        'WORKER_STOPPING',
        `Starting to read topic ${this.#options.topic} was given up`,
        { cause: error }
      )
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }

  readToEnd(timeoutMs: number): Promise<void> {
    return this.#reader.readToEnd(timeoutMs)
  }

  send(key: Uint8Array, value: Uint8Array | null, timeoutMs: number): Promise<void> {
    return this.#writer.write([{ key, value }], timeoutMs)
  }

  sendAll(records: readonly LogEntry[], timeoutMs: number): Promise<void> {
    return this.#writer.write(records, timeoutMs)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all([this.#admin?.close(), this.#writer.stop(), this.#reader.stop()])
  }

  async #ensureTopic(): Promise<void> {
    const { adminClient, client, clientId } = this.#options
    const admin = new KafkaAdmin(this.#clock, adminClient ?? client, clientId)
    this.#admin = admin
    try {
      await ensureInternalTopic(admin, this.#options, this.#log)
    } finally {
      await admin.close()
      this.#admin = null
    }
    if (this.#stopped) {
      throw new ConnectError('WORKER_STOPPING', `Topic ${this.#options.topic} was stopped`)
    }
  }
}
