import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SerialQueue } from '../../../src/herder/standalone/serial-queue.ts'
import {
  type Asks,
  type Command,
  CommandQueue,
  type Executor
} from '../../../src/herder/work/command-queue.ts'

/** What the commands of these tests do is part of them: it is looked up by name. */
interface Scripted {
  first: Asks<{ readonly of?: string }, number>
  second: Asks<{ readonly of?: string }, number>
  own: Asks<{ readonly of?: string }, number>
}

const ready = Promise.resolve()

function executor(
  run: (command: Command<Scripted>) => unknown,
  holdsBack: (kind: keyof Scripted) => boolean = () => false
): Executor<Scripted> {
  return { execute: run, holdsBack }
}

/** Until what was asked has been taken in. */
const takenIn = () => new Promise((resolve) => setImmediate(resolve))

describe('commands that wait for the tick', () => {
  it('run one at a time, in order, and fail their own caller only', async () => {
    let woken = 0
    const queue = new CommandQueue<Scripted>({ ready, wake: () => void woken++ })
    const seen: string[] = []
    const run = executor(async ({ kind, of }) => {
      seen.push(`${kind} ${of} begins`)
      await Promise.resolve()
      if (of === 'b') throw new Error('second failed')
      seen.push(`${kind} ${of} ends`)
      return 3
    })
    const first = queue.run({ kind: 'first', of: 'a' })
    const second = queue.run({ kind: 'second', of: 'b' })
    const third = queue.run({ kind: 'first', of: 'c' })
    await takenIn()
    assert.equal(woken, 3)
    assert.deepEqual(seen, [])
    await Promise.all([queue.runAll(run), first, assert.rejects(second, /second failed/)])
    assert.equal(await third, 3)
    assert.deepEqual(seen, [
      'first a begins',
      'first a ends',
      'second b begins',
      'first c begins',
      'first c ends'
    ])
  })

  it('are held back for a rebalance, but not for ever', async () => {
    const queue = new CommandQueue<Scripted>({ ready, wake: () => undefined })
    let expected = true
    let ran = 0
    const run = executor(
      () => ++ran,
      (kind) => kind === 'first' && expected
    )
    const held = queue.run({ kind: 'first' })
    await takenIn()
    await queue.runAll(run)
    assert.equal(ran, 0)
    expected = false
    await Promise.all([queue.runAll(run), held])
    assert.equal(ran, 1)
    expected = true
    const impatient = queue.run({ kind: 'first' })
    await takenIn()
    for (let round = 0; round < 4; round++) await queue.runAll(run)
    await impatient
  })

  it('I8: are refused beyond a bound, but for what the worker itself has to do, and all of them when it stops', async () => {
    const own = new Set(['own'] as const)
    const queue = new CommandQueue<Scripted>({ ready, wake: () => undefined, limit: 2, own })
    const waiting = [queue.run({ kind: 'first' }), queue.run({ kind: 'second' })]
    await assert.rejects(queue.run({ kind: 'first' }), { status: 503 })
    await assert.rejects(queue.turn(), { status: 503 })
    waiting.push(queue.run({ kind: 'own' }))
    await takenIn()
    queue.close(new Error('stopping'))
    await Promise.all(waiting.map((command) => assert.rejects(command, /stopping/)))
    await assert.rejects(queue.run({ kind: 'own' }), /stopping/)
  })

  it('are taken in once the worker has started, or refused with what keeps it from that', async () => {
    const started = Promise.withResolvers<void>()
    const queue = new CommandQueue<Scripted>({ ready: started.promise, wake: () => undefined })
    const early = queue.run({ kind: 'first' })
    await takenIn()
    assert.equal(queue.size, 0)
    started.reject(new Error('no topic'))
    await assert.rejects(early, /no topic/)
  })

  it('I8: that keep coming wait for the next round of the tick, which has other things to do', async () => {
    const queue = new CommandQueue<Scripted>({ ready, wake: () => undefined })
    let ran = 0
    const ask = (): void => void queue.run({ kind: 'first' }).catch(() => undefined)
    const run = executor(async () => {
      ran += 1
      if (ran < 1000) ask()
      await takenIn()
    })
    ask()
    await takenIn()
    await queue.runAll(run)
    assert.ok(ran < 10, `${ran} at once`)
    const before = ran
    await queue.runAll(run)
    assert.ok(ran > before)
    queue.close(new Error('over'))
  })
})

describe('a queue without a tick', () => {
  it('runs each command that comes, at whatever moment', async () => {
    const queue = new SerialQueue<Scripted>(ready)
    let depth = 0
    queue.runBy(executor(() => depth))
    for (; depth < 10; depth++) {
      await queue.turn()
      for (let n = 0; n < depth; n++) await Promise.resolve()
      assert.equal(await queue.run({ kind: 'second' }), depth)
    }
  })
})
