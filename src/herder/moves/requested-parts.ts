import type { Commands } from '../work/command-queue.ts'
import type { SharedCommands } from '../work/commands.ts'
import type { ConfigValidation } from '../work/config-validation.ts'
import type { HerderOptions } from '../work/herder-options.ts'
import type { Startup } from '../work/startup.ts'
import { ConfigMoves } from './config-moves.ts'
import { RequestedChanges } from './connector-changes.ts'
import type { OffsetWriters } from './move-steps.ts'
import { Moves } from './moves.ts'
import type { MovesUnderWay } from './moves-under-way.ts'
import { StartFromOperations } from './start-from-operations.ts'

interface RequestedPartsOptions
  extends Pick<HerderOptions, 'offsets' | 'configStore' | 'clock' | 'log'> {
  readonly startup: Startup
  readonly validation: ConfigValidation
  readonly commands: Commands<SharedCommands>
  readonly underWay: MovesUnderWay
  readonly writers: OffsetWriters
  /** Aborts when the worker stops. */
  readonly stopping: AbortSignal
}

export interface RequestedParts {
  readonly moves: Moves
  readonly changes: RequestedChanges
  readonly startFrom: StartFromOperations
}

/** What either herder answers requests for changes with, made in the order of dependence. */
export function requestedParts(options: RequestedPartsOptions): RequestedParts {
  const moves = new Moves(options)
  const configMoves = new ConfigMoves({ ...options, moves })
  return {
    moves,
    changes: new RequestedChanges({ ...options, configMoves }),
    startFrom: new StartFromOperations({ ...options, moves })
  }
}
