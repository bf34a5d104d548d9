import type { ConnectError } from '../errors.ts'

/**
 * What the rest of the worker asks of Kafka. Only this room imports a client library; its folders implement
 * these contracts. Settings arrive as Java client properties (`bootstrap.servers`, `security.protocol`,
 * `sasl.jaas.config`, …).
 */
export type ClientProperties = ReadonlyMap<string, string>

export interface ProducerRecord {
  readonly topic: string
  /** null: murmur2 of the key as Kafka's default partitioner, sticky for null keys. */
  readonly partition: number | null
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  /** Epoch ms; null: the time of sending. */
  readonly timestamp: number | null
  readonly headers: readonly (readonly [string, Uint8Array | null])[]
}

/** A record Kafka will never take; those around it are not concerned. */
export interface RefusedRecord {
  readonly record: ProducerRecord
  readonly reason: ConnectError
}

/**
 * Writes records with Connect's settings: acks=all, idempotent, order per partition kept, retries until
 * `delivery.timeout.ms`. Several sends may be under way; each promise resolves when all its records are
 * acknowledged, rejects when any is not (ConnectError, retriable or not), and a rejected send never lets a
 * later one of the same partition overtake it silently: after a non-retriable failure the producer refuses
 * further sends. A producer that was made to report refused records goes on without them.
 */
export interface RecordProducer {
  /** `buffer.memory`: how many bytes of records a caller may have under way. */
  readonly bufferBytes: number
  /** What sends wait for when they have waited for long; null when all is well. */
  readonly standstill: string | null
  /** Resolves with the records that were refused; none unless the producer was made to report them. */
  send(records: readonly ProducerRecord[]): Promise<readonly RefusedRecord[]>
  /** Waits at most `timeoutMs` for what is under way, then gives up on it. */
  close(timeoutMs: number): Promise<void>
}

/**
 * Writes records that readers of committed records see all at once, or never. One transaction at a time,
 * begun by the first send and ended by `commit` or `abort`; the caller sends nothing while one of these is
 * under way. Everything rejects with ConnectError: PRODUCER_FENCED when a newer producer has the
 * transactional id or the broker aborted the transaction, for it took longer than `transaction.timeout.ms`.
 */
export interface TransactionalProducer extends RecordProducer {
  /**
   * Takes the next epoch: ends whatever transaction is open and fences older producers. Comes before
   * everything else, and after a commit that ended TRANSACTION_UNCERTAIN: then it settles that commit, and is
   * refused if another producer came in between.
   */
  initialize(signal?: AbortSignal): Promise<void>
  readonly inTransaction: boolean
  /**
   * Waits until everything sent is acknowledged, then commits; readers see it milliseconds later.
   * TRANSACTION_UNCERTAIN: Kafka did not say whether it did.
   */
  commit(): Promise<void>
  abort(): Promise<void>
  /** Aborts the open transaction within `timeoutMs`; with 0 it is left to the next epoch or its time-out. */
  close(timeoutMs: number): Promise<void>
}

export interface LogRecord {
  readonly partition: number
  readonly offset: bigint
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
}

export interface TopicLogOptions {
  readonly topic: string
  /**
   * Client properties for everything this log does, unless said otherwise for what writes or creates the
   * topic.
   */
  readonly client: ClientProperties
  readonly writerClient?: ClientProperties
  readonly adminClient?: ClientProperties
  readonly clientId: string
  /**
   * How to create the topic when it is missing; `cleanup.policy=compact` is added. `partitions` -1 or
   * replicationFactor -1: the broker's default.
   */
  readonly create: {
    readonly partitions: number
    readonly replicationFactor: number
    readonly settings: ReadonlyMap<string, string>
  }
  /**
   * For error texts: the worker property that named the topic, and what it holds ("connector configurations",
   * …).
   */
  readonly property: string
  readonly purpose: string
  /** Refuse a topic with more than one partition. */
  readonly singlePartition: boolean
  /** Called for each record in order, first during start, later in the background. Must not throw. */
  onRecord(record: LogRecord): void
}

/**
 * A compacted topic read from its beginning and followed for ever, without a consumer group (KafkaBasedLog).
 */
export interface TopicLog {
  /**
   * Creates or checks the topic, reads what is committed of it. Bounded: rejects with a ConnectError that
   * names broker or topic.
   */
  start(signal?: AbortSignal): Promise<void>
  /**
   * Resolves when everything written before the call has been handed to `onRecord`; with read_committed,
   * transactions open then have ended.
   */
  readToEnd(timeoutMs: number): Promise<void>
  /** Writes one record and waits for the broker's acknowledgement. */
  send(key: Uint8Array, value: Uint8Array | null, timeoutMs: number): Promise<void>
  /** Writes several in order, as one batch. */
  sendAll(
    records: readonly { key: Uint8Array; value: Uint8Array | null }[],
    timeoutMs: number
  ): Promise<void>
  stop(): Promise<void>
}

export interface GroupProtocol {
  readonly name: string
  readonly metadata: Uint8Array
}

export interface GroupMember {
  readonly memberId: string
  /** Its `group.instance.id`; null: a member for as long as its session lasts. */
  readonly groupInstanceId: string | null
  readonly metadata: Uint8Array
}

/** One completed join and sync. */
export interface GroupRound {
  readonly generation: number
  readonly memberId: string
  readonly leaderId: string
  readonly protocol: string
  readonly assignment: Uint8Array
}

/** Why membership needs a new join. */
export type RebalanceReason = 'rebalance-in-progress' | 'member-unknown' | 'coordinator-lost'

export interface GroupMembershipOptions {
  readonly groupId: string
  /** What kind of group it is: of workers or of consumers. */
  readonly protocolType: 'connect' | 'consumer'
  /** `group.instance.id`. Such a member keeps its place when it goes: `leave` says nothing to the group. */
  readonly groupInstanceId?: string | undefined
  readonly client: ClientProperties
  readonly clientId: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly heartbeatIntervalMs: number
  /**
   * The group must be joined again. `rebalance-in-progress`: work may go on until then.
   * The others: this member is out and must stop its work first (I2).
   */
  onRebalance(reason: RebalanceReason): void
}

/** Membership of a group. Heartbeats run by themselves between rounds. */
export interface GroupMembership {
  /**
   * Joins (again) and resolves with the outcome. `protocols` in order of preference.
   * `assign` is called on the leader only and answers the assignment bytes per member id; nobody takes them
   * when `assignmentStands`, for the leader is a static member that came back to a group without changes.
   * Retries by itself on retriable broker errors until `signal` aborts; then rejects. A member id other than
   * that of the round before: the member was out in between. `kafkaError` FENCED_INSTANCE_ID: another
   * member has taken the `group.instance.id` of this one.
   */
  join(
    protocols: readonly GroupProtocol[],
    assign: (round: {
      protocol: string
      leaderId: string
      generation: number
      members: readonly GroupMember[]
      assignmentStands: boolean
    }) => Promise<ReadonlyMap<string, Uint8Array>>,
    signal: AbortSignal
  ): Promise<GroupRound>
  /** Whether the group must have given this member up, though nobody has said so yet. */
  readonly isOverdue: boolean
  /** Leaves the group, best effort within `timeoutMs`; `join` may be called again. */
  leave(reason: string, timeoutMs: number): Promise<void>
  close(): Promise<void>
}

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** `offset` of the next record to read; `leaderEpoch` and `metadata` as Kafka stores them beside it. */
export interface ConsumerPosition extends TopicPartition {
  readonly offset: number
  readonly leaderEpoch?: number
  readonly metadata?: string
}

/** A record as it lies in a topic. Offsets beyond the safe integers are refused. */
export interface ConsumedRecord extends TopicPartition {
  readonly offset: number
  readonly leaderEpoch: number
  /** Epoch ms; null: it has none. */
  readonly timestamp: number | null
  readonly timestampType: 'CreateTime' | 'LogAppendTime' | 'NoTimestampType'
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly { readonly key: string; readonly value: Buffer | null }[]
}

/** What is known of a partition of an assignment; null: not known yet. */
export interface PartitionProgress extends TopicPartition {
  /** Of the next record to be handed out. */
  readonly position: number | null
  readonly committed: number | null
  /** Behind the last record that may be read. */
  readonly end: number | null
}

export interface GroupConsumerOptions {
  /** `group.id`, `auto.offset.reset` … of the consumer; see settings/clients/consumer-settings.ts. */
  readonly client: ClientProperties
  readonly clientId: string
  /** Names, or which of the cluster's topics; `text` names the pattern in messages. */
  readonly subscription:
    | { readonly kind: 'topics'; readonly topics: readonly string[] }
    | { readonly kind: 'pattern'; readonly text: string; matches(topic: string): boolean }
  /** Unless a strategy is set: shares out by cooperative-sticky, by range where the group cannot do that. */
  readonly spreads?: boolean
  /** Bytes of records that may wait for `poll`. */
  readonly bufferBytes: number
  /** A position that the log does not have is an error of `poll`, whatever `auto.offset.reset` says. */
  readonly failsOutOfRange?: boolean
  /** Called within `poll`: positions may be sought before the first record. An error fails that `poll`. */
  onAssigned(partitions: readonly TopicPartition[]): Promise<void>
  /** Called within `poll` or `close`: for so long `commit` still goes as the member that held them (I17). */
  onRevoked(partitions: readonly TopicPartition[], withinMs: number): Promise<void>
  /** Called within `poll` or `close`: they are somebody else's already; nothing can be committed. */
  onLost(partitions: readonly TopicPartition[]): Promise<void>
  /**
   * Told at once, whatever its user is doing, so that he comes to `poll` within `withinMs` (0: he must undo
   * what he is doing). `rebalance`: the group shares out anew; `onRevoked` will be given `partitions` before
   * that, none where all assignors are cooperative. `lost`: the member is out. `overdue`: no `poll` within
   * `max.poll.interval.ms`; the consumer has left. After the last two the next call gives them to `onLost`.
   */
  onRevoking(
    reason: 'rebalance' | 'lost' | 'overdue',
    partitions: readonly TopicPartition[],
    withinMs: number
  ): void
}

/** What became of a commit for each partition: null, or why not. */
export type CommitOutcome = readonly (TopicPartition & { readonly error: ConnectError | null })[]

/**
 * A member of a consumer group (protocol type `consumer`) and its reading. Used by one caller, a call at a
 * time, but for `wakeup`, and for `commit`, which may run beside `poll`: one that a rebalance overtakes ends
 * with errors. Rebalances happen within `poll`, heartbeats and fetching by themselves. While a `poll` waits,
 * `max.poll.interval.ms` does not count.
 */
export interface GroupConsumer {
  /**
   * The next records, in the order of offsets within each partition; empty when the time is over, after
   * `wakeup`, and after a rebalance. Rejects with what can only be mended by people: no right to the group or
   * a topic, no position and `auto.offset.reset=none`, a record whose CRC is wrong. Waits for brokers that
   * are down, and says so in `standstill`.
   */
  poll(
    limits: { readonly records: number; readonly bytes: number },
    timeoutMs: number
  ): Promise<readonly ConsumedRecord[]>
  /** Ends the `poll` there is, or the next one, early. */
  wakeup(): void
  /** Tells (`onRevoking`) what must be lost though nobody has noticed: the process may have stood still. */
  checkMembership(): void
  /** What it has been waiting for for long; null when all is well. */
  readonly standstill: string | null
  readonly assignment: readonly TopicPartition[]
  readonly progress: readonly PartitionProgress[]
  /** The next three throw ConnectError for a partition that is not assigned. */
  pause(partitions: readonly TopicPartition[]): void
  resume(partitions: readonly TopicPartition[]): void
  /** What waits for `poll` of these partitions is dropped. */
  seek(positions: readonly ConsumerPosition[]): void
  /** One attempt after another within `timeoutMs`, never under another generation (I17). Never rejects. */
  commit(positions: readonly ConsumerPosition[], timeoutMs: number): Promise<CommitOutcome>
  /** Revokes (`onRevoked`), leaves the group and ends. */
  close(reason: string, timeoutMs: number): Promise<void>
}

/** A member of a consumer group, as its coordinator knows it. */
export interface GroupClient {
  /** Its client id, and where it is: `<client id> at <host>`. */
  readonly name: string
  /** Whether it is a consumer of a worker like this one; null: its coordinator does not show that now. */
  readonly isOurs: boolean | null
}

/**
 * Consumer groups from outside. Everything rejects with ConnectError; `kafkaError` in its facts names
 * Kafka's.
 */
export interface ConsumerGroups {
  /** All committed offsets; empty for a group that does not exist. */
  committed(groupId: string): Promise<readonly ConsumerPosition[]>
  /** Who is in a group now; empty for one that does not exist. */
  members(groupId: string): Promise<readonly GroupClient[]>
  /** Refused unless the group is empty. */
  alter(groupId: string, positions: readonly ConsumerPosition[]): Promise<void>
  /** Refused while a member subscribes to one of the topics. */
  deleteOffsets(groupId: string, partitions: readonly TopicPartition[]): Promise<void>
  /** false: there was no such group. Refused unless it is empty. */
  deleteGroup(groupId: string): Promise<boolean>
  /** First, next, or of the first record at or behind an instant (epoch ms; null where there is none). */
  offsetsAt(
    partitions: readonly TopicPartition[],
    at: 'earliest' | 'latest' | number
  ): Promise<readonly (TopicPartition & { readonly offset: number | null })[]>
  /** The id of the cluster, and those of the topics among these that have one. */
  ids(topics: readonly string[]): Promise<{ cluster: string; topics: ReadonlyMap<string, string> }>
  /** Names of all topics that may be seen, internal ones marked. */
  topics(): Promise<readonly { readonly name: string; readonly isInternal: boolean }[]>
  close(): Promise<void>
}

export interface TopicToCreate {
  readonly name: string
  readonly partitions: number
  readonly replicationFactor: number
  readonly settings: ReadonlyMap<string, string>
}

export interface ClusterAdmin {
  /** Rejects within a bounded time, naming the bootstrap servers, when no broker answers. */
  clusterId(): Promise<string>
  /** Partition count per existing topic. */
  describeTopics(names: readonly string[]): Promise<ReadonlyMap<string, number>>
  /** false: the topic existed already. */
  createTopic(topic: TopicToCreate): Promise<boolean>
  /** One setting of a topic (`cleanup.policy`); null when it may not be read. */
  topicSetting(topic: string, name: string): Promise<string | null>
  close(): Promise<void>
}

/** A few records of topics that are there. */
export interface RecordSample {
  readonly topics: readonly string[]
  /** Of each topic at most. */
  readonly records: number
  /** Whether the first or the last of each partition. */
  readonly from: 'earliest' | 'latest'
}

/** The factory main hands out; each method makes one client. `clientId` becomes `client.id`. */
export interface KafkaClients {
  admin(client: ClientProperties, clientId: string): ClusterAdmin
  /** `refused`: a record that Kafka will never take fails the producer, or is reported and left out. */
  producer(client: ClientProperties, clientId: string, refused?: 'fail' | 'report'): RecordProducer
  /** `transactional.id` is given here, not by the properties. */
  transactionalProducer(
    client: ClientProperties,
    clientId: string,
    transactionalId: string
  ): TransactionalProducer
  /** Ends the open transactions of producers with these transactional ids, and the producers. */
  fenceProducers(
    client: ClientProperties,
    clientId: string,
    transactionalIds: readonly string[],
    timeoutMs: number
  ): Promise<void>
  topicLog(options: TopicLogOptions): TopicLog
  groupMembership(options: GroupMembershipOptions): GroupMembership
  groupConsumer(options: GroupConsumerOptions): GroupConsumer
  consumerGroups(client: ClientProperties, clientId: string): ConsumerGroups
  /** In order, partition by partition. Rejects with ConnectError, and with the reason of `signal`. */
  sampleRecords(
    client: ClientProperties,
    clientId: string,
    sample: RecordSample,
    signal: AbortSignal
  ): Promise<readonly ConsumedRecord[]>
}
