import type { FromTask, TaskCall, TaskCalls, ToTask } from './port.ts'
import { errorOf } from './error-data.ts'

/** Asks the worker, and waits for what it answers; rejects with what it refuses a call with. */
export type AskWorker = <W extends keyof TaskCalls>(
  what: W,
  args: TaskCalls[W]['args']
) => Promise<TaskCalls[W]['answer']>

/** How a task reaches its worker. */
export interface WorkerLink {
  readonly ask: AskWorker
  tell(message: FromTask): void
}

interface Pending {
  resolve(value: unknown): void
  reject(error: Error): void
}

/** The calls of one task that have not been answered yet. */
export class WorkerCalls {
  readonly #send: (message: FromTask) => void
  readonly #pending = new Map<number, Pending>()
  #last = 0

  constructor(send: (message: FromTask) => void) {
    this.#send = send
  }

  readonly ask: AskWorker = (what, args) => {
    const call = ++this.#last
    return new Promise((resolve, reject) => {
      this.#pending.set(call, { resolve: resolve as Pending['resolve'], reject })
      this.#send({ kind: 'call', call, what, args } as { kind: 'call'; call: number } & TaskCall)
    })
  }

  settle(message: Extract<ToTask, { readonly call: number }>): void {
    const pending = this.#pending.get(message.call)
    this.#pending.delete(message.call)
    if (message.kind === 'answer') pending?.resolve(message.value)
    else pending?.reject(errorOf(message.error))
  }
}
