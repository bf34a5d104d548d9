import type { KafkaClients } from '../../kafka/contracts.ts'
import { type LeaderClient, LeaderRequests } from '../group/leader-requests.ts'
import { type GroupOptions, Membership } from '../group/membership.ts'
import { type SessionKeyOptions, SessionKeys } from '../group/session-key.ts'
import { moveCommands } from '../moves/move-commands.ts'
import type { OffsetWriters } from '../moves/move-steps.ts'
import { MovesUnderWay } from '../moves/moves-under-way.ts'
import { type RequestedParts, requestedParts } from '../moves/requested-parts.ts'
import { type AutoRestarts, autoRestarts } from '../work/auto-restarts.ts'
import { CommandQueue, type Executor } from '../work/command-queue.ts'
import { ConfigValidation } from '../work/config-validation.ts'
import type { HerderOptions } from '../work/herder-options.ts'
import { LocalWork } from '../work/local-work.ts'
import { LoggerAnswers } from '../work/logger-answers.ts'
import { Startup } from '../work/startup.ts'
import { StatusReporter } from '../work/status-reporter.ts'
import { TickStage } from '../work/tick-stage.ts'
import { restartForValues, restartInstance } from '../work/value-restarts.ts'
import { type AppliedConfig, ConfigChanges } from './config-changes.ts'
import { connectorCommands } from './connector-commands.ts'
import { ExactlyOnceSources } from './exactly-once-sources.ts'
import { fencingCommands } from './fencing-commands.ts'
import { TaskConfigWriter } from './task-config-writer.ts'
import { haltConnector } from './task-halt.ts'
import { OWN_COMMANDS, type TickCommands, tickExecutor } from './tick-commands.ts'
import { TickLoop } from './tick-loop.ts'
import { Wakeup } from './wakeup.ts'

export interface DistributedHerderOptions extends HerderOptions, GroupOptions {
  readonly clients: KafkaClients
  readonly sessionKeys: SessionKeyOptions
  /** `config.storage.topic`, for messages. */
  readonly configTopic: string
  readonly workerSyncTimeoutMs: number
  readonly workerUnsyncBackoffMs: number
  /** How to reach another worker's REST interface. */
  readonly leaderClient: LeaderClient
  /** Source tasks run exactly once. */
  readonly exactlyOnceSource?: boolean
  /** The tick failed for good: the process should end with status 1. Called at most once. */
  onFatal(error: Error): void
}

/** What waits for its turn, and this worker's place in the group. */
interface Core {
  readonly stage: TickStage
  readonly startup: Startup
  readonly wakeup: Wakeup
  readonly queue: CommandQueue<TickCommands>
  readonly keys: SessionKeys
  readonly membership: Membership
  readonly leader: LeaderRequests
}

/** What runs here, and what it needs of the group. */
interface Running {
  readonly statuses: StatusReporter
  readonly exactlyOnce: ExactlyOnceSources
  readonly autoRestarts: AutoRestarts
  readonly work: LocalWork
  readonly writer: TaskConfigWriter
}

/** What is heard of the config topic. */
interface Heard {
  readonly loggerLevels: LoggerAnswers
  readonly applied: AppliedConfig
  readonly configChanges: ConfigChanges
}

export type ClusterParts = Core &
  Running &
  Heard &
  RequestedParts & { readonly validation: ConfigValidation; readonly loop: TickLoop }

/**
 * Makes what a worker of a cluster consists of, in the order of dependence. What works with the register of
 * what runs, and is told by it of what happens there, is put in touch with it at the end.
 */
export function clusterParts(
  options: DistributedHerderOptions,
  stopping: AbortSignal
): ClusterParts {
  const { configStore, clock, log } = options
  const core = coreOf(options)
  const running = runningOf(options, core)
  const heard = heardOf(options, core)
  const underWay = new MovesUnderWay(configStore)
  const validation = new ConfigValidation({ validations: options.validations, clock, stopping })
  const requested = requestedParts({
    offsets: options.offsets,
    startup: core.startup,
    validation,
    commands: core.queue,
    underWay,
    writers: writersOf(options, core, running, stopping),
    configStore,
    clock,
    log,
    stopping
  })
  const executor = executorOf(options, core, running, heard, underWay)
  const loop = loopOf(options, core, running, heard, requested, executor)
  const { work, writer } = running
  work.tell({
    onConnectorStarted: (connector) => writer.request(connector),
    onReconfiguration: (connector) => writer.request(connector),
    onConnectorStopping: (connector) => writer.cancel(connector),
    onValuesChanged: (connector, task) =>
      restartForValues(requested.changes, { connector, task }, log)
  })
  running.autoRestarts.tell({
    restart: (of) => restartInstance(requested.changes, of),
    onQuiet: (of) => work.sayAgain(of)
  })
  return { ...core, ...running, ...heard, ...requested, validation, loop }
}

function coreOf(options: DistributedHerderOptions): Core {
  const { configStore, clock, log } = options
  const stage = new TickStage(clock)
  const startup = new Startup(configStore, stage)
  const wakeup = new Wakeup(clock)
  const wake = (): void => wakeup.wake()
  const queue = new CommandQueue<TickCommands>({ ready: startup.started, own: OWN_COMMANDS, wake })
  const keys = new SessionKeys(options.sessionKeys)
  const membership = new Membership({
    clients: options.clients,
    client: options.client,
    clientId: options.clientId,
    groupId: options.groupId,
    workerUrl: options.workerUrl,
    sessionTimeoutMs: options.sessionTimeoutMs,
    rebalanceTimeoutMs: options.rebalanceTimeoutMs,
    heartbeatIntervalMs: options.heartbeatIntervalMs,
    connectProtocol: options.connectProtocol,
    scheduledRebalanceMaxDelayMs: options.scheduledRebalanceMaxDelayMs,
    configStore,
    clock,
    log,
    onRebalance: wake
  })
  const leader = new LeaderRequests({ membership, keys, client: options.leaderClient, log })
  return { stage, startup, wakeup, queue, keys, membership, leader }
}

function runningOf(options: DistributedHerderOptions, core: Core): Running {
  const { worker, configStore, statusStore, workerId, topicTracking, clock, log } = options
  const { membership, queue, leader, stage } = core
  const statuses = new StatusReporter({
    statusStore,
    workerId,
    generation: () => membership.generation,
    trackTopics: topicTracking.enabled,
    clock,
    log
  })
  const exactlyOnce = new ExactlyOnceSources({
    enabled: options.exactlyOnceSource === true,
    worker,
    configStore,
    commands: queue,
    leader,
    clock,
    log
  })
  const restarts = autoRestarts(options)
  const guards = exactlyOnce
  const work = new LocalWork({ worker, statuses, guards, autoRestarts: restarts, clock, log })
  const writer = new TaskConfigWriter({
    work,
    configStore,
    membership,
    commands: queue,
    leader,
    stage,
    clock,
    log
  })
  return { statuses, exactlyOnce, autoRestarts: restarts, work, writer }
}

function heardOf(options: DistributedHerderOptions, { keys, wakeup }: Core): Heard {
  const loggerLevels = new LoggerAnswers(options.loggers, options.clock, options.log)
  const applied = { config: options.configStore.snapshot() }
  const configChanges = new ConfigChanges({
    exactlyOnce: options.exactlyOnceSource === true,
    applied,
    onSessionKey: (key) => keys.use(key),
    onLoggerLevel: (namespace, level) => loggerLevels.apply(namespace, level),
    wake: () => wakeup.wake()
  })
  return { loggerLevels, applied, configChanges }
}

function writersOf(
  { rebalanceTimeoutMs, sessionTimeoutMs, clock }: DistributedHerderOptions,
  { membership, queue }: Core,
  { exactlyOnce }: Running,
  stopping: AbortSignal
): OffsetWriters {
  const commands = queue
  const limits = { rebalanceTimeoutMs, sessionTimeoutMs }
  return {
    halt: (connector) =>
      haltConnector({ membership, commands, ...limits, clock, stopping }, connector),
    fence: (connector, config) => exactlyOnce.beforeOffsets(connector, config)
  }
}

function executorOf(
  options: DistributedHerderOptions,
  { membership, stage }: Core,
  { work, writer }: Running,
  { configChanges }: Heard,
  underWay: MovesUnderWay
): Executor<TickCommands> {
  const { configStore, statusStore, worker, workerSyncTimeoutMs, clock } = options
  const shared = { configStore, membership, plugins: worker.plugins, stage, workerSyncTimeoutMs }
  return tickExecutor({
    handlers: {
      ...connectorCommands({ ...shared, statusStore, underWay, work, writer }),
      ...moveCommands({ configStore, underWay, clock }),
      ...fencingCommands(shared),
      publishTaskConfigs: ({ connector, configs }) => writer.publish(connector, configs),
      writeTaskConfigsAgain: ({ connector }) => writer.writeAgain(connector)
    },
    changes: configChanges,
    membership,
    configStore,
    workerSyncTimeoutMs
  })
}

function loopOf(
  options: DistributedHerderOptions,
  { membership, queue, keys, stage, wakeup }: Core,
  { work, statuses, writer }: Running,
  { applied, configChanges }: Heard,
  { moves }: RequestedParts,
  executor: Executor<TickCommands>
): TickLoop {
  const { configStore, statusStore, clock, log } = options
  return new TickLoop({
    membership,
    work,
    statuses,
    statusStore,
    configStore,
    changes: configChanges,
    applied,
    queue,
    executor,
    keys,
    writer,
    moves,
    stage,
    wakeup,
    clock,
    log,
    configTopic: options.configTopic,
    workerSyncTimeoutMs: options.workerSyncTimeoutMs,
    workerUnsyncBackoffMs: options.workerUnsyncBackoffMs,
    scheduledRebalanceMaxDelayMs: options.scheduledRebalanceMaxDelayMs
  })
}
