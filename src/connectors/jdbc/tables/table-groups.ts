/**
 * Splits items into at most `most` contiguous groups of sizes that differ by one at most, larger ones first.
 */
export function tableGroups<T>(items: readonly T[], most: number): T[][] {
  const count = Math.min(items.length, Math.max(1, most))
  const groups: T[][] = []
  let start = 0
  for (let group = 0; group < count; group++) {
    const size = Math.ceil((items.length - start) / (count - group))
    groups.push(items.slice(start, start + size))
    start += size
  }
  return groups
}
