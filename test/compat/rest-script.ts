import { connectorScenarios } from './rest-script-connectors.ts'
import { protocolScenarios } from './rest-script-protocol.ts'
import { sinkScenarios } from './rest-script-sinks.ts'
import { stateScenarios } from './rest-script-state.ts'

/**
 * One request of the compatibility script. `path`, `headers` and `body` are sent as they stand, byte for byte
 * (a string body as UTF-8), after `${dir}` was replaced by a folder that recorder and worker share.
 */
export interface Step {
  /** Unique within its scenario. */
  name: string
  method: string
  path: string
  headers?: Readonly<Record<string, string>>
  body?: string | Uint8Array
  /**
   * Repeat until the answer has this status and its text contains these parts and none of `without`; the last
   * answer counts.
   */
  until?: { status?: number; contains?: readonly string[]; without?: readonly string[] }
  /** How many times in a row (every 100 ms) `until` must hold: for states that come and go. */
  holds?: number
  /** Give up on `until` after this; 60 s by default. */
  waitMs?: number
  /** Sent to arrange or tidy up; its answer is not part of the recording. */
  silent?: boolean
}

/**
 * Requests that belong together and leave the worker as they found it. `files` are written to `${dir}` first.
 */
export interface Scenario {
  name: string
  files?: Readonly<Record<string, string>>
  steps: readonly Step[]
}

export const scenarios: readonly Scenario[] = [
  ...protocolScenarios,
  ...connectorScenarios,
  ...stateScenarios,
  ...sinkScenarios
]
