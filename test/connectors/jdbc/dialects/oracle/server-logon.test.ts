import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LoggedOn } from '../../../../support/oracle/logged-on.ts'
import { codeOf, driver, logOn } from '../../../../support/oracle/oracle-client.ts'

describe('Oracle test server, asked by the real driver: calls', () => {
  const db = new LoggedOn()

  describe('logon', () => {
    it('answers as release 19c and survives pings, commits and rollbacks', async () => {
      assert.match(db.client.oracleServerVersionString, /^19\./)
      await db.client.ping()
      await db.client.commit()
      await db.client.rollback()
      assert.deepEqual(await db.rows('SELECT 1 FROM DUAL'), [[1]])
    })

    it('takes service names, SIDs, descriptors, and connect data too long for one packet', async () => {
      const address = `(ADDRESS=(PROTOCOL=TCP)(HOST=127.0.0.1)(PORT=${db.server.port}))`
      const padding = `(SECURITY=(SSL_SERVER_CERT_DN="CN=${'x'.repeat(300)}"))`
      for (const connectString of [
        db.server.connectString,
        `(DESCRIPTION=${address}(CONNECT_DATA=(SID=${db.server.sid})))`,
        `(DESCRIPTION=${address}(CONNECT_DATA=(SERVICE_NAME=${db.server.service}))${padding})`
      ]) {
        const other = await logOn(db.server, { connectString })
        assert.equal((await other.execute('SELECT 1 FROM DUAL')).rows?.[0]?.[0], 1)
        await other.close()
      }
    })

    it('refuses unknown services and SIDs, wrong passwords and users, locked accounts', async () => {
      const at = `127.0.0.1:${db.server.port}`
      assert.equal(await codeOf(logOn(db.server, { connectString: `${at}/NOPE` })), 'NJS-518')
      const sid = `(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=127.0.0.1)(PORT=${db.server.port}))(CONNECT_DATA=(SID=NOPE)))`
      assert.equal(await codeOf(logOn(db.server, { connectString: sid })), 'NJS-519')
      assert.equal(await codeOf(logOn(db.server, { password: 'wrong' })), 'ORA-01017')
      assert.equal(await codeOf(logOn(db.server, { user: 'nobody' })), 'ORA-01017')
      await db.server.control.execute([
        'CREATE USER locked IDENTIFIED BY "Secret 1"',
        'ALTER USER locked ACCOUNT LOCK'
      ])
      const locked = { user: 'locked', password: 'Secret 1' }
      assert.equal(await codeOf(logOn(db.server, locked)), 'ORA-28000')
      db.server.control.refuseLogons(1033)
      assert.equal(await codeOf(logOn(db.server)), 'ORA-01033')
      db.server.control.refuseLogons(null)
    })

    it('answers answers larger than a packet, with the smallest packets there are', async () => {
      const other = await logOn(db.server, { sdu: 512 })
      const text = 'ä'.repeat(1500)
      const { rows: answer } = await other.execute('SELECT :1, :2 FROM DUAL', [text, text])
      assert.deepEqual(answer, [[text, text]])
      await other.close()
    })
  })

  describe('what travels beside a call', () => {
    it('takes the name of the program and the current schema', async () => {
      await db.server.control.execute([
        'CREATE USER beside IDENTIFIED BY "Beside_1"',
        'CREATE TABLE beside.here (id NUMBER(3))'
      ])
      const other = await logOn(db.server)
      other.module = 'worker'
      other.action = 'source'
      const known = await other.execute(
        "SELECT module, action FROM v$session WHERE sid = SYS_CONTEXT('USERENV', 'SID')"
      )
      assert.deepEqual(known.rows, [['worker', 'source']])
      other.currentSchema = 'BESIDE'
      assert.deepEqual((await other.execute('SELECT * FROM here')).rows, [])
      await other.close()
    })

    it('takes LOBs made by the client; LONG and XMLTYPE are texts', async () => {
      await db.client.execute('CREATE TABLE texts (l LONG, x XMLTYPE, c CLOB)')
      const lob = await db.client.createLob(driver.CLOB)
      await new Promise((resolve, reject) => {
        lob.on('finish', resolve).on('error', reject).end('hällo '.repeat(9000))
      })
      const binds = ['l'.repeat(40_000), '<a>1</a>', lob]
      await db.client.execute('INSERT INTO texts VALUES (:1, :2, :3)', binds)
      lob.destroy()
      const { rows: read } = await db.client.execute('SELECT * FROM texts', [], {
        fetchTypeHandler: () => ({ type: driver.STRING })
      })
      assert.deepEqual(read, [['l'.repeat(40_000), '<a>1</a>', 'hällo '.repeat(9000)]])
      await db.client.execute('DROP TABLE texts')
    })
  })
})
