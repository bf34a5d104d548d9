import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConfigError } from '../../../src/errors.ts'
import { consumingSettings } from '../../../src/settings/clients/consumer-settings.ts'

const KAFKA = 'org.apache.kafka.clients.consumer'

const settings = (given: Readonly<Record<string, string>> = {}) =>
  consumingSettings(
    new Map(
      Object.entries({ 'bootstrap.servers': 'localhost:9092', 'group.id': 'group', ...given })
    )
  )

describe('Settings of a member of a consumer group', () => {
  it("are those of Kafka's consumer where nothing is said", () => {
    assert.deepEqual(settings(), {
      groupId: 'group',
      groupInstanceId: null,
      reset: 'latest',
      assignors: ['range', 'cooperative-sticky'],
      sessionTimeoutMs: 45_000,
      heartbeatIntervalMs: 3000,
      maxPollIntervalMs: 300_000,
      maxPollRecords: 500,
      autoCreateTopics: true,
      excludeInternalTopics: true,
      rack: ''
    })
  })

  it('name assignors by their Java classes, in order', () => {
    const { assignors } = settings({
      'partition.assignment.strategy': `${KAFKA}.StickyAssignor, ${KAFKA}.RoundRobinAssignor,${KAFKA}.CooperativeStickyAssignor`
    })
    assert.deepEqual(assignors, ['sticky', 'roundrobin', 'cooperative-sticky'])
  })

  it('refuse a class that is not known here, and say which are', () => {
    const wrong = { 'partition.assignment.strategy': `${KAFKA}.RangeAssignor,com.example.Mine` }
    assert.throws(
      () => settings(wrong),
      (error: unknown) =>
        error instanceof ConfigError &&
        /com\.example\.Mine .*partition\.assignment\.strategy.*RangeAssignor.*RoundRobinAssignor.*StickyAssignor.*CooperativeStickyAssignor/.test(
          error.message
        )
    )
    assert.throws(() => settings({ 'partition.assignment.strategy': '' }), ConfigError)
  })

  for (const [text, beforeMs] of [
    ['PT30M', 1_800_000],
    ['P1DT2H', 93_600_000],
    ['pt0.25s', 250],
    ['P2D', 172_800_000]
  ] as const) {
    it(`read by_duration:${text} as ${beforeMs} ms`, () => {
      assert.deepEqual(settings({ 'auto.offset.reset': `by_duration:${text}` }).reset, { beforeMs })
    })
  }

  it('need a group, and heartbeats within a session', () => {
    assert.throws(() => settings({ 'group.id': '' }), /group\.id/)
    assert.throws(
      () => settings({ 'session.timeout.ms': '6000', 'heartbeat.interval.ms': '6000' }),
      /heartbeat\.interval\.ms.*session\.timeout\.ms/
    )
  })
})
