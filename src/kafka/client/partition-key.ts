/** One text for each partition of each topic. */
export function partitionKey(topic: string, partition: number): string {
  return `${topic}-${partition}`
}
