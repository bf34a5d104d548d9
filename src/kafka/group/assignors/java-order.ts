import type { TopicPartition } from '../../contracts.ts'

const LEAST_BUCKETS = 16
const FULL = 0.75

/**
 * The order in which Java goes through a `HashMap` or `HashSet` that grew by these keys, one after the other:
 * Java's assignors go by it, and a group must not depend on whose consumer leads it. `peak`: how many keys
 * there were at most. (Eight keys and more in one bucket would stand in another order.)
 */
export function hashOrder<T>(keys: Iterable<T>, hashOf: (key: T) => number, peak?: number): T[] {
  const all = [...keys]
  let buckets = LEAST_BUCKETS
  while ((peak ?? all.length) > buckets * FULL) buckets *= 2
  const bucketOf = (key: T): number => {
    const hash = hashOf(key)
    return (hash ^ (hash >>> 16)) & (buckets - 1)
  }
  return all
    .map((key) => ({ key, bucket: bucketOf(key) }))
    .sort((a, b) => a.bucket - b.bucket)
    .map(({ key }) => key)
}

/**
 * The same, each key once, of a `HashMap` that was asked for these keys by `computeIfAbsent`: a new key goes
 * to the front of its bucket, and a table that is too full grows when it is asked next.
 */
export function computedHashOrder<T>(asked: readonly T[], hashOf: (key: T) => number): T[] {
  const keys = [...new Set(asked)].reverse()
  const isLastNew = asked.indexOf(asked.at(-1) as T) === asked.length - 1
  return hashOrder(keys, hashOf, isLastNew ? keys.length - 1 : keys.length)
}

/** `String.hashCode` */
export function textHash(text: string): number {
  let hash = 0
  for (let at = 0; at < text.length; at++) hash = (Math.imul(31, hash) + text.charCodeAt(at)) | 0
  return hash
}

/** `TopicPartition.hashCode` */
export function partitionHash({ topic, partition }: TopicPartition): number {
  return (Math.imul(31, 31 + partition) + textHash(topic)) | 0
}

/** `String.compareTo`, as far as its sign goes. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
