import type { MoveAuthor, MoveInfo } from '../../herder/start-from.ts'

const STATES = { STARTED: 'RUNNING', PAUSED: 'PAUSED', STOPPED: 'STOPPED' } as const

/** A move of a connector's positions. */
export function moveInfo({ targetState, by, problem, ...move }: MoveInfo): Record<string, unknown> {
  return {
    id: move.id,
    at: move.at,
    by: withoutNulls(by),
    request: move.request,
    state: move.state,
    ...(problem === null ? {} : { problem }),
    ended: move.ended,
    connector_state: STATES[targetState],
    offsets: move.offsets
  }
}

function withoutNulls(by: MoveAuthor): unknown {
  return Object.fromEntries(Object.entries(by).filter(([, value]) => value !== null))
}
