import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { LoggedOn } from '../../../../support/oracle/logged-on.ts'
import { codeOf, driver } from '../../../../support/oracle/oracle-client.ts'

describe('Oracle test server, asked by the real driver: queries', () => {
  const db = new LoggedOn()

  describe('queries', () => {
    before(async () => {
      await db.client.execute('CREATE TABLE many (id NUMBER(9) PRIMARY KEY, note VARCHAR2(20))')
      const list = Array.from({ length: 2500 }, (_, id) => [id, id % 3 === 0 ? null : `n${id}`])
      await db.client.executeMany('INSERT INTO many VALUES (:1, :2)', list)
      await db.client.commit()
    })

    it('streams rows in batches of any size, and closes early', async () => {
      for (const [fetchArraySize, prefetchRows] of [
        [1000, 0],
        [7, 3],
        [2500, 2500],
        [500, 2]
      ] as const) {
        const options = { resultSet: true, fetchArraySize, prefetchRows }
        const { resultSet } = await db.client.execute(
          'SELECT id FROM many ORDER BY id',
          [],
          options
        )
        const ids: unknown[] = []
        for (let more = true; more; ) {
          const batch = (await resultSet?.getRows(fetchArraySize)) ?? []
          ids.push(...batch.map(([id]) => id))
          more = batch.length > 0
        }
        assert.equal(ids.length, 2500)
        assert.deepEqual([ids[0], ids[2499]], [0, 2499])
        await resultSet?.close()
      }
      const { resultSet } = await db.client.execute('SELECT * FROM many', [], { resultSet: true })
      assert.equal((await resultSet?.getRows(5))?.length, 5)
      await resultSet?.close()
      assert.equal((await db.client.execute('SELECT * FROM many')).rows?.length, 2500)
    })

    it('binds by position and by name, the same statement again and again', async () => {
      const sql = 'SELECT id FROM many WHERE id > :low AND id < :high ORDER BY id'
      for (const low of [10, 20, 30]) {
        const { rows: found } = await db.client.execute(sql, { low, high: low + 3 })
        assert.deepEqual(found, [[low + 1], [low + 2]])
      }
      assert.deepEqual(await db.rows('SELECT :1, :2 FROM DUAL', [null, 'x']), [[null, 'x']])
      assert.deepEqual(await db.rows("SELECT ':a' /* :b */ FROM DUAL -- :c"), [[':a']])
      assert.match(await codeOf(db.client.execute(sql, { low: 1 })), /ORA-01008|NJS-/)
    })

    it('orders nulls last, cuts by FETCH FIRST and ROWNUM', async () => {
      const ids = async (tail: string): Promise<unknown[]> =>
        (await db.rows(`SELECT id FROM many ${tail}`)).map(([id]) => id)
      assert.deepEqual(await db.rows('SELECT note FROM many WHERE id < 3 ORDER BY note'), [
        ['n1'],
        ['n2'],
        [null]
      ])
      assert.deepEqual(await db.rows('SELECT note FROM many WHERE id < 3 ORDER BY note DESC'), [
        [null],
        ['n2'],
        ['n1']
      ])
      assert.deepEqual(await ids('ORDER BY id FETCH FIRST 2 ROWS ONLY'), [0, 1])
      assert.deepEqual(await ids('ORDER BY id OFFSET 5 ROWS FETCH NEXT 2 ROWS ONLY'), [5, 6])
      assert.deepEqual(await ids('WHERE ROWNUM <= 3 ORDER BY id DESC'), [2, 1, 0])
      assert.deepEqual(
        await db.rows(
          'SELECT a FROM (SELECT MOD(id, 2) a FROM many WHERE id < 4) ORDER BY a FETCH FIRST 1 ROWS WITH TIES'
        ),
        [[0], [0]]
      )
      assert.deepEqual(
        await db.rows('SELECT MOD(id, 2) a, COUNT(*) FROM many GROUP BY MOD(id, 2) ORDER BY a'),
        [
          [0, 1250],
          [1, 1250]
        ]
      )
      assert.deepEqual(
        await db.rows(
          'WITH w AS (SELECT id FROM many WHERE id < 2) SELECT w.id, m.note FROM w LEFT JOIN many m ON m.id = w.id + 1 ORDER BY 1'
        ),
        [
          [0, 'n1'],
          [1, 'n2']
        ]
      )
    })

    it('tells what a query would answer without running it', async () => {
      const { metaData } = await db.client.getStatementInfo(
        'SELECT id, note AS "Note", 1+1 FROM many'
      )
      assert.deepEqual(
        metaData?.map(({ name, nullable }) => [name, nullable]),
        [
          ['ID', false],
          ['Note', true],
          ['1+1', false]
        ]
      )
    })

    it('notices columns that were added since the statement was parsed', async () => {
      await db.client.execute('CREATE TABLE grows (a NUMBER(3))')
      await db.client.execute('INSERT INTO grows VALUES (1)')
      assert.deepEqual(await db.rows('SELECT * FROM grows'), [[1]])
      await db.client.execute("ALTER TABLE grows ADD b VARCHAR2(5) DEFAULT 'x'")
      await db.client.execute('INSERT INTO grows (a) VALUES (2)')
      assert.deepEqual(await db.rows('SELECT * FROM grows ORDER BY a'), [
        [1, null],
        [2, 'x']
      ])
      await db.client.execute('DROP TABLE grows')
      assert.equal(await db.refused('SELECT * FROM grows'), 'ORA-00942')
    })
  })

  describe('refusals', () => {
    it('refuses what other databases would take', async () => {
      await db.client.execute('CREATE TABLE orders (id NUMBER(9), "Mixed" NUMBER(9))')
      for (const [sql, code] of [
        ['SELECT * FROM orders LIMIT 5', 'ORA-00933'],
        ['SELECT * FROM orders;', 'ORA-00911'],
        ['SELECT * FROM orders AS o', 'ORA-00933'],
        ['SELECT * FROM `orders`', 'ORA-00911'],
        ['SELECT 1', 'ORA-00923'],
        ['SELECT TOP 5 * FROM orders', 'ORA-00923'],
        ['SELECT "id" FROM orders', 'ORA-00904'],
        ['SELECT mixed FROM orders', 'ORA-00904'],
        ['SELECT * FROM "orders"', 'ORA-00942'],
        ['SELECT * FROM nope.orders', 'ORA-00942'],
        ['SELECT now() FROM DUAL', 'ORA-00904'],
        ['SELECT * FROM orders WHERE id', 'ORA-00920'],
        ['SELECT * FROM orders WHERE id = TRUE', 'ORA-00904'],
        ['SELECT a.id FROM orders a, orders b WHERE id = 1', 'ORA-00918'],
        ['SELECT id, COUNT(*) FROM orders', 'ORA-00937'],
        ['SELECT id, "Mixed" FROM orders GROUP BY id', 'ORA-00979'],
        ['SELECT id FROM orders WHERE COUNT(*) = 1', 'ORA-00934'],
        ['SELECT id FROM orders ORDER BY 2', 'ORA-01785'],
        ["SELECT 'it FROM DUAL", 'ORA-01756'],
        ['INSERT INTO orders VALUES (1, 2), (3, 4)', 'ORA-00933'],
        ['INSERT INTO orders VALUES (1)', 'ORA-00947'],
        ['INSERT INTO orders VALUES (1, 2, 3)', 'ORA-00913'],
        ['CREATE TABLE orders (id NUMBER)', 'ORA-00955'],
        ['CREATE TABLE t2 (id BIGINT)', 'ORA-00902'],
        ['CREATE TABLE t2 (id NUMBER, id NUMBER)', 'ORA-00957'],
        ['ALTER TABLE orders ADD COLUMN x NUMBER', 'ORA-00904'],
        ['EXPLAIN PLAN FOR SELECT 1 FROM DUAL', 'ORA-00900'],
        ['DROP TABLE nope', 'ORA-00942']
      ] as const) {
        assert.equal(await db.refused(sql), code, sql)
      }
      assert.deepEqual(await db.rows('SELECT o.id, o."Mixed" FROM APP.orders o'), [])
      await db.client.execute('DROP TABLE orders')
    })

    it('leaves the session alive after a call it does not know', async () => {
      const xid = { formatId: 1, globalTransactionId: 'a', branchQualifier: 'b' }
      assert.equal(await codeOf(db.client.tpcBegin(xid)), 'ORA-03001')
      const returning = 'UPDATE many SET id = 1 WHERE id = -1 RETURNING id INTO :1'
      const out = { dir: driver.BIND_OUT, type: driver.NUMBER }
      assert.equal(await codeOf(db.client.execute(returning, [out])), 'ORA-03001')
      await db.client.ping()
    })
  })
})
