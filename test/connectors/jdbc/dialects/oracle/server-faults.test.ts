import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { LoggedOn } from '../../../../support/oracle/logged-on.ts'
import { codeOf, logOn } from '../../../../support/oracle/oracle-client.ts'
import { until } from '../../../../support/until.ts'

describe('Oracle test server, told to fail, asked by the real driver', () => {
  const db = new LoggedOn()
  before(async () => {
    await db.client.execute('CREATE TABLE many (id NUMBER(9) PRIMARY KEY, note VARCHAR2(20))')
    const list = Array.from({ length: 2500 }, (_, id) => [id, id % 3 === 0 ? null : `n${id}`])
    await db.client.executeMany('INSERT INTO many VALUES (:1, :2)', list)
    await db.client.commit()
  })

  it('answers an error for the statements that fit, so often', async () => {
    db.server.control.failNext(1555, { sql: /DUAL/, times: 2 })
    assert.equal(await db.refused('SELECT 1 FROM DUAL'), 'ORA-01555')
    assert.equal(await db.refused('SELECT 1 FROM DUAL'), 'ORA-01555')
    assert.equal(await db.one('1'), 1)
    db.server.control.failNext(1555, { on: 'fetch' })
    assert.equal(await db.refused('SELECT id FROM many'), 'ORA-01555')
    db.server.control.failNext(4031, { on: 'commit' })
    assert.equal(await codeOf(db.client.commit()), 'ORA-04031')
    const lost = await logOn(db.server)
    db.server.control.failNext(3113, { sql: /lost/ })
    assert.equal(await codeOf(lost.execute("SELECT 'lost' FROM DUAL")), 'NJS-500')
  })

  it('takes its time, until it is broken off', async () => {
    const sleeper = await logOn(db.server)
    db.server.control.delayNext(20_000)
    const started = performance.now()
    const waiting = codeOf(sleeper.execute('SELECT 1 FROM DUAL'))
    await until(() => db.server.control.delayed === 1, 'the statement takes its time')
    await sleeper.break()
    assert.equal(await waiting, 'ORA-01013')
    sleeper.callTimeout = 100
    db.server.control.delayNext(20_000)
    assert.equal(await codeOf(sleeper.execute('SELECT 2 FROM DUAL')), 'NJS-123')
    sleeper.callTimeout = 0
    assert.deepEqual((await sleeper.execute('SELECT 3 FROM DUAL')).rows, [[3]])
    assert.equal(await codeOf(sleeper.execute('BEGIN NULL END')), 'ORA-00900')
    await sleeper.execute('BEGIN DBMS_SESSION.SLEEP(0.05); END;')
    assert.ok(performance.now() - started < 5000)
    await sleeper.close()
  })

  it('breaks connections at once or in the middle of a fetch, undoing what was not committed', async () => {
    const victim = await logOn(db.server)
    await victim.execute('DELETE FROM many WHERE id = 1')
    db.server.control.dropMidFetch(20, { sql: /mid/ })
    const options = { resultSet: true, fetchArraySize: 10, prefetchRows: 10 }
    const { resultSet } = await victim.execute('SELECT id /* mid */ FROM many', [], options)
    assert.equal((await resultSet?.getRows(10))?.length, 10)
    assert.equal((await resultSet?.getRows(10))?.length, 10)
    assert.match(await codeOf(resultSet?.getRows(10) ?? Promise.resolve()), /NJS-50[01]/)
    await until(() => db.server.control.sessions.length === 1, 'the session to end')
    assert.deepEqual(await db.rows('SELECT COUNT(*) FROM many WHERE id = 1'), [[1]])
    const second = await logOn(db.server)
    db.server.control.dropNext({ sql: /second/ })
    assert.match(await codeOf(second.execute("SELECT 'second' FROM DUAL")), /NJS-50[01]/)
  })

  it('closes its port and opens it again', async () => {
    await db.server.control.closeListener()
    assert.match(await codeOf(logOn(db.server)), /NJS-5(03|11)/)
    assert.equal(await db.one('1'), 1)
    await db.server.control.openListener()
    const again = await logOn(db.server)
    await again.close()
  })

  it('moves its clock', async () => {
    db.server.control.setClockOffset(3_600_000)
    const now = (await db.one('SYSTIMESTAMP')) as Date
    db.server.control.setClockOffset(0)
    assert.ok(now.getTime() - Date.now() > 3_500_000)
  })
})
