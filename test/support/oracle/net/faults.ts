/** Where a fault can strike. */
export type FaultPoint = 'execute' | 'describe' | 'fetch' | 'commit' | 'rollback' | 'ping' | 'logon'

export interface FaultFilter {
  /** Only statements whose text fits. */
  readonly sql?: RegExp
  readonly user?: string
  /** How often; 1 unless told. */
  readonly times?: number
  /** `execute` unless told. */
  readonly on?: FaultPoint
}

type FaultAction =
  | { readonly kind: 'error'; readonly code: number }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'drop'; readonly afterRows: number }

interface Fault {
  readonly action: FaultAction
  readonly filter: FaultFilter
  left: number
}

/** Faults that are waiting to happen. */
export class Faults {
  readonly #faults: Fault[] = []

  add(action: FaultAction, filter: FaultFilter): void {
    this.#faults.push({ action, filter, left: filter.times ?? 1 })
  }

  clear(): void {
    this.#faults.length = 0
  }

  /** Takes what strikes here; `fetched`: rows of this query that the client has. */
  take(point: FaultPoint, facts: { sql: string; user: string; fetched?: number }): FaultAction[] {
    const actions: FaultAction[] = []
    for (const fault of this.#faults.slice()) {
      const { sql, user, on = 'execute' } = fault.filter
      if (on !== point || (user !== undefined && user !== facts.user)) continue
      if (sql !== undefined && !sql.test(facts.sql)) continue
      if (fault.action.kind === 'drop' && (facts.fetched ?? 0) < fault.action.afterRows) continue
      actions.push(fault.action)
      fault.left -= 1
      if (fault.left <= 0) this.#faults.splice(this.#faults.indexOf(fault), 1)
    }
    return actions
  }
}
