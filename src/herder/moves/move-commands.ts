import { randomUUID } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import { ConnectError } from '../../errors.ts'
import type { ConfigStore } from '../../storage/config-store.ts'
import type { Move } from '../../storage/start-from-record.ts'
import type { Command, Handlers } from '../work/command-queue.ts'
import type { MoveCommands } from '../work/commands.ts'
import { requireConnector, requireStopped } from '../work/require-connector.ts'
import { finished, MAX_MOVE_BYTES, sizeOfMove } from './move-record.ts'
import type { MovesUnderWay } from './moves-under-way.ts'

interface MoveCommandsOptions {
  readonly configStore: ConfigStore
  readonly underWay: MovesUnderWay
  readonly clock: Clock
}

/**
 * What the commands of moves do, each with an up-to-date picture, where the config topic may be written (I3).
 */
export function moveCommands(options: MoveCommandsOptions): Handlers<MoveCommands> {
  const { configStore, underWay } = options
  return {
    reserveMove({ name, needs }) {
      const snapshot = configStore.snapshot()
      const require = needs === 'connector' ? requireConnector : requireStopped
      const config = require(snapshot, name)
      underWay.begin(name)
      return config
    },
    reserveCreation({ name }) {
      if (configStore.snapshot().contains(name)) {
        throw new ConnectError('ALREADY_EXISTS', `Connector ${name} already exists`)
      }
      underWay.begin(name)
    },
    requireStopped: ({ name }) => requireStopped(configStore.snapshot(), name),
    beginMove: (command) => begin(options, command),
    async advanceMove({ name, running }) {
      const record = configStore.snapshot().startFrom(name)
      if (record?.running?.id !== running.id) return
      await configStore.putStartFrom(name, { running, history: record.history })
    },
    finishMove: (command) => finish(options, command),
    forgetMove: ({ name }) => configStore.putStartFrom(name, null)
  }
}

async function begin(
  { configStore, clock }: MoveCommandsOptions,
  { name, config, phase, move: wanted }: Command<MoveCommands, 'beginMove'>
): Promise<string> {
  const snapshot = configStore.snapshot()
  if (snapshot.connectorConfig(name) !== config) {
    throw new ConnectError(
      'OPERATION_UNDER_WAY',
      `The configuration of connector ${name} changed while its new start was looked up; try again`
    )
  }
  const id = randomUUID()
  const targetState = snapshot.targetState(name) ?? 'STARTED'
  const move = { id, at: new Date(clock.now()).toISOString(), targetState, ...wanted }
  const bytes = sizeOfMove(move)
  if (bytes > MAX_MOVE_BYTES) {
    throw new ConnectError(
      'BAD_REQUEST',
      `Positions of ${move.offsets.length} tables are ${bytes} bytes, more than the ${MAX_MOVE_BYTES} of one move: name fewer tables at a time`
    )
  }
  const history = config === null ? [] : (snapshot.startFrom(name)?.history ?? [])
  await configStore.putStartFrom(name, { running: { ...move, phase }, history })
  return id
}

/** The target state first: should the worker end in between, there is still a move to finish. */
async function finish(
  { configStore, clock }: MoveCommandsOptions,
  { name, state, problem }: Command<MoveCommands, 'finishMove'>
): Promise<void> {
  const record = configStore.snapshot().startFrom(name)
  const running = record?.running ?? null
  if (record === null || running === null) return
  if (running.kind !== 'create') await restore(configStore, name, running)
  const ended = new Date(clock.now()).toISOString()
  await configStore.putStartFrom(name, finished(record, { ended, state, problem }))
}

async function restore(
  configStore: ConfigStore,
  name: string,
  { targetState }: Move
): Promise<void> {
  const snapshot = configStore.snapshot()
  const hasNoTasks = snapshot.taskCount(name) === 0
  const now = snapshot.targetState(name)
  // Only a change of the state makes the connector tell its tasks again.
  if (targetState === 'STARTED' && now === 'STARTED' && hasNoTasks) {
    await configStore.putTargetState(name, 'STOPPED')
  }
  if (targetState !== now || hasNoTasks) await configStore.putTargetState(name, targetState)
}
