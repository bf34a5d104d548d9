import { moveCommands } from '../moves/move-commands.ts'
import { MovesUnderWay } from '../moves/moves-under-way.ts'
import { type RequestedParts, requestedParts } from '../moves/requested-parts.ts'
import { type AutoRestarts, autoRestarts } from '../work/auto-restarts.ts'
import { type Executor, handle, type Handlers } from '../work/command-queue.ts'
import { ConfigValidation } from '../work/config-validation.ts'
import type { HerderOptions } from '../work/herder-options.ts'
import { LocalWork } from '../work/local-work.ts'
import { Startup } from '../work/startup.ts'
import { StatusReporter } from '../work/status-reporter.ts'
import { TickStage } from '../work/tick-stage.ts'
import { restartForValues, restartInstance } from '../work/value-restarts.ts'
import { SerialQueue } from './serial-queue.ts'
import { type StandaloneCommands, standaloneCommands } from './standalone-commands.ts'
import { StandaloneTasks } from './standalone-tasks.ts'

/** What waits for its turn, what runs here, and whose tasks it has. */
interface Core {
  readonly stage: TickStage
  readonly startup: Startup
  readonly queue: SerialQueue<StandaloneCommands>
  readonly statuses: StatusReporter
  readonly autoRestarts: AutoRestarts
  readonly work: LocalWork
  readonly tasks: StandaloneTasks
}

export type StandaloneParts = Core & RequestedParts & { readonly validation: ConfigValidation }

/**
 * Makes what a worker by itself consists of, in the order of dependence. What works with the register of what
 * runs, and is told by it of what happens there, is put in touch with it at the end.
 */
export function standaloneParts(options: HerderOptions, stopping: AbortSignal): StandaloneParts {
  const { configStore, offsets, clock, log } = options
  const core = coreOf(options, stopping)
  const { startup, queue, work, tasks } = core
  const underWay = new MovesUnderWay(configStore)
  queue.runBy(executorOf(options, core, underWay))
  const validation = new ConfigValidation({ validations: options.validations, clock, stopping })
  const requested = requestedParts({
    offsets,
    startup,
    validation,
    commands: queue,
    underWay,
    // The tasks that may write offsets all run here, and end before the command that stops them does.
    writers: {
      async halt(connector) {
        await queue.run({ kind: 'haltConnector', name: connector })
      },
      fence: () => Promise.resolve()
    },
    configStore,
    clock,
    log,
    stopping
  })
  work.tell({
    onConnectorStarted: (connector) => tasks.request(connector),
    onReconfiguration: (connector) => tasks.request(connector),
    onConnectorStopping: () => undefined,
    onValuesChanged: (connector, task) =>
      restartForValues(requested.changes, { connector, task }, log)
  })
  core.autoRestarts.tell({
    restart: (of) => restartInstance(requested.changes, of),
    onQuiet: (of) => work.sayAgain(of)
  })
  return { ...core, ...requested, validation }
}

function coreOf(options: HerderOptions, stopping: AbortSignal): Core {
  const { worker, configStore, statusStore, workerId, topicTracking, clock, log } = options
  const stage = new TickStage(clock)
  const startup = new Startup(configStore, stage)
  const queue = new SerialQueue<StandaloneCommands>(startup.started)
  const statuses = new StatusReporter({
    statusStore,
    workerId,
    generation: () => 0,
    trackTopics: topicTracking.enabled,
    clock,
    log
  })
  const restarts = autoRestarts(options)
  const work = new LocalWork({ worker, statuses, guards: null, autoRestarts: restarts, clock, log })
  const tasks = new StandaloneTasks({
    configStore,
    statusStore,
    work,
    statuses,
    commands: queue,
    clock,
    log,
    stopping
  })
  return { stage, startup, queue, statuses, autoRestarts: restarts, work, tasks }
}

function executorOf(
  { worker, configStore, statusStore, clock, log }: HerderOptions,
  { stage, statuses, work, tasks }: Core,
  underWay: MovesUnderWay
): Executor<StandaloneCommands> {
  const handlers: Handlers<StandaloneCommands> = {
    ...standaloneCommands({
      configStore,
      statusStore,
      plugins: worker.plugins,
      underWay,
      work,
      statuses,
      tasks,
      stage,
      clock,
      log
    }),
    ...moveCommands({ configStore, underWay, clock })
  }
  return { execute: (command) => handle(handlers, command), holdsBack: () => false }
}
