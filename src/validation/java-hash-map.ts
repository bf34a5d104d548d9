/**
 * The order in which Java goes through a `HashMap` that was copied from these keys: by hash within the
 * smallest table that holds them. JVM workers print configurations in it, and people compare messages.
 */
export function javaHashMapOrder<T extends readonly [key: string, value: unknown]>(
  entries: readonly T[]
): T[] {
  const wanted = Math.floor(entries.length / 0.75 + 1)
  const buckets = 2 ** Math.ceil(Math.log2(wanted))
  const bucketOf = (key: string): number => {
    const hash = javaHash(key)
    return (hash ^ (hash >>> 16)) & (buckets - 1)
  }
  return entries.toSorted(([a], [b]) => bucketOf(a) - bucketOf(b))
}

/** `String.hashCode` */
function javaHash(text: string): number {
  let hash = 0
  for (let at = 0; at < text.length; at++) hash = (Math.imul(31, hash) + text.charCodeAt(at)) | 0
  return hash
}
