import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HerderQueue } from '../../../src/herder/work/herder-queue.ts'
import { SerialQueue } from '../../../src/herder/standalone/serial-queue.ts'

describe('requests that wait for the tick', () => {
  it('run one at a time, in order, and fail their own caller only', async () => {
    let calls = 0
    const queue = new HerderQueue(() => {
      calls += 1
    })
    const seen: string[] = []
    const first = queue.add(async () => {
      seen.push('first begins')
      await Promise.resolve()
      seen.push('first ends')
    })
    const second = queue.add(() => {
      seen.push('second')
      throw new Error('second failed')
    })
    const third = queue.add(() => 3)
    assert.equal(calls, 3)
    assert.deepEqual(seen, [])
    await Promise.all([queue.runAll(), first, assert.rejects(second, /second failed/)])
    assert.equal(await third, 3)
    assert.deepEqual(seen, ['first begins', 'first ends', 'second'])
  })

  it('are held back for a rebalance, but not for ever', async () => {
    const queue = new HerderQueue(() => undefined)
    let expected = true
    let ran = 0
    const count = () => {
      ran += 1
    }
    const held = queue.add(count, () => expected)
    await queue.runAll()
    assert.equal(ran, 0)
    expected = false
    await Promise.all([queue.runAll(), held])
    assert.equal(ran, 1)
    expected = true
    const impatient = queue.add(count, () => expected)
    for (let round = 0; round < 4; round++) await queue.runAll()
    await impatient
  })

  it('I8: are refused beyond a bound, and all of them when the worker stops', async () => {
    const queue = new HerderQueue(() => undefined, 2)
    const waiting = [queue.add(() => 1), queue.add(() => 2)]
    await assert.rejects(
      queue.add(() => 3),
      { status: 503 }
    )
    queue.close(new Error('stopping'))
    await Promise.all(waiting.map((request) => assert.rejects(request, /stopping/)))
    await assert.rejects(
      queue.add(() => 4),
      /stopping/
    )
  })
})

describe('requests that keep coming', () => {
  it('I8: wait for the next round of the tick, which has other things to do', async () => {
    const queue = new HerderQueue(() => undefined)
    let ran = 0
    const again = (): void => {
      ran += 1
      if (ran < 1000) void queue.add(again)
    }
    void queue.add(again)
    await queue.runAll()
    assert.ok(ran < 10, `${ran} at once`)
    const before = ran
    await queue.runAll()
    assert.ok(ran > before)
  })
})

describe('a queue without a tick', () => {
  it('runs each request that comes, at whatever moment', async () => {
    const queue = new SerialQueue()
    for (let depth = 0; depth < 10; depth++) {
      await queue.add(() => undefined)
      for (let n = 0; n < depth; n++) await Promise.resolve()
      assert.equal(await queue.add(async () => depth), depth)
    }
  })
})
