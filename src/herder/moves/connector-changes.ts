import { ConnectError, NotFoundError } from '../../errors.ts'
import type { ConfigStore } from '../../storage/config-store.ts'
import type { ConnectorOffsets } from '../../worker/contracts.ts'
import {
  type ConnectorChanges,
  type ConnectorInfo,
  type ConnectorOffset,
  type ConnectorStateInfo,
  type PutOptions,
  type PutOutcome,
  REPLACE,
  type RestConfig
} from '../herder.ts'
import type { Commands } from '../work/command-queue.ts'
import type { SharedCommands } from '../work/commands.ts'
import type { ConfigValidation } from '../work/config-validation.ts'
import { ChangedMeanwhile, MOST_PATCHES, patched } from '../work/patch.ts'
import type { Startup } from '../work/startup.ts'
import type { ConfigMoves } from './config-moves.ts'
import type { OffsetWriters } from './move-steps.ts'
import type { MovesUnderWay } from './moves-under-way.ts'
import { offsetsAnswer, requestedOffsets } from './requested-offsets.ts'

interface RequestedChangesOptions {
  readonly startup: Startup
  readonly validation: ConfigValidation
  readonly commands: Commands<SharedCommands>
  readonly configMoves: ConfigMoves
  readonly configStore: ConfigStore
  readonly offsets: ConnectorOffsets
  readonly writers: OffsetWriters
  readonly underWay: MovesUnderWay
}

/** What REST asks to be changed of connectors: looked at here, done by commands in their turn. */
export class RequestedChanges implements ConnectorChanges {
  readonly #options: RequestedChangesOptions

  constructor(options: RequestedChangesOptions) {
    this.#options = options
  }

  async putConnectorConfig(
    name: string,
    config: RestConfig,
    options: PutOptions
  ): Promise<PutOutcome> {
    const { startup, validation, configMoves } = this.#options
    await startup.started
    const valid = await validation.valid(config)
    return configMoves.put(name, valid, options)
  }

  /**
   * Patches what is there; what somebody else wrote meanwhile is patched in its turn, so that no change is
   * lost.
   */
  async patchConnectorConfig(name: string, patch: RestConfig): Promise<ConnectorInfo> {
    const { validation, commands, configMoves } = this.#options
    for (let attempt = 1; ; attempt++) {
      const before = await commands.run({ kind: 'readConfig', name })
      if (before === null) throw new NotFoundError(`Connector ${name} not found`)
      const config = await validation.valid(patched(before, patch))
      try {
        const put = { name, config, ...REPLACE, replaces: before }
        return (await configMoves.replace(before, put)).info
      } catch (error) {
        if (!(error instanceof ChangedMeanwhile) || attempt === MOST_PATCHES) throw error
      }
    }
  }

  async deleteConnector(name: string, offsets: 'keep' | 'delete' = 'keep'): Promise<void> {
    const { commands, configMoves } = this.#options
    if (offsets === 'delete') await configMoves.remove(name)
    else await commands.run({ kind: 'deleteConnector', name })
  }

  async pauseConnector(name: string): Promise<void> {
    await this.#putTargetState(name, 'PAUSED')
  }

  async resumeConnector(name: string): Promise<void> {
    await this.#putTargetState(name, 'STARTED')
  }

  async stopConnector(name: string): Promise<void> {
    await this.#options.commands.run({ kind: 'stopConnector', name })
  }

  async restartConnector(name: string): Promise<void> {
    const { started } = await this.#options.commands.run({ kind: 'restartConnector', name })
    await started.catch((cause: unknown) => {
      throw new ConnectError('INTERNAL', `Failed to start connector: ${name}`, { cause })
    })
  }

  restartConnectorAndTasks(
    name: string,
    flags: { onlyFailed: boolean; includeTasks: boolean }
  ): Promise<ConnectorStateInfo> {
    return this.#options.commands.run({ kind: 'restartConnectorAndTasks', name, ...flags })
  }

  async restartTask(name: string, task: number): Promise<void> {
    const { started } = await this.#options.commands.run({ kind: 'restartTask', name, task })
    if (await started) return
    throw new ConnectError('INTERNAL', `Failed to start task: ${name}-${task}`)
  }

  /**
   * Alters (null: resets) the offsets of a connector that is stopped. While that lasts it can be neither
   * resumed nor moved by way of this worker; any other may have resumed it, which is looked at behind.
   */
  async modifyOffsets(name: string, wanted: ConnectorOffset[] | null): Promise<string> {
    const { commands, offsets, writers, underWay } = this.#options
    const changes = wanted === null ? null : requestedOffsets(wanted)
    const verb = changes === null ? 'reset' : 'altered'
    const config = await commands.run({ kind: 'reserveMove', name, needs: 'stopped connector' })
    try {
      await writers.fence(name, config)
      const stopped = await commands.run({ kind: 'requireStopped', name })
      const connectorManaged = await offsets.modifyOffsets(name, stopped, changes)
      await this.#requireStillStopped(name, verb)
      return offsetsAnswer(verb, connectorManaged)
    } finally {
      underWay.end(name)
    }
  }

  async #requireStillStopped(name: string, verb: 'altered' | 'reset'): Promise<void> {
    try {
      await this.#options.commands.run({ kind: 'requireStopped', name })
    } catch (cause) {
      throw new ConnectError(
        'OPERATION_UNDER_WAY',
        `Connector ${name} did not stay stopped while its offsets were ${verb}: its tasks may have gone on from the old ones. Stop it and try again`,
        { cause }
      )
    }
  }

  /** Any worker may write it, and needs no turn for that. */
  async #putTargetState(name: string, state: 'PAUSED' | 'STARTED'): Promise<void> {
    const { startup, underWay, configStore } = this.#options
    const snapshot = await startup.startedSnapshot()
    if (!snapshot.contains(name)) throw new NotFoundError(`Unknown connector ${name}`)
    underWay.requireIdle(name)
    await configStore.putTargetState(name, state)
  }
}
