import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { impactOf, PendingRestarts, restartPlan } from '../../../src/herder/work/restart-plan.ts'
import type { State, Status } from '../../../src/storage/status-store.ts'

function status(state: State, trace: string | null = null): Status {
  return { state, trace, workerId: 'w:1', generation: 1, version: null }
}

const statuses = {
  connector: (name: string) =>
    name === 'a' ? status('RUNNING') : name === 'f' ? status('FAILED', 'boom') : null,
  tasks: () =>
    new Map([
      [0, status('RUNNING')],
      [2, status('FAILED', 'boom')]
    ])
}

describe('a restart plan', () => {
  const cases = [
    // connector, onlyFailed, includeTasks → connector restarted, tasks restarted
    ['a', false, false, true, []],
    ['a', false, true, true, [0, 2]],
    ['a', true, false, false, []],
    ['a', true, true, false, [2]],
    ['f', true, false, true, []],
    ['f', true, true, true, [2]]
  ] as const
  for (const [connector, onlyFailed, includeTasks, restarts, tasks] of cases) {
    it(`of ${connector}, onlyFailed ${onlyFailed}, includeTasks ${includeTasks}`, () => {
      const plan = restartPlan({ connector, onlyFailed, includeTasks }, statuses, 'source')
      assert.ok(plan !== null)
      assert.equal(plan.restartConnector, restarts)
      assert.deepEqual(plan.tasks, tasks)
      assert.equal(plan.state.connector.state === 'RESTARTING', restarts)
      assert.deepEqual(
        plan.state.tasks.filter(({ state }) => state === 'RESTARTING').map(({ id }) => id),
        tasks
      )
    })
  }

  it('does not exist for a connector without a status', () => {
    assert.equal(
      restartPlan({ connector: 'x', onlyFailed: false, includeTasks: true }, statuses, 'source'),
      null
    )
  })

  it('shows traces where there are any', () => {
    const plan = restartPlan(
      { connector: 'f', onlyFailed: true, includeTasks: false },
      statuses,
      'sink'
    )
    assert.deepEqual(plan?.state, {
      name: 'f',
      connector: { state: 'RESTARTING', workerId: 'w:1', trace: 'boom', version: null },
      tasks: [
        { id: 0, state: 'RUNNING', workerId: 'w:1', trace: null, version: null },
        { id: 2, state: 'FAILED', workerId: 'w:1', trace: 'boom', version: null }
      ],
      type: 'sink'
    })
  })
})

describe('restart requests that wait', () => {
  const request = (onlyFailed: boolean, includeTasks: boolean) => ({
    connector: 'a',
    onlyFailed,
    includeTasks
  })

  it('rank from a failed connector to everything', () => {
    assert.deepEqual(
      [request(true, false), request(true, true), request(false, false), request(false, true)].map(
        impactOf
      ),
      [0, 1, 2, 3]
    )
  })

  it('merge into the one with the largest impact', () => {
    const pending = new PendingRestarts()
    pending.add(request(true, true))
    pending.add(request(false, true))
    pending.add(request(true, false))
    pending.add({ ...request(true, false), connector: 'b' })
    assert.deepEqual(pending.take(), [
      request(false, true),
      { ...request(true, false), connector: 'b' }
    ])
    assert.deepEqual(pending.take(), [])
  })
})
