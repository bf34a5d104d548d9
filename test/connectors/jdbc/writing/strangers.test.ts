import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Strangers } from '../../../../src/connectors/jdbc/writing/strangers.ts'
import { RetriableError, isRetriable } from '../../../../src/errors.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

/** What each look answers: nothing, or what it rejects with, in short. */
async function look(strangers: Strangers): Promise<string> {
  try {
    await strangers.look()
    return 'goes on'
  } catch (error) {
    return isRetriable(error) ? 'waits' : 'fails'
  }
}

void describe('Members of the group that know nothing of positions in the database', () => {
  let found: readonly string[] | Error = []
  const start = (isRequired: boolean): { clock: ManualClock; strangers: Strangers } => {
    const clock = new ManualClock()
    const ask = (): Promise<readonly string[]> =>
      found instanceof Error ? Promise.reject(found) : Promise.resolve(found)
    return { clock, strangers: new Strangers({ context: { strangers: ask }, clock, isRequired }) }
  }
  const JVM = 'connector-consumer-sink-1 at 10.0.0.7'

  void it('I15: are waited for as long as they may still leave, and then fail the task', async () => {
    const { clock, strangers } = start(true)
    found = [JVM]
    assert.equal(await look(strangers), 'waits')
    clock.advance(59_999)
    assert.equal(await look(strangers), 'waits')
    found = []
    assert.equal(await look(strangers), 'goes on')
    assert.equal(strangers.notice, null)
    found = [JVM]
    assert.equal(await look(strangers), 'waits')
    clock.advance(60_000)
    await assert.rejects(strangers.look(), {
      code: 'KAFKA_ERROR',
      message: `exactly.once.sink is required, but consumers that know nothing of positions in the database are in the group, and what they write may come twice: ${JVM}. Stop them, or set exactly.once.sink=off`
    })
  })

  void it('are only told of where exactly once is requested', async () => {
    const { clock, strangers } = start(false)
    found = [JVM, 'other at 10.0.0.8']
    assert.equal(await look(strangers), 'goes on')
    clock.advance(100_000)
    assert.equal(await look(strangers), 'goes on')
    assert.match(strangers.notice ?? '', /may come twice: .* at 10\.0\.0\.7, other at 10\.0\.0\.8$/)
  })

  void it('are not known while Kafka does not answer, which keeps nobody from writing', async () => {
    const { strangers } = start(true)
    found = new RetriableError('away')
    assert.equal(await look(strangers), 'goes on')
    assert.equal(strangers.notice, null)
    found = [JVM]
    assert.equal(await look(strangers), 'waits')
    found = new RetriableError('away')
    assert.equal(await look(strangers), 'waits')
  })
})
