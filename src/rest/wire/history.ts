import type { Change, ShownConfig } from '../../herder/herder.ts'

/** A change for clients; times in ISO 8601. */
export function changeInfo(change: Change): Readonly<Record<string, unknown>> {
  const { id, at, what, connector, by, workerId, details, before, after } = change
  const isOfConfig = before !== null || after !== null
  return {
    id,
    at: new Date(at).toISOString(),
    what,
    connector,
    by,
    worker_id: workerId,
    details,
    ...(isOfConfig ? { differences: differences(before, after), config: after } : {})
  }
}

/** By key, what stood there and what stands there now; null: nothing. */
export function differences(
  before: ShownConfig | null,
  after: ShownConfig | null
): Readonly<Record<string, { readonly before: string | null; readonly after: string | null }>> {
  const keys = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])
  const changed = [...keys].toSorted().flatMap((key) => {
    const [was, is] = [before?.[key] ?? null, after?.[key] ?? null]
    return was === is ? [] : [[key, { before: was, after: is }] as const]
  })
  return Object.fromEntries(changed)
}
