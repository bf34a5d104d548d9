import { partitionsProblem, replicationFactorProblem } from '../clients/topic-numbers.ts'
import { configDef } from '../../config/config-def.ts'
import { hmacProblem } from './hmac-algorithms.ts'

const PROTOCOLS = ['eager', 'compatible', 'sessioned'] as const
const isProtocol = (word: string): boolean => PROTOCOLS.some((known) => known === word)
/** Java's generator refuses keys shorter than this many bits. */
const MIN_KEY_BITS = 40

/** The group of workers and the topics it keeps its state in. */
const clusterKeys = configDef({
  'group.id': {
    type: 'string',
    importance: 'high',
    doc: 'Name of the Connect cluster. Workers with the same name share the connectors; no consumer group may have it.'
  },
  'session.timeout.ms': {
    type: 'int',
    default: 10_000,
    importance: 'high',
    doc: 'How long the coordinator waits for a sign of life before it counts a worker as gone.'
  },
  'rebalance.timeout.ms': {
    type: 'int',
    default: 60_000,
    importance: 'high',
    doc: 'How long each worker may take to join once a rebalance has begun.'
  },
  'heartbeat.interval.ms': {
    type: 'int',
    default: 3000,
    importance: 'high',
    doc: 'Time between two signs of life; at most a third of `session.timeout.ms`.'
  },
  'exactly.once.source.support': {
    type: 'string',
    default: 'disabled',
    oneOfIgnoreCase: ['DISABLED', 'ENABLED', 'PREPARING'],
    read: (value: string) => value.toLowerCase() as 'disabled' | 'enabled' | 'preparing',
    importance: 'high',
    doc: 'Whether source tasks write records and offsets in transactions. To switch it on, roll the cluster once with `preparing`, then once with `enabled`.'
  },
  'worker.sync.timeout.ms': {
    type: 'int',
    default: 3000,
    importance: 'medium',
    doc: 'How long a worker that fell behind on the config topic tries to catch up before it leaves the group.'
  },
  'worker.unsync.backoff.ms': {
    type: 'int',
    default: 300_000,
    importance: 'medium',
    doc: 'How long a worker that could not catch up stays away from the group.'
  },
  'config.storage.topic': {
    type: 'string',
    nonEmpty: true,
    importance: 'high',
    doc: 'Topic for connector configurations; compacted, one partition. Other keys behind `config.storage.` are settings for its creation.'
  },
  'config.storage.replication.factor': {
    type: 'short',
    default: 3,
    check: replicationFactorProblem,
    importance: 'low',
    doc: 'Replication factor the config topic is created with; -1 is the default of the brokers.'
  },
  'offset.storage.topic': {
    type: 'string',
    nonEmpty: true,
    importance: 'high',
    doc: 'Topic for source offsets; compacted. Other keys behind `offset.storage.` are settings for its creation.'
  },
  'offset.storage.partitions': {
    type: 'int',
    default: 25,
    check: partitionsProblem,
    importance: 'low',
    doc: 'Number of partitions the offset topic is created with; -1 is the default of the brokers.'
  },
  'offset.storage.replication.factor': {
    type: 'short',
    default: 3,
    check: replicationFactorProblem,
    importance: 'low',
    doc: 'Replication factor the offset topic is created with; -1 is the default of the brokers.'
  },
  'status.storage.topic': {
    type: 'string',
    nonEmpty: true,
    importance: 'high',
    doc: 'Topic for states of connectors and tasks; compacted. Other keys behind `status.storage.` are settings for its creation.'
  },
  'status.storage.partitions': {
    type: 'int',
    default: 5,
    check: partitionsProblem,
    importance: 'low',
    doc: 'Number of partitions the status topic is created with; -1 is the default of the brokers.'
  },
  'status.storage.replication.factor': {
    type: 'short',
    default: 3,
    check: replicationFactorProblem,
    importance: 'low',
    doc: 'Replication factor the status topic is created with; -1 is the default of the brokers.'
  },
  'history.storage.topic': {
    type: 'string',
    default: null,
    nonEmpty: true,
    importance: 'medium',
    doc: 'Topic for the history of changes: who changed what, and the configurations before and after, without passwords. Not set: none is kept. Other keys behind `history.storage.` are settings for its creation.'
  },
  'history.storage.replication.factor': {
    type: 'short',
    default: 3,
    check: replicationFactorProblem,
    importance: 'low',
    doc: 'Replication factor the history topic is created with; -1 is the default of the brokers.'
  },
  'connect.protocol': {
    type: 'string',
    default: 'sessioned',
    check: (value: string) =>
      isProtocol(value.toLowerCase()) ? null : 'Invalid Connect protocol compatibility',
    read: (value: string) => value.toLowerCase() as (typeof PROTOCOLS)[number],
    importance: 'low',
    doc: 'How workers agree on who runs what: `sessioned` (incremental, with signed internal requests), `compatible` (incremental) or `eager`.'
  },
  'scheduled.rebalance.max.delay.ms': {
    type: 'int',
    default: 300_000,
    atLeast: 0,
    importance: 'low',
    doc: 'How long the work of a lost worker waits for that worker to come back before others take it.'
  },
  'inter.worker.key.ttl.ms': {
    type: 'int',
    default: 3_600_000,
    atLeast: 0,
    importance: 'low',
    doc: 'How long a session key is used before the leader makes a new one; 0 keeps it for ever.'
  },
  'inter.worker.key.generation.algorithm': {
    type: 'string',
    default: 'HmacSHA256',
    check: hmacProblem,
    importance: 'low',
    doc: 'Algorithm session keys are made for.'
  },
  'inter.worker.key.size': {
    type: 'int',
    default: null,
    check: (value: number | null, all: ReadonlyMap<string, unknown>) =>
      value === null || value >= MIN_KEY_BITS
        ? null
        : {
            sentence: `Unable to create key generator with algorithm ${all.get('inter.worker.key.generation.algorithm')} and key size ${value}: Key length must be at least ${MIN_KEY_BITS} bits`
          },
    importance: 'low',
    doc: 'Bits of a session key; not set: what the algorithm suggests.'
  },
  'inter.worker.signature.algorithm': {
    type: 'string',
    default: 'HmacSHA256',
    check: (value: string, all: ReadonlyMap<string, unknown>) => {
      const accepted = all.get('inter.worker.verification.algorithms')
      if (hmacProblem(value) !== null) return hmacProblem(value)
      return Array.isArray(accepted) && accepted.length > 0 && !accepted.includes(value)
        ? 'Signature algorithm must be present in inter.worker.verification.algorithms list'
        : null
    },
    importance: 'low',
    doc: 'Algorithm internal requests are signed with.'
  },
  'inter.worker.verification.algorithms': {
    type: 'list',
    default: ['HmacSHA256'],
    check: (value: readonly string[]) => {
      if (value.length === 0)
        return 'At least one signature verification algorithm must be provided'
      const unknown = value.find((algorithm) => hmacProblem(algorithm) !== null)
      return unknown === undefined
        ? null
        : {
            sentence: `Invalid value ${unknown} for configuration inter.worker.verification.algorithms: ${hmacProblem(unknown)}`
          }
    },
    importance: 'low',
    doc: 'Algorithms accepted in signatures of other workers; contains the one this worker signs with.'
  }
})

/** The worker's own connection to Kafka. */
const connectionKeys = configDef({
  'client.id': {
    type: 'string',
    default: '',
    importance: 'low',
    doc: 'Part of the names under which this worker appears in the logs and quotas of the brokers.'
  },
  'metadata.max.age.ms': {
    type: 'long',
    default: 300_000,
    atLeast: 0,
    importance: 'low',
    doc: 'How old knowledge about brokers and partitions may get.'
  },
  'metadata.recovery.strategy': {
    type: 'string',
    default: 'rebootstrap',
    oneOfIgnoreCase: ['REBOOTSTRAP', 'NONE'],
    importance: 'low',
    noEffect: true,
    doc: 'This worker always returns to `bootstrap.servers` when no known broker answers: accepted, changes nothing here.'
  },
  'metadata.recovery.rebootstrap.trigger.ms': {
    type: 'long',
    default: 300_000,
    atLeast: 0,
    importance: 'low',
    noEffect: true,
    doc: 'This worker returns to `bootstrap.servers` by itself: accepted, changes nothing here.'
  },
  'send.buffer.bytes': {
    type: 'int',
    default: 131_072,
    atLeast: -1,
    importance: 'medium',
    noEffect: true,
    doc: 'Node.js leaves socket buffers to the system: accepted, changes nothing here.'
  },
  'receive.buffer.bytes': {
    type: 'int',
    default: 32_768,
    atLeast: -1,
    importance: 'medium',
    noEffect: true,
    doc: 'Node.js leaves socket buffers to the system: accepted, changes nothing here.'
  },
  'reconnect.backoff.ms': {
    type: 'long',
    default: 50,
    atLeast: 0,
    importance: 'low',
    noEffect: true,
    doc: '`retry.backoff.ms` paces new connections too: accepted, changes nothing here.'
  },
  'reconnect.backoff.max.ms': {
    type: 'long',
    default: 1000,
    atLeast: 0,
    importance: 'low',
    noEffect: true,
    doc: '`retry.backoff.max.ms` paces new connections too: accepted, changes nothing here.'
  },
  'socket.connection.setup.timeout.ms': {
    type: 'long',
    default: 10_000,
    atLeast: 0,
    importance: 'low',
    doc: 'How long opening a connection may take.'
  },
  'socket.connection.setup.timeout.max.ms': {
    type: 'long',
    default: 30_000,
    atLeast: 0,
    importance: 'low',
    noEffect: true,
    doc: '`socket.connection.setup.timeout.ms` is not raised after failures: accepted, changes nothing here.'
  },
  'retry.backoff.ms': {
    type: 'long',
    default: 100,
    atLeast: 0,
    importance: 'low',
    doc: 'First pause before a failed request is sent again.'
  },
  'retry.backoff.max.ms': {
    type: 'long',
    default: 1000,
    atLeast: 0,
    importance: 'low',
    doc: 'Longest such pause.'
  },
  'request.timeout.ms': {
    type: 'int',
    default: 40_000,
    atLeast: 0,
    importance: 'medium',
    doc: 'How long to wait for the answer to a request.'
  },
  'connections.max.idle.ms': {
    type: 'long',
    default: 540_000,
    importance: 'medium',
    noEffect: true,
    doc: 'Brokers close unused connections by themselves: accepted, changes nothing here.'
  }
})

/** Settings only a distributed worker has. */
export const distributedKeys = configDef({ ...clusterKeys, ...connectionKeys })
