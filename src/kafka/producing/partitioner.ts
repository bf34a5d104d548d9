import type { ProducerRecord } from '../contracts.ts'

const SEED = 0x9747b28c
const M = 0x5bd1e995

/** The hash Kafka's producers partition by: MurmurHash2 over signed bytes, as a signed 32-bit number. */
export function murmur2(data: Uint8Array): number {
  const length = data.length
  let hash = SEED ^ length
  let at = 0
  for (; at + 4 <= length; at += 4) {
    let word = byte(data, at) | (byte(data, at + 1) << 8)
    word |= (byte(data, at + 2) << 16) | (byte(data, at + 3) << 24)
    word = Math.imul(word, M)
    word ^= word >>> 24
    hash = Math.imul(hash, M) ^ Math.imul(word, M)
  }
  const left = length - at
  if (left > 2) hash ^= byte(data, at + 2) << 16
  if (left > 1) hash ^= byte(data, at + 1) << 8
  if (left > 0) hash = Math.imul(hash ^ byte(data, at), M)
  hash ^= hash >>> 13
  hash = Math.imul(hash, M)
  return hash ^ (hash >>> 15)
}

function byte(data: Uint8Array, at: number): number {
  return data[at] ?? 0
}

/** Kafka's default partition of a key. */
export function partitionOfKey(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions
}

interface PartitionerSettings {
  readonly stickyBytes: number
  readonly ignoreKeys: boolean
  readonly roundRobin?: boolean
}

/**
 * Partitions of one topic's records: their own, that of their key, or for null keys one that sticks
 * until `stickyBytes` went there (Kafka's default partitioner without its weighing by queue length).
 */
export class TopicPartitioner {
  readonly #settings: PartitionerSettings
  #sticky: number
  #bytes = 0
  #next = 0

  constructor(settings: PartitionerSettings) {
    this.#settings = settings
    this.#sticky = Math.floor(Math.random() * 0x10000)
  }

  /**
   * `partitions`: how many the topic has. An explicit partition is returned as it is, even when the topic has
   * fewer.
   */
  partition(record: ProducerRecord, partitions: number): number {
    if (record.partition !== null) return record.partition
    const { stickyBytes, ignoreKeys, roundRobin = false } = this.#settings
    if (roundRobin) return this.#next++ % partitions
    if (record.key !== null && !ignoreKeys) return partitionOfKey(record.key, partitions)
    if (this.#bytes >= stickyBytes) {
      this.#bytes = 0
      this.#sticky++
    }
    this.#bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0)
    return this.#sticky % partitions
  }
}
