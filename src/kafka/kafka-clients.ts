import type { Clock } from '../clock.ts'
import { type Logger, loggers } from '../log.ts'
import { KafkaAdmin } from './admin/admin.ts'
import type { KafkaClients } from './contracts.ts'
import { fenceProducers } from './producing/fence-producers.ts'
import { KafkaConsumerGroups } from './group/consumer-groups.ts'
import { KafkaGroupMembership } from './group/group-membership.ts'
import { HeartbeatThread } from './group/heartbeat-thread.ts'
import { KafkaGroupConsumer } from './group/group-consumer.ts'
import { KafkaRecordProducer } from './producing/producer.ts'
import { sampleRecords } from './reading/sampled-records.ts'
import { KafkaTopicLog } from './reading/topic-log.ts'
import { KafkaTransactionalProducer } from './producing/transactional-producer.ts'
import { clientIdOf } from '../settings/clients/client-settings.ts'

/** The clients of this room. Without `log` each kind logs under the name of its Java counterpart. */
export function createKafkaClients(clock: Clock, log?: Logger): KafkaClients {
  const logger = (name: string): Logger => log ?? loggers.get(name)
  const heartbeats = new HeartbeatThread(clock)
  return {
    admin: (client, clientId) => new KafkaAdmin(clock, client, clientIdOf(client, clientId)),
    producer: (client, clientId, refused = 'fail') =>
      new KafkaRecordProducer(
        clock,
        client,
        clientIdOf(client, clientId),
        logger('org.apache.kafka.clients.producer.KafkaProducer'),
        { refused }
      ),
    transactionalProducer: (client, clientId, transactionalId) =>
      new KafkaTransactionalProducer(
        clock,
        client,
        clientIdOf(client, clientId),
        transactionalId,
        logger('org.apache.kafka.clients.producer.KafkaProducer')
      ),
    fenceProducers: (...parameters) => fenceProducers(clock, ...parameters),
    topicLog: (options) =>
      new KafkaTopicLog(clock, options, logger('org.apache.kafka.connect.util.KafkaBasedLog')),
    groupMembership: (options) =>
      new KafkaGroupMembership(
        clock,
        options,
        heartbeats,
        logger('org.apache.kafka.connect.runtime.distributed.WorkerGroupMember')
      ),
    groupConsumer: (options) =>
      new KafkaGroupConsumer(
        { clock, heartbeats, log: logger('org.apache.kafka.clients.consumer.KafkaConsumer') },
        options,
        clientIdOf(options.client, options.clientId)
      ),
    sampleRecords: (client, clientId, ...parameters) =>
      sampleRecords(clock, client, clientIdOf(client, clientId), ...parameters),
    consumerGroups: (client, clientId) =>
      new KafkaConsumerGroups(clock, client, clientIdOf(client, clientId))
  }
}
