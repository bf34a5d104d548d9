import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  assignCooperatively,
  type CooperativeOutcome,
  initialState
} from '../../../src/herder/group/assignor-cooperative.ts'
import { noWork, union, type WorkSet, without, workSet } from '../../../src/herder/work/work-set.ts'

const DELAY = 300_000

/**
 * A group as its leader sees it: members do what they are told before the next round, unless a test says
 * otherwise.
 */
class Group {
  members = new Map<string, WorkSet>()
  configured: WorkSet = noWork
  now = 1_000_000
  generation = 0
  maxDelayMs = DELAY
  state = initialState

  round(): CooperativeOutcome {
    this.generation += 1
    const outcome = assignCooperatively(this.state, {
      members: this.members,
      configured: this.configured,
      generation: this.generation,
      lastCompletedGeneration: this.generation === 1 ? -1 : this.generation - 1,
      now: this.now,
      maxDelayMs: this.maxDelayMs
    })
    this.state = outcome.state
    for (const [id, { assigned, revoked }] of outcome.members) {
      this.members.set(id, union(without(this.members.get(id) ?? noWork, revoked), assigned))
    }
    return outcome
  }

  /** Rounds follow each other while work is taken away, as members rejoin after a revocation. */
  settle(): number {
    for (let rounds = 1; ; rounds++) {
      const outcome = this.round()
      const quiet = [...outcome.members.values()].every(
        ({ revoked }) => revoked.connectors.size + revoked.tasks.size === 0
      )
      if (quiet) return rounds
    }
  }

  join(...ids: string[]): void {
    for (const id of ids) this.members.set(id, noWork)
  }

  sizes(): Record<string, string> {
    return Object.fromEntries(
      [...this.members].map(([id, work]) => [id, `${work.connectors.size}+${work.tasks.size}`])
    )
  }
}

function connectorsWithTasks(names: readonly string[], tasks: number): WorkSet {
  return workSet(
    names,
    names.flatMap((name) => Array.from({ length: tasks }, (_, n) => `${name}-${n}`))
  )
}

function group(members: string[], configured: WorkSet): Group {
  const made = new Group()
  made.join(...members)
  made.configured = configured
  return made
}

function assertPlacedOnce(members: ReadonlyMap<string, WorkSet>, configured: WorkSet): void {
  const connectors = [...members.values()].flatMap((work) => [...work.connectors]).sort()
  const tasks = [...members.values()].flatMap((work) => [...work.tasks]).sort()
  assert.deepEqual(connectors, [...configured.connectors].sort())
  assert.deepEqual(tasks, [...configured.tasks].sort())
}

describe('the cooperative assignor', () => {
  it('gives everything to the only worker, without a delay', () => {
    const g = group(['w1'], connectorsWithTasks(['a', 'b'], 4))
    assert.equal(g.round().delayMs, 0)
    assert.deepEqual(g.sizes(), { w1: '2+8' })
  })

  it('spreads new work evenly and keeps what runs where it is', () => {
    const g = group(['w1', 'w2'], connectorsWithTasks(['a'], 4))
    g.round()
    const before = new Map(g.members)
    g.configured = connectorsWithTasks(['a', 'b'], 4)
    const { members } = g.round()
    assert.deepEqual(g.sizes(), { w1: '1+4', w2: '1+4' })
    for (const [id, work] of before)
      assert.equal(without(work, g.members.get(id) ?? noWork).tasks.size, 0)
    for (const { revoked } of members.values()) assert.deepEqual(revoked, noWork)
    assertPlacedOnce(g.members, g.configured)
  })

  it('scales out in two rounds: the first takes, the second gives', () => {
    const g = group(['w1'], connectorsWithTasks(['a', 'b'], 4))
    g.round()
    g.join('w2')
    const first = g.round()
    assert.equal(first.members.get('w1')?.revoked.connectors.size, 1)
    assert.equal(first.members.get('w1')?.revoked.tasks.size, 4)
    assert.deepEqual(first.members.get('w2')?.assigned, noWork)
    g.round()
    assert.deepEqual(g.sizes(), { w1: '1+4', w2: '1+4' })
    assertPlacedOnce(g.members, g.configured)
  })

  it('waits for a worker that left, then gives its work to the others', () => {
    const g = group(['w1', 'w2', 'w3'], connectorsWithTasks(['a', 'b', 'c'], 3))
    g.settle()
    g.members.delete('w3')
    assert.equal(g.round().delayMs, DELAY)
    assert.deepEqual(g.sizes(), { w1: '1+3', w2: '1+3' })
    g.now += DELAY - 1000
    assert.equal(g.round().delayMs, 1000)
    g.now += 1000
    assert.equal(g.round().delayMs, 0)
    assertPlacedOnce(g.members, g.configured)
  })

  it('gives its work back to a worker that returns within the delay', () => {
    const g = group(['w1', 'w2'], connectorsWithTasks(['a', 'b'], 2))
    g.settle()
    const lost = g.members.get('w2') ?? noWork
    g.members.delete('w2')
    g.round()
    g.join('w2-again')
    assert.equal(g.round().delayMs, DELAY)
    assert.deepEqual(g.sizes(), { w1: '1+2', 'w2-again': '0+0' })
    g.now += DELAY
    g.round()
    assert.deepEqual(g.members.get('w2-again'), lost)
    assertPlacedOnce(g.members, g.configured)
  })

  it('gives lost work away at once when every member is still there', () => {
    const g = group(['w1', 'w2'], connectorsWithTasks(['a', 'b'], 2))
    g.settle()
    g.members.set('w2', noWork)
    assert.equal(g.round().delayMs, 0)
    assertPlacedOnce(g.members, g.configured)
  })

  it('does not wait when scheduled.rebalance.max.delay.ms is 0', () => {
    const g = group(['w1', 'w2'], connectorsWithTasks(['a', 'b'], 2))
    g.maxDelayMs = 0
    g.settle()
    g.members.delete('w2')
    assert.equal(g.round().delayMs, 0)
    assertPlacedOnce(g.members, g.configured)
  })

  it('assigns new connectors while it waits for a lost worker, but takes nothing away', () => {
    const g = group(['w1', 'w2'], connectorsWithTasks(['a', 'b'], 2))
    g.settle()
    g.members.delete('w2')
    g.join('w3')
    g.round()
    g.configured = connectorsWithTasks(['a', 'b', 'n'], 2)
    const outcome = g.round()
    assert.equal(outcome.delayMs, DELAY)
    assert.deepEqual(g.sizes(), { w1: '1+2', w3: '1+2' })
    g.now += DELAY
    g.settle()
    assertPlacedOnce(g.members, g.configured)
  })

  it('takes deleted connectors and tasks from those who run them', () => {
    const g = group(['w1', 'w2'], connectorsWithTasks(['a', 'b'], 2))
    g.settle()
    g.configured = connectorsWithTasks(['a'], 1)
    g.settle()
    assertPlacedOnce(g.members, g.configured)
  })

  it('takes what runs twice from both and gives it out again once', () => {
    const g = group(['w1', 'w2'], connectorsWithTasks(['a', 'b'], 2))
    g.settle()
    g.members.set('w1', g.configured)
    g.members.set('w2', g.configured)
    const { members } = g.round()
    assert.deepEqual(members.get('w1')?.revoked, g.configured)
    assert.deepEqual(members.get('w2')?.revoked, g.configured)
    g.settle()
    assertPlacedOnce(g.members, g.configured)
  })

  it('starts from what members report after a change of leader', () => {
    const g = group(['w1', 'w2'], connectorsWithTasks(['a', 'b', 'c'], 2))
    g.settle()
    g.members.delete('w1')
    g.state = initialState
    // The new leader never saw w1: its work counts as new and is given out at once.
    assert.equal(g.round().delayMs, 0)
    assertPlacedOnce(g.members, g.configured)
  })

  it('forgets what it remembers when it missed a generation', () => {
    const g = group(['w1', 'w2'], connectorsWithTasks(['a', 'b'], 2))
    g.settle()
    g.members.delete('w2')
    g.generation += 1
    assert.equal(g.round().delayMs, 0)
    assertPlacedOnce(g.members, g.configured)
  })

  it('revokes again when a revocation was not obeyed', () => {
    const g = group(['w1'], connectorsWithTasks(['a', 'b'], 2))
    g.round()
    g.join('w2')
    const before = g.members.get('w1') ?? noWork
    g.round()
    g.members.set('w1', before)
    g.maxDelayMs = 0
    g.settle()
    assert.deepEqual(g.sizes(), { w1: '1+2', w2: '1+2' })
    assertPlacedOnce(g.members, g.configured)
  })

  it('holds back revocations that follow each other: 40 ms, 1.6 s, 64 s, then the largest delay', () => {
    const g = group(['w1'], connectorsWithTasks(['a'], 64))
    g.round()
    g.join('w2')
    g.round()
    const delays: number[] = []
    for (let n = 3; n < 7; n++) {
      g.join(`w${n}`)
      const held = g.round()
      delays.push(held.delayMs)
      assert.ok([...held.members.values()].every(({ revoked }) => revoked.tasks.size === 0))
      g.now += held.delayMs
      // The delay is over: what was held back is taken now.
      const taken = g.round()
      assert.equal(taken.delayMs, 0)
      assert.ok([...taken.members.values()].some(({ revoked }) => revoked.tasks.size > 0))
    }
    assert.deepEqual(delays, [40, 1600, 64_000, DELAY])
    g.settle()
    assertPlacedOnce(g.members, g.configured)
  })

  it('settles for every small group, exactly once and even to one', () => {
    for (let workers = 1; workers <= 5; workers++) {
      for (let connectors = 0; connectors <= 6; connectors++) {
        const names = Array.from({ length: connectors }, (_, n) => `c${n}`)
        const g = group(['w0'], connectorsWithTasks(names, 3))
        g.settle()
        for (let n = 1; n < workers; n++) g.join(`w${n}`)
        g.settle()
        g.settle()
        assertPlacedOnce(g.members, g.configured)
        for (const kind of ['connectors', 'tasks'] as const) {
          const sizes = [...g.members.values()].map((work) => work[kind].size)
          assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, JSON.stringify(g.sizes()))
        }
      }
    }
  })
})
