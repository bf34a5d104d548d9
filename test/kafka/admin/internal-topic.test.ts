import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConnectError } from '../../../src/errors.ts'
import type { ClusterAdmin, TopicToCreate } from '../../../src/kafka/contracts.ts'
import { ensureInternalTopic } from '../../../src/kafka/admin/internal-topic.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { logOptions } from '../support.ts'

/** A managed cluster that does not let its users choose everything. */
function cluster(refuses: (topic: TopicToCreate) => string | null) {
  const asked: TopicToCreate[] = []
  const admin: ClusterAdmin = {
    clusterId: async () => 'managed',
    describeTopics: async () => new Map(),
    async createTopic(topic) {
      asked.push(topic)
      const kafkaError = refuses(topic)
      if (kafkaError !== null) throw new ConnectError('KAFKA_ERROR', 'refused', { kafkaError })
      return true
    },
    topicSetting: async () => 'compact',
    async close() {}
  }
  return { admin, asked }
}

describe('an internal topic of a cluster that refuses settings', () => {
  for (const reason of ['INVALID_CONFIG', 'POLICY_VIOLATION']) {
    it(`is made without the sizes of segments that nobody asked for (${reason})`, async () => {
      const { admin, asked } = cluster(({ settings }) =>
        settings.has('segment.ms') ? reason : null
      )
      const settings = new Map([['min.insync.replicas', '2']])
      const create = { partitions: 1, replicationFactor: 3, settings }
      await ensureInternalTopic(admin, logOptions({ create }), recordingLog().log)
      assert.deepEqual(
        asked.at(-1)?.settings,
        new Map([...settings, ['cleanup.policy', 'compact']])
      )
    })
  }

  it('is refused when it does not take what was asked for', async () => {
    const { admin } = cluster(() => 'POLICY_VIOLATION')
    await assert.rejects(ensureInternalTopic(admin, logOptions(), recordingLog().log), {
      code: 'TOPIC_UNSUITABLE',
      message: /POLICY_VIOLATION/
    })
  })
})
