import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ProducerRecord } from '../../../src/kafka/contracts.ts'
import {
  TopicPartitioner,
  murmur2,
  partitionOfKey
} from '../../../src/kafka/producing/partitioner.ts'

const record = (key: string | null, partition: number | null = null): ProducerRecord => ({
  topic: 't',
  partition,
  key: key === null ? null : Buffer.from(key),
  value: Buffer.alloc(100),
  timestamp: null,
  headers: []
})

describe('murmur2', () => {
  // Computed with org.apache.kafka.common.utils.Utils.murmur2 of Kafka 4.3.1.
  const vectors: readonly [string, number][] = [
    ['', 275646681],
    ['a', -1563381124],
    ['ab', 316155434],
    ['21', -973932308],
    ['abc', 479470107],
    ['foobar', -790332482],
    ['ключ', 2122343024],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971]
  ]
  for (const [text, expected] of vectors) {
    it(`hashes ${JSON.stringify(text)} as Kafka does`, () => {
      assert.equal(murmur2(Buffer.from(text)), expected)
    })
  }

  it('treats bytes beyond 127 as Kafka does', () => {
    assert.equal(murmur2(Uint8Array.of(0xff, 0x80, 0x90, 0xfe, 0xff, 0x81, 0x82)), -1436268532)
  })
})

describe('TopicPartitioner', () => {
  it('gives a key the same partition as Java producers', () => {
    const partitioner = new TopicPartitioner({ stickyBytes: 16_384, ignoreKeys: false })
    assert.equal(partitioner.partition(record('foobar'), 7), (-790332482 & 0x7fffffff) % 7)
    assert.equal(partitionOfKey(Buffer.from('21'), 1), 0)
  })

  it('keeps an explicit partition', () => {
    assert.equal(
      new TopicPartitioner({ stickyBytes: 16_384, ignoreKeys: false }).partition(
        record('foobar', 5),
        7
      ),
      5
    )
  })

  it('stays with one partition for null keys until enough bytes went there, then takes the next', () => {
    const partitioner = new TopicPartitioner({ stickyBytes: 250, ignoreKeys: false })
    const partitions = Array.from({ length: 9 }, () => partitioner.partition(record(null), 3))
    const [first = 0] = partitions
    assert.deepEqual(
      partitions,
      [0, 0, 0, 1, 1, 1, 2, 2, 2].map((step) => (first + step) % 3)
    )
  })

  it('spreads keyed records too when keys are to be ignored', () => {
    const partitioner = new TopicPartitioner({ stickyBytes: 1, ignoreKeys: true })
    const used = new Set(
      Array.from({ length: 3 }, () => partitioner.partition(record('foobar'), 3))
    )
    assert.equal(used.size, 3)
  })
})
