import {
  intersection,
  isEmpty,
  noWork,
  union,
  type WorkSet,
  without,
  workSet
} from '../work/work-set.ts'
import {
  balancingRevocations,
  dealInTurn,
  loadsOf,
  removeFrom,
  spread,
  type WorkerLoad
} from './worker-load.ts'

/**
 * What a leader remembers from one round to the next. A new leader starts from `initialState`.
 *
 * Delay: when work is missing together with the member that had it, the leader waits up to `maxDelayMs` for
 * that member to return (a restart) before giving the work to others; members that are empty meanwhile are
 * candidates for it. The same delay, growing, holds back revocations that would otherwise follow each other
 * round after round.
 */
interface CooperativeState {
  /** Everything that should be running after the last round, lost work included. */
  readonly previous: WorkSet
  readonly previousGeneration: number
  readonly previousMembers: ReadonlySet<string>
  readonly previousRevocation: WorkSet
  readonly delayMs: number
  /** When the delay ends, in the time of `now`; null when none is running. */
  readonly scheduledRebalance: number | null
  readonly candidates: ReadonlySet<string>
  readonly revokedInPrevious: boolean
  readonly successiveRevocations: number
}

export const initialState: CooperativeState = {
  previous: noWork,
  previousGeneration: -1,
  previousMembers: new Set(),
  previousRevocation: noWork,
  delayMs: 0,
  scheduledRebalance: null,
  candidates: new Set(),
  revokedInPrevious: false,
  successiveRevocations: 0
}

interface CooperativeRound {
  /** Member id → what it says it runs. */
  readonly members: ReadonlyMap<string, WorkSet>
  readonly configured: WorkSet
  readonly generation: number
  /** The last generation in which this leader got an assignment, -1 for none. */
  readonly lastCompletedGeneration: number
  readonly now: number
  /** `scheduled.rebalance.max.delay.ms` */
  readonly maxDelayMs: number
}

export interface MemberOutcome {
  /** New for the member. */
  readonly assigned: WorkSet
  readonly revoked: WorkSet
  /** Everything it has after the round. */
  readonly total: WorkSet
}

export interface CooperativeOutcome {
  readonly state: CooperativeState
  readonly delayMs: number
  readonly members: ReadonlyMap<string, MemberOutcome>
}

/** Protocol versions 1 and 2: members keep what they have, the leader gives and takes the difference. */
export function assignCooperatively(
  before: CooperativeState,
  round: CooperativeRound
): CooperativeOutcome {
  const { members, configured } = round
  const active = union(...members.values())
  const previous = previousWork(before, round, active)
  const deleted = without(previous, configured)
  const lost = without(previous, active, deleted)
  const created = without(configured, previous, active)
  // What is gone or runs twice is taken from everybody; copies come back as created or lost in a later round.
  const unwanted = union(deleted, duplicates(members))
  const toRevoke = new Map([...members].map(([id, work]) => [id, intersection(work, unwanted)]))
  const loads = loadsOf(members)
  removeFrom(loads, toRevoke)

  const afterLost = handleLost(before, round, lost, loads)
  const balanced = balance(afterLost.state, round, loads)
  removeFrom(loads, balanced.revocations)
  spread(loads, union(created, afterLost.reassign))

  const outcomes = new Map<string, MemberOutcome>()
  for (const load of loads) {
    const total = workSet(load.connectors, load.tasks)
    outcomes.set(load.worker, {
      assigned: without(total, members.get(load.worker) ?? noWork),
      revoked: union(
        toRevoke.get(load.worker) ?? noWork,
        balanced.revocations.get(load.worker) ?? noWork
      ),
      total
    })
  }
  const revoked = union(...[...outcomes.values()].map((outcome) => outcome.revoked))
  const totals = union(...[...outcomes.values()].map((outcome) => outcome.total))
  return {
    members: outcomes,
    delayMs: balanced.state.delayMs,
    state: {
      ...balanced.state,
      previous: union(without(totals, revoked), lost),
      previousRevocation: revoked,
      previousGeneration: round.generation,
      previousMembers: new Set(members.keys())
    }
  }
}

/** The work of the last round as far as it can be trusted. */
function previousWork(before: CooperativeState, round: CooperativeRound, active: WorkSet): WorkSet {
  // Somebody else led in between, or the last assignment never arrived: what we remember may be wrong.
  const remembered =
    before.previousGeneration === round.lastCompletedGeneration ? before.previous : noWork
  const revocationIgnored = !isEmpty(intersection(before.previousRevocation, active))
  return revocationIgnored ? active : remembered
}

function duplicates(members: ReadonlyMap<string, WorkSet>): WorkSet {
  const twice = (kind: keyof WorkSet): Set<string> => {
    const seen = new Set<string>()
    const found = new Set<string>()
    for (const work of members.values()) {
      for (const item of work[kind]) {
        if (seen.has(item)) found.add(item)
        seen.add(item)
      }
    }
    return found
  }
  return { connectors: twice('connectors'), tasks: twice('tasks') }
}

const noDelay = { delayMs: 0, scheduledRebalance: null, candidates: new Set<string>() } as const

/** Decides whether lost work is given away now (answered, or put on candidates' loads), or waited for. */
function handleLost(
  before: CooperativeState,
  round: CooperativeRound,
  lost: WorkSet,
  loads: readonly WorkerLoad[]
): { state: CooperativeState; reassign: WorkSet } {
  if (isEmpty(lost) && !before.revokedInPrevious) {
    return { state: { ...before, ...noDelay }, reassign: noWork }
  }
  const { scheduledRebalance } = before
  const nobodyLeft = [...before.previousMembers].every((id) => round.members.has(id))
  if ((scheduledRebalance === null && nobodyLeft) || round.maxDelayMs === 0) {
    return { state: before, reassign: lost }
  }
  if (scheduledRebalance !== null && round.now >= scheduledRebalance) {
    const candidates = loads.filter((load) => before.candidates.has(load.worker))
    if (candidates.length > 0) dealInTurn(candidates, lost)
    return {
      state: { ...before, ...noDelay, revokedInPrevious: false },
      reassign: candidates.length > 0 ? noWork : lost
    }
  }
  const empty = loads.filter((load) => load.connectors.size === 0 && load.tasks.size === 0)
  const delayMs =
    scheduledRebalance === null ? round.maxDelayMs : Math.ceil(scheduledRebalance - round.now)
  return {
    state: {
      ...before,
      delayMs,
      scheduledRebalance: round.now + delayMs,
      candidates: new Set([...before.candidates, ...empty.map((load) => load.worker)])
    },
    reassign: noWork
  }
}

/**
 * Takes work from members that have more than their share, unless a delay is running or revocations follow
 * each other too fast.
 */
function balance(
  state: CooperativeState,
  round: CooperativeRound,
  loads: readonly WorkerLoad[]
): { state: CooperativeState; revocations: ReadonlyMap<string, WorkSet> } {
  if (state.delayMs > 0) {
    return { state: { ...state, revokedInPrevious: false }, revocations: new Map() }
  }
  const revocations = balancingRevocations(round.configured, loads)
  if (revocations.size === 0) {
    const settled = state.revokedInPrevious
      ? { ...state, revokedInPrevious: false, successiveRevocations: 0 }
      : state
    return { state: settled, revocations }
  }
  if (!state.revokedInPrevious) return { state: { ...state, revokedInPrevious: true }, revocations }
  const successiveRevocations = state.successiveRevocations + 1
  const delayMs = revocationBackoff(successiveRevocations, round.maxDelayMs)
  if (delayMs === 0) return { state: { ...state, successiveRevocations }, revocations }
  return {
    state: { ...state, successiveRevocations, delayMs, scheduledRebalance: round.now + delayMs },
    revocations: new Map()
  }
}

/** 40 ms, 1.6 s, 64 s, … up to the largest delay allowed. */
function revocationBackoff(attempt: number, maxDelayMs: number): number {
  return Math.min(40 ** attempt, maxDelayMs)
}
