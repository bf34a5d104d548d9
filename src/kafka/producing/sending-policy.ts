import type { ConnectError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { ClientSettings } from '../client/client-settings.ts'
import type { Compression } from './compression.ts'
import type { PendingSend, OnRefusal } from './pending-send.ts'
import type { ProducerSession } from './producer-session.ts'

export interface SendingSettings {
  readonly client: ClientSettings
  /** Requests in flight per broker. */
  readonly maxInFlight: number
  readonly compression: Compression
  /** Records of one partition are put together up to this size; a larger record goes alone. */
  readonly batchBytes: number
  /** A request that has so much takes no other batch. */
  readonly maxRequestBytes: number
  /** A record larger than this is refused. */
  readonly maxRecordBytes: number
  /** Null keys: bytes that go to one partition before the next is taken. */
  readonly stickyBytes: number
  readonly ignoreKeys: boolean
  /** Keys or not: one record to each partition in turn. */
  readonly roundRobin: boolean
  /** Whether a broker that is set to creates a topic nobody made. */
  readonly createsTopics: boolean
  /** So long a topic may be unknown, while brokers answer, until it is refused. */
  readonly maxBlockMs: number
}

/** In what those differ who send. */
export interface SendingPolicy {
  readonly settings: SendingSettings
  /** On whose behalf records go out. */
  readonly session: ProducerSession
  readonly onRefusal: OnRefusal
  /** Told of outages; null where whoever waits for a send is told instead. */
  readonly log: Logger | null
  /**
   * Something that trying again does not mend: what is under way does not come about. The guilty sends, if
   * there are any, should fail for that very reason.
   */
  onFatal(error: ConnectError, guilty: readonly PendingSend[]): void
}
