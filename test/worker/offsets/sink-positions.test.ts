import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConnectError } from '../../../src/errors.ts'
import type { RequestedOffset } from '../../../src/worker/contracts.ts'
import { groupPositions, storedPositions } from '../../../src/worker/offsets/sink-positions.ts'

const of = (topic: unknown, partition: unknown, offset: unknown) =>
  ({
    partition: { kafka_topic: topic, kafka_partition: partition },
    offset: offset === null ? null : { kafka_offset: offset }
  }) as RequestedOffset

describe('positions of a sink', () => {
  it('may be numbers or texts, and null removes one', () => {
    const wanted = [of('a', '3', '7'), of('a', 4, null), of(5, '+1', 9_007_199_254_740_991)]
    assert.deepEqual(groupPositions(wanted), [
      { topic: 'a', partition: 3, offset: 7 },
      { topic: 'a', partition: 4, offset: null },
      { topic: '5', partition: 1, offset: 9_007_199_254_740_991 }
    ])
  })

  it('of one partition are one, however it is written', () => {
    assert.deepEqual(groupPositions([of('a', '0', 1), of('a', 0, 2)]), [
      { topic: 'a', partition: 0, offset: 2 }
    ])
  })

  it('are refused in the words of the JVM worker', () => {
    const problems: [RequestedOffset, string][] = [
      [
        { partition: null, offset: null },
        'The partition for a sink connector offset cannot be null or missing'
      ],
      [
        { partition: { kafka_topic: 'a' }, offset: null },
        "The partition for a sink connector offset must contain the keys 'kafka_topic' and 'kafka_partition'"
      ],
      [of(null, 0, 1), 'Kafka topic names must be valid strings and may not be null'],
      [of('a', null, 1), 'Kafka partitions must be valid numbers and may not be null'],
      [
        of('a', 1.5, 1),
        "Failed to parse the following Kafka partition value in the provided offsets: '1.5'. Partition values for sink connectors need to be integers."
      ],
      [
        of('a', 2_147_483_648, 1),
        "Failed to parse the following Kafka partition value in the provided offsets: '2147483648'. Partition values for sink connectors need to be integers."
      ],
      [
        { ...of('a', 0, null), offset: { offset: 1 } },
        "The offset for a sink connector should either be null or contain the key 'kafka_offset'"
      ],
      [
        { ...of('a', 0, null), offset: { kafka_offset: null } },
        "Failed to parse the following Kafka offset value in the provided offsets: 'null'. Offset values for sink connectors need to be integers."
      ],
      [
        of('a', 0, 9_223_372_036_854_775_808n),
        "Failed to parse the following Kafka offset value in the provided offsets: '9223372036854775808'. Offset values for sink connectors need to be integers."
      ]
    ]
    for (const [given, message] of problems) {
      assert.throws(
        () => groupPositions([given]),
        (error) => {
          assert.ok(error instanceof ConnectError)
          assert.deepEqual([error.status, error.message], [400, message])
          return true
        }
      )
    }
  })

  it('that no partition can have are refused', () => {
    for (const offset of [-1, 9_007_199_254_740_992n]) {
      assert.throws(() => groupPositions([of('a', 0, offset)]), /a-0 can have no offset/)
    }
  })

  it('are told by topic and partition', () => {
    const told = storedPositions([
      { topic: 'b', partition: 0, offset: 1 },
      { topic: 'a', partition: 10, offset: 2 },
      { topic: 'a', partition: 9, offset: 3 }
    ])
    assert.deepEqual(
      told.map(({ partition }) => `${partition['kafka_topic']}-${partition['kafka_partition']}`),
      ['a-9', 'a-10', 'b-0']
    )
  })
})
