import { DataError } from '../errors.ts'
import type { TargetState } from './target-state.ts'
import { objectFields } from './connect-json.ts'
import type { StoredMap } from './offset-store.ts'

/** Who asked for a move, as far as it is known. */
export interface MoveAuthor {
  /** Account of an authenticated request; null: requests are not authenticated. */
  readonly user: string | null
  /** Network address the request came from. */
  readonly address: string | null
  /** What the request said of itself (`X-Requested-By`); not verified. */
  readonly note: string | null
}

/** One partition that is moved; `old` null: none was stored, `offset` null: the stored one is removed. */
export interface MovedOffset {
  readonly partition: StoredMap
  readonly old: StoredMap | null
  readonly offset: StoredMap | null
}

/**
 * What a move belongs to: nothing else; a connector that is created behind new offsets, deleted with its
 * offsets, or gets a configuration for which the offsets have to be prepared.
 */
type MoveKind = 'move' | 'create' | 'delete' | 'configure'

/** One move of a connector's positions. */
export interface Move {
  readonly kind: MoveKind
  readonly id: string
  /** ISO-8601, UTC. */
  readonly at: string
  readonly by: MoveAuthor
  /** What was asked for, JSON. */
  readonly request: unknown
  /** In which state the connector was, and is to be again. */
  readonly targetState: TargetState
  readonly offsets: readonly MovedOffset[]
  /**
   * Of a connector that is being created, which is not in the config topic yet: it says where the offsets
   * belong. References are not replaced. Gone when the move has ended.
   */
  readonly config?: Readonly<Record<string, string>>
}

/**
 * `requested`: nothing has changed, `old` of the offsets is what was stored while tasks may have run.
 * `writing`: no task runs any more, `old` is final, some or all of the new offsets may be stored. `written`:
 * all are stored, the target state may be the old one again.
 */
export type MovePhase = 'requested' | 'writing' | 'written'

export interface FinishedMove extends Move {
  /** ISO-8601, UTC. */
  readonly ended: string
  readonly state: 'DONE' | 'FAILED'
  /** Why nothing was moved; null when it was. */
  readonly problem: string | null
}

/** The redo record of a connector: the move under way, and those before it, oldest first. */
export interface StartFromRecord {
  readonly running: (Move & { readonly phase: MovePhase }) | null
  readonly history: readonly FinishedMove[]
}

const STATES: ReadonlySet<unknown> = new Set(['STARTED', 'PAUSED', 'STOPPED'])
const KINDS: ReadonlySet<unknown> = new Set(['move', 'create', 'delete', 'configure'])
const PHASES: ReadonlySet<unknown> = new Set(['requested', 'writing', 'written'])

/** Reads the value of a record. Throws DataError that names what is missing or of another kind. */
export function parseStartFromRecord(value: unknown): StartFromRecord {
  const fields = fieldsOf(value, 'the record')
  const running = fields.get('running') ?? null
  const history = listOf(fields.get('history'), 'history')
  return {
    running: running === null ? null : parseRunning(running),
    history: history.map(parseFinished)
  }
}

function parseRunning(value: unknown): Move & { phase: MovePhase } {
  const phase = fieldsOf(value, 'the move').get('phase')
  if (!PHASES.has(phase)) throw new DataError("'phase' of the move is not known")
  return { ...parseMove(value), phase: phase as MovePhase }
}

function parseFinished(value: unknown): FinishedMove {
  const fields = fieldsOf(value, 'a finished move')
  return {
    ...parseMove(value),
    ended: textOf(fields.get('ended'), 'ended'),
    state: fields.get('state') === 'DONE' ? 'DONE' : 'FAILED',
    problem: optionalText(fields.get('problem'))
  }
}

function parseMove(value: unknown): Move {
  const fields = fieldsOf(value, 'a move')
  const by = fieldsOf(fields.get('by'), "'by'")
  const targetState = fields.get('targetState')
  if (!STATES.has(targetState)) throw new DataError("'targetState' of a move is not known")
  const kind = fields.get('kind')
  const config = fields.get('config')
  if (!KINDS.has(kind)) throw new DataError("'kind' of a move is not known")
  return {
    kind: kind as MoveKind,
    id: textOf(fields.get('id'), 'id'),
    at: textOf(fields.get('at'), 'at'),
    by: {
      user: optionalText(by.get('user')),
      address: optionalText(by.get('address')),
      note: optionalText(by.get('note'))
    },
    request: fields.get('request') ?? null,
    targetState: targetState as TargetState,
    offsets: listOf(fields.get('offsets'), 'offsets').map(parseOffset),
    ...(config === undefined ? {} : { config: parseConfig(config) })
  }
}

function parseConfig(value: unknown): Record<string, string> {
  const settings = [...fieldsOf(value, "'config'")]
  return Object.fromEntries(settings.map(([key, text]) => [key, textOf(text, key)]))
}

function parseOffset(value: unknown): MovedOffset {
  const fields = fieldsOf(value, 'an offset')
  return {
    partition: mapOf(fields.get('partition')),
    old: nullOr(fields.get('old')),
    offset: nullOr(fields.get('offset'))
  }
}

function nullOr(value: unknown): StoredMap | null {
  return value === null || value === undefined ? null : mapOf(value)
}

function mapOf(value: unknown): StoredMap {
  const fields = fieldsOf(value, 'an offset or partition')
  for (const field of fields.values()) {
    if (typeof field === 'object' && field !== null) {
      throw new DataError('an offset holds something else than plain values')
    }
  }
  return Object.fromEntries(fields) as StoredMap
}

function fieldsOf(value: unknown, what: string): ReadonlyMap<string, unknown> {
  const fields = objectFields(value)
  if (fields === null) throw new DataError(`${what} is not a JSON object`)
  return fields
}

function listOf(value: unknown, field: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new DataError(`'${field}' is not a list`)
}

function textOf(value: unknown, field: string): string {
  if (typeof value === 'string') return value
  throw new DataError(`'${field}' is not text`)
}

function optionalText(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
