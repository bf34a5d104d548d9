import { compareTasks, type WorkSet, workSet } from '../work/work-set.ts'

/** The work one member will have after a round; grows and shrinks while the leader computes it. */
export interface WorkerLoad {
  readonly worker: string
  readonly connectors: Set<string>
  readonly tasks: Set<string>
}

type Kind = 'connectors' | 'tasks'

export function loadsOf(members: ReadonlyMap<string, WorkSet>): WorkerLoad[] {
  return [...members].map(([worker, work]) => ({
    worker,
    connectors: new Set(work.connectors),
    tasks: new Set(work.tasks)
  }))
}

export function removeFrom(
  loads: readonly WorkerLoad[],
  removals: ReadonlyMap<string, WorkSet>
): void {
  for (const load of loads) {
    const removed = removals.get(load.worker)
    for (const connector of removed?.connectors ?? []) load.connectors.delete(connector)
    for (const task of removed?.tasks ?? []) load.tasks.delete(task)
  }
}

/** Gives each item to the least loaded worker; between equals in the order of their ids, going round. */
export function spread(loads: readonly WorkerLoad[], work: WorkSet): void {
  deal(loads, 'connectors', [...work.connectors].sort())
  deal(loads, 'tasks', [...work.tasks].sort(compareTasks))
}

function deal(loads: readonly WorkerLoad[], kind: Kind, items: readonly string[]): void {
  const sorted = [...loads].sort(
    (a, b) => a[kind].size - b[kind].size || (a.worker < b.worker ? -1 : 1)
  )
  const waiting = [...items]
  while (waiting.length > 0) {
    const least = sorted[0]?.[kind].size ?? 0
    const above = sorted.findIndex((load) => load[kind].size > least)
    for (const load of above === -1 ? sorted : sorted.slice(0, above)) {
      const item = waiting.shift()
      if (item === undefined) return
      load[kind].add(item)
    }
  }
}

/** Deals items to some workers in turn, whatever they have already. */
export function dealInTurn(loads: readonly WorkerLoad[], work: WorkSet): void {
  for (const kind of ['connectors', 'tasks'] as const) {
    let turn = 0
    for (const item of work[kind]) loads[turn++ % loads.length]?.[kind].add(item)
  }
}

/**
 * What has to be taken away so that connectors, and separately tasks, are spread evenly: each worker keeps
 * the even share, as many as there is a remainder keep one more, and what is above goes, from the front.
 */
export function balancingRevocations(
  configured: WorkSet,
  loads: readonly WorkerLoad[]
): Map<string, WorkSet> {
  const revoked = new Map<string, { connectors: string[]; tasks: string[] }>()
  if (loads.every((load) => load.connectors.size === 0 && load.tasks.size === 0)) return new Map()
  for (const kind of ['connectors', 'tasks'] as const) {
    for (const [worker, items] of surplus(kind, configured[kind].size, loads)) {
      const entry = revoked.get(worker) ?? { connectors: [], tasks: [] }
      entry[kind].push(...items)
      revoked.set(worker, entry)
    }
  }
  return new Map(
    [...revoked].map(([worker, entry]) => [worker, workSet(entry.connectors, entry.tasks)])
  )
}

function surplus(
  kind: Kind,
  total: number,
  loads: readonly WorkerLoad[]
): [worker: string, items: string[]][] {
  const share = Math.floor(total / loads.length)
  const remainder = total % loads.length
  const withShare = loads.filter((load) => load[kind].size === share).length
  const withOneMore = loads.filter((load) => load[kind].size === share + 1).length
  if (withOneMore === remainder && withShare + withOneMore === loads.length) return []
  let extrasGranted = 0
  const result: [string, string[]][] = []
  for (const load of loads) {
    if (load[kind].size <= share) continue
    const keeps = extrasGranted < remainder ? share + 1 : share
    extrasGranted += 1
    const items = [...load[kind]].slice(0, Math.max(0, load[kind].size - keeps))
    if (items.length > 0) result.push([load.worker, items])
  }
  return result
}
