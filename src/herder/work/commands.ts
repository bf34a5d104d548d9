import type { StoredConfig } from '../../storage/cluster-config.ts'
import type { FinishedMove, Move, MovePhase } from '../../storage/start-from-record.ts'
import type { TargetState } from '../../storage/target-state.ts'
import type { ConnectorStateInfo, PutOutcome } from '../herder.ts'
import type { Asks } from './command-queue.ts'

/** A configuration that is valid, to be written. */
export interface PutConfig {
  readonly name: string
  readonly config: StoredConfig
  readonly initialState: TargetState | null
  readonly allowReplace: boolean
  /** The configuration it was made from, which must still be there; absent: whatever is there is replaced. */
  readonly replaces?: StoredConfig
}

/** A start that is under way: nobody's turn is spent waiting for plugin code. */
export interface Starting<T> {
  readonly started: Promise<T>
}

interface Named {
  readonly name: string
}

/** Changes of connectors, by the kind of the command. Either herder has handlers of its own for them. */
export interface ConnectorCommands {
  /** Answers what is there; null: no such connector. */
  readConfig: Asks<Named, StoredConfig | null>
  putConfig: Asks<PutConfig, PutOutcome>
  deleteConnector: Asks<Named, void>
  stopConnector: Asks<Named, void>
  restartConnector: Asks<Named, Starting<void>>
  /** Answers whether the task could be started. */
  restartTask: Asks<Named & { readonly task: number }, Starting<boolean>>
  restartConnectorAndTasks: Asks<
    Named & { readonly onlyFailed: boolean; readonly includeTasks: boolean },
    ConnectorStateInfo
  >
  /**
   * Stops a connector whose offsets are to be written, and one that is not there not at all. Answers from
   * which record of the config topic on members of the group know of it.
   */
  haltConnector: Asks<Named, bigint>
  /** As `putConfig` and `deleteConnector`, at the end of a move. */
  putConfigOfMove: Asks<PutConfig, PutOutcome>
  deleteConnectorOfMove: Asks<Named, void>
}

/** What a new move is made of. */
type NewMove = Pick<Move, 'kind' | 'by' | 'request' | 'offsets' | 'config'>

/** Steps of changes that stored offsets are part of, with an up-to-date picture of the configurations. */
export interface MoveCommands {
  /**
   * Nothing else moves the connector until it is released. Answers the configuration that is there; throws
   * unless `needs` is met.
   */
  reserveMove: Asks<Named & { readonly needs: 'connector' | 'stopped connector' }, StoredConfig>
  /** As `reserveMove`, for a connector that must not be there. */
  reserveCreation: Asks<Named, void>
  requireStopped: Asks<Named, StoredConfig>
  /**
   * Writes a move down; answers its id. `config`: what the connector had when it was planned, null: there is
   * no connector yet.
   */
  beginMove: Asks<
    Named & {
      readonly config: StoredConfig | null
      readonly phase: MovePhase
      readonly move: NewMove
    },
    string
  >
  advanceMove: Asks<Named & { readonly running: Move & { readonly phase: MovePhase } }, void>
  finishMove: Asks<Named & Pick<FinishedMove, 'state' | 'problem'>, void>
  forgetMove: Asks<Named, void>
}

export type SharedCommands = ConnectorCommands & MoveCommands
