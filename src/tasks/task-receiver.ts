import type { Logger } from '../log.ts'
import { ownedBy } from '../plugin/plugin-owner.ts'
import { neverShow } from '../secrets/known-secrets.ts'
import { errorData } from './error-data.ts'
import type { FromTask, OpenTaskPort, TaskStart, ToTask } from './port.ts'
import { buildSinkTask } from './sink/build-sink-task.ts'
import type { WorkerSinkTask } from './sink/worker-sink-task.ts'
import { buildSourceTask } from './source/build-source-task.ts'
import type { WorkerSourceTask } from './source/worker-source-task.ts'
import type { TaskSurroundings } from './task-surroundings.ts'
import { WorkerCalls } from './worker-calls.ts'

/** The task's end of a port: makes the task the first message asks for, and hands it the others. */
export class TaskReceiver {
  readonly #surroundings: TaskSurroundings
  readonly #send: (message: FromTask) => void
  readonly #calls: WorkerCalls
  #task: WorkerSourceTask | WorkerSinkTask | null = null

  constructor(surroundings: TaskSurroundings, send: (message: FromTask) => void) {
    this.#surroundings = surroundings
    this.#send = send
    this.#calls = new WorkerCalls(send)
  }

  receive(message: ToTask): void {
    switch (message.kind) {
      case 'start':
        return this.#start(message.task)
      case 'target':
        return this.#task?.setTargetState(message.target)
      case 'stop':
        return this.#task?.stop()
      case 'cancel':
        return this.#task?.cancel()
      case 'answer':
      case 'refusal':
        return this.#calls.settle(message)
    }
  }

  #start(start: TaskStart): void {
    for (const secret of start.secrets) neverShow(secret)
    try {
      const log: Logger = this.#surroundings.log.with({ ...start.id })
      const worker = { ask: this.#calls.ask, tell: this.#send }
      const surroundings = { ...this.#surroundings, log }
      this.#task =
        start.type === 'source'
          ? buildSourceTask(start, surroundings, worker)
          : buildSinkTask(start, surroundings, worker)
    } catch (error) {
      this.#send({ kind: 'refused', error: errorData(error) })
      return
    }
    this.#send({ kind: 'started' })
    const task = this.#task
    void ownedBy(task, () => task.run()).then(() => this.#send({ kind: 'ended' }))
  }
}

/**
 * Tasks that live on the thread of their worker: a message is a call. `copy`: what is done to each message on
 * its way, `structuredClone` in tests, so that nothing comes to depend on what another thread could not see.
 */
export function tasksOnThisThread(
  surroundings: TaskSurroundings,
  copy: <M extends ToTask | FromTask>(message: M) => M = (message) => message
): OpenTaskPort {
  return (receive) => {
    const task = new TaskReceiver(surroundings, (message) => receive(copy(message)))
    return { send: (message) => task.receive(copy(message)) }
  }
}
