import assert from 'node:assert/strict'
import { MessageChannel } from 'node:worker_threads'
import type { FromTask, OpenTaskPort, ToTask } from '../../src/tasks/port.ts'
import type { TaskSurroundings } from '../../src/tasks/task-surroundings.ts'
import { TaskReceiver, tasksOnThisThread } from '../../src/tasks/task-receiver.ts'

/**
 * Tasks whose worker could live on another thread: every message is copied on its way, both ways, and must be
 * plain data, of which the copy is a faithful one.
 */
export function clonedTasks(surroundings: TaskSurroundings): OpenTaskPort {
  return tasksOnThisThread(surroundings, <M extends ToTask | FromTask>(message: M): M => {
    requirePlain(message, message.kind)
    return structuredClone(message)
  })
}

/** As on another thread: messages arrive in their order, some turns of the event loop later. */
export function distantTasks(surroundings: TaskSurroundings): OpenTaskPort {
  return (receive) => {
    const { port1: here, port2: there } = new MessageChannel()
    const task = new TaskReceiver(surroundings, (message) => there.postMessage(message))
    there.on('message', (message: ToTask) => task.receive(message))
    here.on('message', (message: FromTask) => {
      receive(message)
      if (message.kind === 'ended' || message.kind === 'refused') here.close()
    })
    return { send: (message) => here.postMessage(message) }
  }
}

/**
 * Objects without a class, arrays, maps, bytes and primitive values; nothing that is worked out when it is
 * looked at.
 */
export function requirePlain(value: unknown, path: string): void {
  if (typeof value === 'function' || typeof value === 'symbol') {
    assert.fail(`${path} is a ${typeof value}`)
  }
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return
  if (value instanceof Map) {
    for (const [key, each] of value) {
      requirePlain(key, `a key of ${path}`)
      requirePlain(each, `${path}[${String(key)}]`)
    }
    return
  }
  if (Array.isArray(value)) {
    value.forEach((each, at) => requirePlain(each, `${path}[${at}]`))
    return
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  assert.ok(prototype === Object.prototype || prototype === null, `${path} has a class`)
  for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
    assert.ok('value' in property, `${path}.${name} is worked out when it is looked at`)
    requirePlain(property.value, `${path}.${name}`)
  }
}
