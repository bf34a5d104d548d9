import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConfigError } from '../../../src/errors.ts'
import {
  topicCreationGroups,
  type TopicCreationRule,
  topicMatcher
} from '../../../src/settings/connector/topic-creation-groups.ts'

const rules = (settings: Record<string, string>) =>
  topicCreationGroups(
    new Map(
      Object.entries(settings).map(([key, value]) => [
        key === 'groups' ? 'topic.creation.groups' : `topic.creation.${key}`,
        value
      ])
    )
  )
const base = { 'default.partitions': '3', 'default.replication.factor': '-1' }

function complaint(settings: Record<string, string>): string {
  try {
    rules(settings)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.message
  }
  return ''
}

describe('topic creation groups', () => {
  it('are none when the connector has no such keys', () => {
    assert.equal(topicCreationGroups(new Map([['name', 'x']])), null)
  })

  it('come in the order they are listed, with default last, which matches everything', () => {
    const all = rules({
      ...base,
      groups: 'logs, orders',
      'logs.include': 'log-.*, audit',
      'logs.exclude': 'log-secret.*',
      'logs.partitions': '1',
      'logs.cleanup.policy': 'delete',
      'orders.include': 'orders',
      'default.retention.ms': '60000'
    })
    assert.deepEqual(
      all?.map(({ group, partitions, replicationFactor, settings }) => ({
        group,
        partitions,
        replicationFactor,
        settings
      })),
      [
        {
          group: 'logs',
          partitions: 1,
          replicationFactor: -1,
          settings: new Map([['cleanup.policy', 'delete']])
        },
        { group: 'orders', partitions: 3, replicationFactor: -1, settings: new Map() },
        {
          group: 'default',
          partitions: 3,
          replicationFactor: -1,
          settings: new Map([['retention.ms', '60000']])
        }
      ]
    )
    const ruleOf = (topic: string) => all?.find((rule) => topicMatcher(rule)(topic))?.group
    assert.equal(ruleOf('log-1'), 'logs')
    assert.equal(ruleOf('audit'), 'logs')
    assert.equal(ruleOf('audit-2'), 'default')
    assert.equal(ruleOf('log-secret-1'), 'default')
    assert.equal(ruleOf('orders'), 'orders')
    assert.equal(ruleOf('my-orders'), 'default')
  })

  it('match as Java does', () => {
    const all = rules({ ...base, groups: 'g', 'g.include': '(?i)EU\\p{Punct}++\\Qa.b\\E' })
    const matches = topicMatcher(all?.[0] as TopicCreationRule)
    assert.equal(matches('eu--a.b'), true)
    assert.equal(matches('eu--axb'), false)
  })

  for (const [settings, message] of [
    [
      { 'default.partitions': '1' },
      'Missing required configuration "topic.creation.default.replication.factor" which has no default value.'
    ],
    [
      { 'default.replication.factor': '1' },
      'Missing required configuration "topic.creation.default.partitions" which has no default value.'
    ],
    [
      { ...base, 'default.partitions': '0' },
      "Invalid value 0 for configuration topic.creation.default.partitions: Number of partitions must be positive, or -1 to use the broker's default"
    ],
    [
      { ...base, 'default.replication.factor': '0' },
      "Invalid value 0 for configuration topic.creation.default.replication.factor: Replication factor must be positive and not larger than the number of brokers in the Kafka cluster, or -1 to use the broker's default"
    ],
    [
      { ...base, groups: 'a', 'a.partitions': 'many' },
      'Invalid value many for configuration topic.creation.a.partitions: Not a number of type INT'
    ],
    [
      { ...base, groups: 'a', 'a.include': '(' },
      'Invalid value [(] for configuration topic.creation.a.include: Invalid regex: Unclosed group near index 1\n('
    ],
    [
      { ...base, groups: 'a', 'a.exclude': '*' },
      "Invalid value [*] for configuration topic.creation.a.exclude: Invalid regex: Dangling meta character '*' near index 0\n*\n^"
    ],
    [
      { ...base, groups: 'a,a' },
      'Invalid value [a, a] for configuration topic.creation.groups: Duplicate alias provided.'
    ]
  ] as [Record<string, string>, string][]) {
    it(`refuse ${JSON.stringify(settings)}`, () => assert.equal(complaint(settings), message))
  }
})
