import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { type Client, codeOf, driver, logOn } from '../../../support/oracle/oracle-client.ts'
import { type OracleServer, startOracleServer } from '../../../support/oracle/oracle-server.ts'
import { until } from '../../../support/until.ts'

describe('Oracle test server, asked by the real driver', () => {
  let server: OracleServer
  let client: Client
  before(async () => {
    server = await startOracleServer()
    client = await logOn(server)
  })
  after(async () => {
    await client.close()
    await server.stop()
  })
  afterEach(() => {
    server.control.clearFaults()
    assert.deepEqual(server.control.failures, [])
  })
  const rows = async (sql: string, binds: readonly unknown[] = []): Promise<unknown[][]> =>
    (await client.execute(sql, binds)).rows ?? []
  const one = async (expression: string, binds: readonly unknown[] = []): Promise<unknown> =>
    (await rows(`SELECT ${expression} FROM DUAL`, binds))[0]?.[0]
  const refused = (sql: string): Promise<string> => codeOf(client.execute(sql))

  describe('logon', () => {
    it('answers as release 19c and survives pings, commits and rollbacks', async () => {
      assert.match(client.oracleServerVersionString, /^19\./)
      await client.ping()
      await client.commit()
      await client.rollback()
      assert.deepEqual(await rows('SELECT 1 FROM DUAL'), [[1]])
    })

    it('takes service names, SIDs, descriptors, and connect data too long for one packet', async () => {
      const address = `(ADDRESS=(PROTOCOL=TCP)(HOST=127.0.0.1)(PORT=${server.port}))`
      const padding = `(SECURITY=(SSL_SERVER_CERT_DN="CN=${'x'.repeat(300)}"))`
      for (const connectString of [
        server.connectString,
        `(DESCRIPTION=${address}(CONNECT_DATA=(SID=${server.sid})))`,
        `(DESCRIPTION=${address}(CONNECT_DATA=(SERVICE_NAME=${server.service}))${padding})`
      ]) {
        const other = await logOn(server, { connectString })
        assert.equal((await other.execute('SELECT 1 FROM DUAL')).rows?.[0]?.[0], 1)
        await other.close()
      }
    })

    it('refuses unknown services and SIDs, wrong passwords and users, locked accounts', async () => {
      const at = `127.0.0.1:${server.port}`
      assert.equal(await codeOf(logOn(server, { connectString: `${at}/NOPE` })), 'NJS-518')
      const sid = `(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=127.0.0.1)(PORT=${server.port}))(CONNECT_DATA=(SID=NOPE)))`
      assert.equal(await codeOf(logOn(server, { connectString: sid })), 'NJS-519')
      assert.equal(await codeOf(logOn(server, { password: 'wrong' })), 'ORA-01017')
      assert.equal(await codeOf(logOn(server, { user: 'nobody' })), 'ORA-01017')
      await server.control.execute([
        'CREATE USER locked IDENTIFIED BY "Secret 1"',
        'ALTER USER locked ACCOUNT LOCK'
      ])
      const locked = { user: 'locked', password: 'Secret 1' }
      assert.equal(await codeOf(logOn(server, locked)), 'ORA-28000')
      server.control.refuseLogons(1033)
      assert.equal(await codeOf(logOn(server)), 'ORA-01033')
      server.control.refuseLogons(null)
    })

    it('answers answers larger than a packet, with the smallest packets there are', async () => {
      const other = await logOn(server, { sdu: 512 })
      const text = 'ä'.repeat(1500)
      const { rows: answer } = await other.execute('SELECT :1, :2 FROM DUAL', [text, text])
      assert.deepEqual(answer, [[text, text]])
      await other.close()
    })
  })

  describe('types', () => {
    it('hands out numbers digit by digit', async () => {
      await client.execute(
        'CREATE TABLE numbers (id NUMBER(3), plain NUMBER, whole NUMBER(38), cents NUMBER(10,2), hundreds NUMBER(5,-2), f FLOAT)'
      )
      const big = '99999999999999999999999999999999999999'
      await client.execute(
        `INSERT INTO numbers VALUES (1, 1234567890123456789012345678.0123456789, ${big}, -1.005, 12345, 0.1)`
      )
      await client.execute('INSERT INTO numbers VALUES (2, .001, -7, 1e3, NULL, NULL)')
      const { rows: texts } = await client.execute('SELECT * FROM numbers ORDER BY id', [], {
        fetchTypeHandler: () => ({ type: driver.STRING })
      })
      assert.deepEqual(texts, [
        ['1', '1234567890123456789012345678.0123456789', big, '-1.01', '12300', '.1'],
        ['2', '.001', '-7', '1000', null, null]
      ])
      assert.equal(await refused('INSERT INTO numbers (cents) VALUES (123456789)'), 'ORA-01438')
      const { metaData } = await client.execute('SELECT * FROM numbers')
      assert.deepEqual(
        metaData?.map(({ name, precision, scale }) => [name, precision, scale]),
        [
          ['ID', 3, 0],
          ['PLAIN', 0, -127],
          ['WHOLE', 38, 0],
          ['CENTS', 10, 2],
          ['HUNDREDS', 5, -2],
          ['F', 126, -127]
        ]
      )
      await client.execute('DROP TABLE numbers')
    })

    it('keeps texts by bytes or characters, pads CHAR, has no empty text', async () => {
      await client.execute(
        'CREATE TABLE texts (v VARCHAR2(4), c CHAR(3), vc VARCHAR2(4 CHAR), n NVARCHAR2(4), nc NCHAR(3), x VARCHAR2(10))'
      )
      const value = ['äx', 'a', 'äöüß', '订单表名', '订', '']
      await client.execute('INSERT INTO texts VALUES (:1,:2,:3,:4,:5,:6)', value)
      assert.deepEqual(await rows('SELECT * FROM texts'), [
        ['äx', 'a  ', 'äöüß', '订单表名', '订  ', null]
      ])
      assert.equal(await refused("INSERT INTO texts (v) VALUES ('äöü')"), 'ORA-12899')
      assert.deepEqual(await rows("SELECT COUNT(*) FROM texts WHERE c = 'a' AND x IS NULL"), [[1]])
      assert.deepEqual(await rows("SELECT COUNT(*) FROM texts WHERE x = ''"), [[0]])
      const { metaData } = await client.execute('SELECT * FROM texts')
      assert.deepEqual(
        metaData?.map(({ dbTypeName, byteSize }) => [dbTypeName, byteSize]),
        [
          ['VARCHAR2', 4],
          ['CHAR', 3],
          ['VARCHAR2', 4],
          ['NVARCHAR2', 4],
          ['NCHAR', 3],
          ['VARCHAR2', 10]
        ]
      )
      await client.execute('DROP TABLE texts')
    })

    it('keeps moments to their digits, with and without zones', async () => {
      await client.execute(
        'CREATE TABLE moments (d DATE, t0 TIMESTAMP(0), t6 TIMESTAMP, t9 TIMESTAMP(9), tz TIMESTAMP(9) WITH TIME ZONE, l TIMESTAMP(3) WITH LOCAL TIME ZONE)'
      )
      await client.execute("ALTER SESSION SET TIME_ZONE = '+02:00'")
      await client.execute(
        `INSERT INTO moments VALUES (DATE '2024-02-29', TIMESTAMP '2024-02-29 12:00:00.7', TIMESTAMP '2024-02-29 12:00:00.1234567', TIMESTAMP '2024-02-29 12:00:00.123456789', TIMESTAMP '2024-02-29 12:00:00.5 +05:30', TIMESTAMP '2024-02-29 12:00:00.5')`
      )
      const mask = 'YYYY-MM-DD HH24:MI:SS.FF9'
      assert.deepEqual(
        await rows(
          `SELECT TO_CHAR(d, 'YYYY-MM-DD HH24:MI:SS'), TO_CHAR(t0, '${mask}'), TO_CHAR(t6, '${mask}'), TO_CHAR(t9, '${mask}'), TO_CHAR(tz, '${mask} TZH:TZM'), TO_CHAR(l, '${mask}') FROM moments`
        ),
        [
          [
            '2024-02-29 00:00:00',
            '2024-02-29 12:00:01.000000000',
            '2024-02-29 12:00:00.123457000',
            '2024-02-29 12:00:00.123456789',
            '2024-02-29 12:00:00.500000000 +05:30',
            '2024-02-29 12:00:00.500000000'
          ]
        ]
      )
      const [[tz, l] = []] = await rows('SELECT tz, l FROM moments')
      assert.deepEqual(tz, new Date('2024-02-29T06:30:00.500Z'))
      assert.deepEqual(l, new Date('2024-02-29T10:00:00.500Z'))
      const { metaData } = await client.execute('SELECT t0, t9, tz FROM moments')
      assert.deepEqual(
        metaData?.map(({ precision }) => precision),
        [0, 9, 9]
      )
      const at = new Date('2024-02-29T06:30:00.500Z')
      const zoned = { val: at, type: driver.DB_TYPE_TIMESTAMP_TZ }
      assert.deepEqual(await rows('SELECT COUNT(*) FROM moments WHERE tz = :1', [zoned]), [[1]])
      await client.execute('DROP TABLE moments')
      await client.execute("ALTER SESSION SET TIME_ZONE = '+00:00'")
    })

    it('carries binary numbers, bytes, intervals, ROWIDs and long values', async () => {
      await client.execute(
        'CREATE TABLE others (f BINARY_FLOAT, d BINARY_DOUBLE, r RAW(4), ym INTERVAL YEAR TO MONTH, ds INTERVAL DAY TO SECOND(6), lr LONG RAW)'
      )
      await client.execute(
        `INSERT INTO others VALUES (1.5f, :1, HEXTORAW('00ff10'), INTERVAL '1-2' YEAR TO MONTH, INTERVAL '-3 04:05:06.7' DAY TO SECOND, :2)`,
        [{ val: Number.NaN, type: driver.DB_TYPE_BINARY_DOUBLE }, Buffer.alloc(40_000, 9)]
      )
      const [row = []] = await rows('SELECT f, d, r, ym, ds, lr FROM others')
      assert.equal(row[0], 1.5)
      assert.ok(Number.isNaN(row[1]))
      assert.deepEqual(row[2], Buffer.from([0, 255, 16]))
      assert.deepEqual({ ...(row[3] as object) }, { years: 1, months: 2 })
      const ds = { days: -3, hours: -4, minutes: -5, seconds: -6, fseconds: -700_000_000 }
      assert.deepEqual({ ...(row[4] as object) }, ds)
      assert.deepEqual(row[5], Buffer.alloc(40_000, 9))
      const [[rowid] = []] = await rows('SELECT ROWID FROM others')
      assert.match(String(rowid), /^[A-Za-z0-9+/]{18}$/)
      assert.deepEqual(await rows('SELECT f FROM others WHERE ROWID = :1', [rowid]), [[1.5]])
      await client.execute('DROP TABLE others')
    })

    it('hands out LOBs as text and bytes, or by locator', async () => {
      await client.execute('CREATE TABLE lobs (id NUMBER(3), c CLOB, n NCLOB, b BLOB, e CLOB)')
      const text = '订单😀'.repeat(20_000)
      const bytes = Buffer.alloc(70_000, 5)
      await client.execute('INSERT INTO lobs VALUES (1, :1, :2, :3, NULL)', [text, 'n', bytes])
      const inline = await client.execute('SELECT * FROM lobs', [], {
        fetchTypeHandler: ({ dbTypeName }: { dbTypeName: string }) => ({
          type: dbTypeName === 'BLOB' ? driver.BUFFER : driver.STRING
        })
      })
      assert.deepEqual(inline.rows, [['1', text, 'n', bytes, null]])
      const [row = []] = await rows('SELECT c, b, e FROM lobs')
      const [c, b] = row as { length: number; getData(): Promise<unknown> }[]
      assert.equal(c?.length, text.length)
      assert.equal(await c?.getData(), text)
      assert.deepEqual(await b?.getData(), bytes)
      assert.equal(row[2], null)
      const nothing = await client.execute('SELECT c FROM lobs WHERE id = 2')
      assert.deepEqual(nothing.rows, [])
      assert.equal(await refused("SELECT id FROM lobs WHERE c = 'x'"), 'ORA-00932')
      await client.execute('DROP TABLE lobs')
    })
  })

  describe('what travels beside a call', () => {
    it('takes the name of the program and the current schema', async () => {
      await server.control.execute([
        'CREATE USER beside IDENTIFIED BY "Beside_1"',
        'CREATE TABLE beside.here (id NUMBER(3))'
      ])
      const other = await logOn(server)
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
      await client.execute('CREATE TABLE texts (l LONG, x XMLTYPE, c CLOB)')
      const lob = await client.createLob(driver.CLOB)
      await new Promise((resolve, reject) => {
        lob.on('finish', resolve).on('error', reject).end('hällo '.repeat(9000))
      })
      const binds = ['l'.repeat(40_000), '<a>1</a>', lob]
      await client.execute('INSERT INTO texts VALUES (:1, :2, :3)', binds)
      lob.destroy()
      const { rows: read } = await client.execute('SELECT * FROM texts', [], {
        fetchTypeHandler: () => ({ type: driver.STRING })
      })
      assert.deepEqual(read, [['l'.repeat(40_000), '<a>1</a>', 'hällo '.repeat(9000)]])
      await client.execute('DROP TABLE texts')
    })
  })

  describe('queries', () => {
    before(async () => {
      await client.execute('CREATE TABLE many (id NUMBER(9) PRIMARY KEY, note VARCHAR2(20))')
      const list = Array.from({ length: 2500 }, (_, id) => [id, id % 3 === 0 ? null : `n${id}`])
      await client.executeMany('INSERT INTO many VALUES (:1, :2)', list)
      await client.commit()
    })

    it('streams rows in batches of any size, and closes early', async () => {
      for (const [fetchArraySize, prefetchRows] of [
        [1000, 0],
        [7, 3],
        [2500, 2500],
        [500, 2]
      ] as const) {
        const options = { resultSet: true, fetchArraySize, prefetchRows }
        const { resultSet } = await client.execute('SELECT id FROM many ORDER BY id', [], options)
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
      const { resultSet } = await client.execute('SELECT * FROM many', [], { resultSet: true })
      assert.equal((await resultSet?.getRows(5))?.length, 5)
      await resultSet?.close()
      assert.equal((await client.execute('SELECT * FROM many')).rows?.length, 2500)
    })

    it('binds by position and by name, the same statement again and again', async () => {
      const sql = 'SELECT id FROM many WHERE id > :low AND id < :high ORDER BY id'
      for (const low of [10, 20, 30]) {
        const { rows: found } = await client.execute(sql, { low, high: low + 3 })
        assert.deepEqual(found, [[low + 1], [low + 2]])
      }
      assert.deepEqual(await rows('SELECT :1, :2 FROM DUAL', [null, 'x']), [[null, 'x']])
      assert.deepEqual(await rows("SELECT ':a' /* :b */ FROM DUAL -- :c"), [[':a']])
      assert.match(await codeOf(client.execute(sql, { low: 1 })), /ORA-01008|NJS-/)
    })

    it('orders nulls last, cuts by FETCH FIRST and ROWNUM', async () => {
      const ids = async (tail: string): Promise<unknown[]> =>
        (await rows(`SELECT id FROM many ${tail}`)).map(([id]) => id)
      assert.deepEqual(await rows('SELECT note FROM many WHERE id < 3 ORDER BY note'), [
        ['n1'],
        ['n2'],
        [null]
      ])
      assert.deepEqual(await rows('SELECT note FROM many WHERE id < 3 ORDER BY note DESC'), [
        [null],
        ['n2'],
        ['n1']
      ])
      assert.deepEqual(await ids('ORDER BY id FETCH FIRST 2 ROWS ONLY'), [0, 1])
      assert.deepEqual(await ids('ORDER BY id OFFSET 5 ROWS FETCH NEXT 2 ROWS ONLY'), [5, 6])
      assert.deepEqual(await ids('WHERE ROWNUM <= 3 ORDER BY id DESC'), [2, 1, 0])
      assert.deepEqual(
        await rows(
          'SELECT a FROM (SELECT MOD(id, 2) a FROM many WHERE id < 4) ORDER BY a FETCH FIRST 1 ROWS WITH TIES'
        ),
        [[0], [0]]
      )
      assert.deepEqual(
        await rows('SELECT MOD(id, 2) a, COUNT(*) FROM many GROUP BY MOD(id, 2) ORDER BY a'),
        [
          [0, 1250],
          [1, 1250]
        ]
      )
      assert.deepEqual(
        await rows(
          'WITH w AS (SELECT id FROM many WHERE id < 2) SELECT w.id, m.note FROM w LEFT JOIN many m ON m.id = w.id + 1 ORDER BY 1'
        ),
        [
          [0, 'n1'],
          [1, 'n2']
        ]
      )
    })

    it('tells what a query would answer without running it', async () => {
      const { metaData } = await client.getStatementInfo('SELECT id, note AS "Note", 1+1 FROM many')
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
      await client.execute('CREATE TABLE grows (a NUMBER(3))')
      await client.execute('INSERT INTO grows VALUES (1)')
      assert.deepEqual(await rows('SELECT * FROM grows'), [[1]])
      await client.execute("ALTER TABLE grows ADD b VARCHAR2(5) DEFAULT 'x'")
      await client.execute('INSERT INTO grows (a) VALUES (2)')
      assert.deepEqual(await rows('SELECT * FROM grows ORDER BY a'), [
        [1, null],
        [2, 'x']
      ])
      await client.execute('DROP TABLE grows')
      assert.equal(await refused('SELECT * FROM grows'), 'ORA-00942')
    })
  })

  describe('values', () => {
    it('calculates as Oracle does', async () => {
      assert.equal(await one('1/4'), 0.25)
      assert.equal(await one("'a' || NULL || 1"), 'a1')
      assert.equal(await one("COALESCE(NULL, NVL('', 'x'))"), 'x')
      assert.equal(await one("UPPER('straße') || LOWER('ÄB')"), 'STRASSEäb')
      assert.equal(
        await one("TO_CHAR(DATE '2024-01-31' + 1/24, 'DD-MON-YYYY HH24:MI')"),
        '31-JAN-2024 01:00'
      )
      assert.equal(
        await one("TO_CHAR(ADD_MONTHS(DATE '2024-01-31', 1), 'YYYY-MM-DD')"),
        '2024-02-29'
      )
      assert.equal(await one("DATE '2024-03-01' - DATE '2024-02-28'"), 2)
      assert.equal(
        await one(
          "TO_CHAR(TIMESTAMP '2024-01-01 00:00:00' - INTERVAL '0.000000001' SECOND, 'YYYY-MM-DD HH24:MI:SS.FF9')"
        ),
        '2023-12-31 23:59:59.999999999'
      )
      assert.equal(
        await one("TO_CHAR(TO_TIMESTAMP(:1, 'YYYY-MM-DD HH24:MI:SS.FF9'), 'SS.FF')", [
          '2024-01-01 10:00:07.5'
        ]),
        '07.500000'
      )
      assert.equal(
        await one(
          "TO_CHAR(SYS_EXTRACT_UTC(TO_TIMESTAMP_TZ('2024-07-01 12:00:00 Europe/Paris', 'YYYY-MM-DD HH24:MI:SS TZR')), 'HH24')"
        ),
        '10'
      )
      assert.equal(await one("CASE WHEN 'a' < 'B' THEN 1 ELSE 2 END"), 2)
      assert.equal(await one("SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA')"), 'APP')
      assert.equal(await one("CAST('12' AS NUMBER(5))"), 12)
      assert.equal(await one("TO_CHAR(1234.5, 'FM9G999D00')"), '1,234.5')
      const now = await one('SYSTIMESTAMP')
      assert.ok(now instanceof Date && Math.abs(now.getTime() - Date.now()) < 5000)
    })

    it('refuses texts that are no dates or numbers', async () => {
      const value = (expression: string): Promise<string> =>
        refused(`SELECT ${expression} FROM DUAL`)
      assert.equal(await value("TO_NUMBER('1x')"), 'ORA-01722')
      assert.equal(await value("TO_DATE('2024/x', 'YYYY-MM')"), 'ORA-01858')
      assert.equal(await value("TO_DATE('20240230', 'YYYYMMDD')"), 'ORA-01839')
      assert.equal(await value("TO_DATE('2024-13-01', 'YYYY-MM-DD')"), 'ORA-01843')
      assert.equal(await value("TO_DATE('2024-01-01 10', 'YYYY-MM-DD')"), 'ORA-01830')
      assert.equal(await value("TO_DATE('2024a01', 'YYYY-MM')"), 'ORA-01861')
      assert.equal(await value("TO_CHAR(SYSDATE, 'YYYY-FF3')"), 'ORA-01821')
      assert.equal(await value('1/0'), 'ORA-01476')
      assert.equal(await value("DATE '2024-01-01' + SYSDATE"), 'ORA-00975')
      assert.equal(await value('GREATEST()'), 'ORA-00938')
    })
  })

  describe('refusals', () => {
    it('refuses what other databases would take', async () => {
      await client.execute('CREATE TABLE orders (id NUMBER(9), "Mixed" NUMBER(9))')
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
        assert.equal(await refused(sql), code, sql)
      }
      assert.deepEqual(await rows('SELECT o.id, o."Mixed" FROM APP.orders o'), [])
      await client.execute('DROP TABLE orders')
    })

    it('leaves the session alive after a call it does not know', async () => {
      const xid = { formatId: 1, globalTransactionId: 'a', branchQualifier: 'b' }
      assert.equal(await codeOf(client.tpcBegin(xid)), 'ORA-03001')
      const returning = 'UPDATE many SET id = 1 WHERE id = -1 RETURNING id INTO :1'
      const out = { dir: driver.BIND_OUT, type: driver.NUMBER }
      assert.equal(await codeOf(client.execute(returning, [out])), 'ORA-03001')
      await client.ping()
    })
  })

  describe('changes', () => {
    before(async () => {
      await client.execute(
        'CREATE TABLE stock (id NUMBER(9) CONSTRAINT stock_pk PRIMARY KEY, name VARCHAR2(10) NOT NULL, qty NUMBER(5) DEFAULT 7)'
      )
    })
    after(async () => {
      await client.execute('DROP TABLE stock')
    })

    it('inserts, updates, merges, deletes and counts rows', async () => {
      const insert = await client.execute("INSERT INTO stock (id, name) VALUES (1, 'a')")
      assert.equal(insert.rowsAffected, 1)
      const [[rowid] = []] = await rows('SELECT ROWID FROM stock')
      assert.equal(insert.lastRowid, rowid)
      await client.execute("INSERT INTO stock SELECT id + 1, name || 'x', NULL FROM stock")
      assert.equal(
        (await client.execute('UPDATE stock SET qty = NVL(qty, 0) + :1', [1])).rowsAffected,
        2
      )
      assert.equal((await client.execute('UPDATE stock SET id = id + 1')).rowsAffected, 2)
      const merge = `MERGE INTO stock t USING (SELECT :1 AS id, :2 AS name FROM DUAL) s ON (t.id = s.id)
        WHEN MATCHED THEN UPDATE SET t.name = s.name WHEN NOT MATCHED THEN INSERT (id, name) VALUES (s.id, s.name)`
      assert.equal(
        (
          await client.executeMany(merge, [
            [2, 'b'],
            [9, 'c']
          ])
        ).rowsAffected,
        2
      )
      assert.deepEqual(await rows('SELECT id, name, qty FROM stock ORDER BY id'), [
        [2, 'b', 8],
        [3, 'ax', 1],
        [9, 'c', 7]
      ])
      assert.equal((await client.execute('DELETE FROM stock WHERE qty < 8')).rowsAffected, 2)
      await client.rollback()
      assert.deepEqual(await rows('SELECT COUNT(*) FROM stock'), [[0]])
    })

    it('holds constraints, one statement at a time', async () => {
      await client.execute("INSERT INTO stock VALUES (1, 'a', 1)", [], { autoCommit: true })
      assert.equal(await refused("INSERT INTO stock VALUES (1, 'b', 1)"), 'ORA-00001')
      assert.equal(await refused('INSERT INTO stock (id) VALUES (2)'), 'ORA-01400')
      assert.equal(await refused("UPDATE stock SET name = ''"), 'ORA-01407')
      assert.equal(await refused("INSERT INTO stock VALUES (3, 'abcdefghijk', 1)"), 'ORA-12899')
      assert.deepEqual(await rows('SELECT id FROM stock'), [[1]])
    })

    it('goes on behind rows that fail when asked to, and says which', async () => {
      const sql = 'INSERT INTO stock (id, name) VALUES (:1, :2)'
      const list = [
        [11, 'a'],
        [11, 'b'],
        [12, null],
        [13, 'd']
      ]
      const result = await client.executeMany(sql, list, { batchErrors: true, dmlRowCounts: true })
      assert.deepEqual(
        result.batchErrors?.map(({ offset, message }) => [offset, message.slice(0, 9)]),
        [
          [1, 'ORA-00001'],
          [2, 'ORA-01400']
        ]
      )
      assert.equal(result.rowsAffected, 2)
      assert.deepEqual(result.dmlRowCounts, [1, 0, 0, 1])
      await client.rollback()
      assert.equal(await codeOf(client.executeMany(sql, list)), 'ORA-00001')
      assert.deepEqual(await rows('SELECT id FROM stock WHERE id > 10'), [[11]])
      await client.rollback()
    })

    it('numbers rows of identity columns', async () => {
      await client.execute(
        'CREATE TABLE counted (id NUMBER(9) GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, at TIMESTAMP(6) DEFAULT SYS_EXTRACT_UTC(SYSTIMESTAMP) NOT NULL, x NUMBER(3))'
      )
      await client.executeMany('INSERT INTO counted (x) VALUES (:1)', [[5], [6]])
      assert.deepEqual(
        await rows('SELECT id, x FROM counted WHERE at <= SYSTIMESTAMP ORDER BY id'),
        [
          [1, 5],
          [2, 6]
        ]
      )
      await client.execute('TRUNCATE TABLE counted')
      assert.deepEqual(await rows('SELECT * FROM counted'), [])
      await client.execute('DROP TABLE counted')
    })
  })

  describe('transactions', () => {
    let other: Client
    before(async () => {
      other = await logOn(server)
      await client.execute('CREATE TABLE shared (id NUMBER(9) PRIMARY KEY, x NUMBER(9))')
      await client.execute('INSERT INTO shared VALUES (1, 0)', [], { autoCommit: true })
    })
    after(async () => {
      await other.close()
      await client.execute('DROP TABLE shared')
    })
    const ids = async (who: Client): Promise<unknown> =>
      (await who.execute('SELECT id FROM shared ORDER BY id')).rows?.flat()

    it('shows changes to others when they are committed, in whatever order', async () => {
      await client.execute('INSERT INTO shared VALUES (2, 0)')
      await other.execute('INSERT INTO shared VALUES (3, 0)')
      assert.deepEqual(await ids(client), [1, 2])
      assert.deepEqual(await ids(other), [1, 3])
      await other.commit()
      assert.deepEqual(await ids(client), [1, 2, 3])
      await client.commit()
      assert.deepEqual(await ids(other), [1, 2, 3])
      const [[first] = [], [second] = []] = (
        await other.execute('SELECT ORA_ROWSCN FROM shared WHERE id IN (3, 2) ORDER BY id DESC')
      ).rows as number[][]
      assert.ok((first ?? 0) < (second ?? 0))
    })

    it('keeps an open query at the moment it began', async () => {
      const { resultSet } = await client.execute('SELECT id FROM shared', [], {
        resultSet: true,
        prefetchRows: 1,
        fetchArraySize: 1
      })
      assert.equal((await resultSet?.getRows(1))?.length, 1)
      await other.execute('DELETE FROM shared WHERE id = 3', [], { autoCommit: true })
      await other.execute('INSERT INTO shared VALUES (4, 0)', [], { autoCommit: true })
      assert.equal((await resultSet?.getRows(100))?.length, 2)
      await resultSet?.close()
      assert.deepEqual(await ids(client), [1, 2, 4])
    })

    it('keeps a transaction that only reads at one moment', async () => {
      await client.rollback()
      await client.execute('SET TRANSACTION READ ONLY')
      const before = await ids(client)
      await other.execute('INSERT INTO shared VALUES (50, 0)', [], { autoCommit: true })
      assert.deepEqual(await ids(client), before)
      assert.equal(await refused('DELETE FROM shared'), 'ORA-01456')
      await client.rollback()
      assert.deepEqual(await ids(client), [...(before as number[]), 50])
    })

    it('lists open transactions with their start', async () => {
      assert.deepEqual(await rows('SELECT start_scn FROM gv$transaction'), [])
      await other.execute('UPDATE shared SET x = 1 WHERE id = 1')
      const [[start, count] = []] = await rows(
        'SELECT MIN(start_date), COUNT(*) FROM v$transaction'
      )
      assert.ok(start instanceof Date)
      assert.equal(count, 1)
      await other.rollback()
      assert.deepEqual(await rows('SELECT start_scn FROM v$transaction'), [])
    })

    it('waits for rows that others have locked, and finds deadlocks', async () => {
      await client.execute('UPDATE shared SET x = x + 1 WHERE id = 1')
      const waiting = other.execute('UPDATE shared SET x = x + 10 WHERE id = 1')
      await new Promise((resolve) => setTimeout(resolve, 50))
      await client.commit()
      assert.equal((await waiting).rowsAffected, 1)
      await client.execute('UPDATE shared SET x = 0 WHERE id = 2')
      const blocked = client.execute('UPDATE shared SET x = 0 WHERE id = 1')
      await new Promise((resolve) => setTimeout(resolve, 50))
      assert.equal(await codeOf(other.execute('UPDATE shared SET x = 0 WHERE id = 2')), 'ORA-00060')
      await other.commit()
      await blocked
      await client.rollback()
      assert.deepEqual(await rows('SELECT x FROM shared WHERE id = 1'), [[11]])
    })
  })

  describe('dictionary', () => {
    it('describes tables, columns, keys, indexes, views and synonyms', async () => {
      await server.control.execute([
        'CREATE TABLE "Parts" (id NUMBER(18) NOT NULL, name VARCHAR2(20 CHAR), at TIMESTAMP(3) WITH TIME ZONE, CONSTRAINT parts_pk PRIMARY KEY (id))',
        'CREATE INDEX parts_at ON "Parts" (at, id)',
        'CREATE VIEW parts_v AS SELECT id, name FROM "Parts"',
        'CREATE MATERIALIZED VIEW parts_m AS SELECT id FROM "Parts"',
        'CREATE SYNONYM parts_s FOR "Parts"',
        'CREATE PUBLIC SYNONYM parts_p FOR app."Parts"'
      ])
      const table = "'Parts'"
      assert.deepEqual(
        await rows(
          `SELECT column_name, data_type, data_length, data_precision, data_scale, nullable, char_used FROM all_tab_columns WHERE owner = 'APP' AND table_name = ${table} ORDER BY column_id`
        ),
        [
          ['ID', 'NUMBER', 22, 18, 0, 'N', null],
          ['NAME', 'VARCHAR2', 80, null, null, 'Y', 'C'],
          ['AT', 'TIMESTAMP(3) WITH TIME ZONE', 13, null, 3, 'Y', null]
        ]
      )
      assert.deepEqual(
        await rows(
          `SELECT c.constraint_name, k.column_name, k.position FROM all_constraints c JOIN all_cons_columns k ON k.owner = c.owner AND k.constraint_name = c.constraint_name WHERE c.table_name = ${table} AND c.constraint_type = 'P'`
        ),
        [['PARTS_PK', 'ID', 1]]
      )
      assert.deepEqual(
        await rows(
          `SELECT i.index_name, i.uniqueness, k.column_name, k.column_position FROM all_indexes i, all_ind_columns k WHERE k.index_owner = i.owner AND k.index_name = i.index_name AND i.table_name = ${table} ORDER BY 1, 4`
        ),
        [
          ['PARTS_AT', 'NONUNIQUE', 'AT', 1],
          ['PARTS_AT', 'NONUNIQUE', 'ID', 2],
          ['PARTS_PK', 'UNIQUE', 'ID', 1]
        ]
      )
      assert.deepEqual(
        await rows(
          "SELECT owner, synonym_name, table_name FROM all_synonyms WHERE table_name = 'Parts' ORDER BY owner"
        ),
        [
          ['APP', 'PARTS_S', 'Parts'],
          ['PUBLIC', 'PARTS_P', 'Parts']
        ]
      )
      assert.deepEqual(
        await rows(
          "SELECT object_name, object_type FROM user_objects WHERE object_name LIKE 'PARTS\\_%' ESCAPE '\\' ORDER BY 1"
        ),
        [
          ['PARTS_M', 'MATERIALIZED VIEW'],
          ['PARTS_S', 'SYNONYM'],
          ['PARTS_V', 'VIEW']
        ]
      )
      for (const name of ['"Parts"', 'parts_s', 'parts_p', 'parts_v', 'parts_m', 'app.parts_v']) {
        assert.deepEqual(await rows(`SELECT id FROM ${name}`), [])
      }
      const version = await rows('SELECT version_full FROM product_component_version')
      assert.deepEqual(version, [['19.3.0.0.0']])
      const format = "SELECT value FROM nls_session_parameters WHERE parameter = 'NLS_DATE_FORMAT'"
      assert.deepEqual(await rows(format), [['DD-MON-RR']])
    })

    it('hides from a user what was not granted', async () => {
      await server.control.execute([
        'CREATE TABLE secret (id NUMBER(3))',
        'CREATE TABLE open (id NUMBER(3))',
        'CREATE USER reader IDENTIFIED BY "Reader_1"',
        'GRANT CREATE SESSION TO reader',
        'GRANT SELECT ON open TO reader'
      ])
      const reader = await logOn(server, { user: 'reader', password: 'Reader_1' })
      const tables = "SELECT table_name FROM all_tables WHERE owner = 'APP'"
      assert.deepEqual((await reader.execute(tables)).rows, [['OPEN']])
      assert.deepEqual((await reader.execute('SELECT * FROM app.open')).rows, [])
      assert.equal(await codeOf(reader.execute('SELECT * FROM app.secret')), 'ORA-00942')
      assert.equal(await codeOf(reader.execute('SELECT * FROM open')), 'ORA-00942')
      assert.equal(await codeOf(reader.execute('DELETE FROM app.open')), 'ORA-01031')
      assert.equal(await codeOf(reader.execute('SELECT 1 FROM v$transaction')), 'ORA-00942')
      await server.control.execute('GRANT SELECT ON sys.gv_$transaction TO reader')
      assert.deepEqual((await reader.execute('SELECT xid FROM gv$transaction')).rows, [])
      await reader.close()
    })

    it('holds tens of thousands of tables', async () => {
      const started = performance.now()
      const names = Array.from({ length: 50_000 }, (_, index) => `big_${index}`)
      await server.control.createTables(names, 'id NUMBER(18) NOT NULL PRIMARY KEY, at TIMESTAMP')
      assert.ok(performance.now() - started < 60_000)
      const asked = performance.now()
      assert.deepEqual(
        await rows(
          "SELECT owner, table_name FROM all_tables WHERE owner = 'APP' AND table_name IN (:1, :2)",
          ['BIG_777', 'BIG_X']
        ),
        [['APP', 'BIG_777']]
      )
      assert.ok(performance.now() - asked < 500)
      assert.deepEqual(
        await rows("SELECT COUNT(*) FROM user_tables WHERE table_name LIKE 'BIG\\_%' ESCAPE '\\'"),
        [[50_000]]
      )
    })
  })

  describe('faults', () => {
    it('answers an error for the statements that fit, so often', async () => {
      server.control.failNext(1555, { sql: /DUAL/, times: 2 })
      assert.equal(await refused('SELECT 1 FROM DUAL'), 'ORA-01555')
      assert.equal(await refused('SELECT 1 FROM DUAL'), 'ORA-01555')
      assert.equal(await one('1'), 1)
      server.control.failNext(1555, { on: 'fetch' })
      assert.equal(await refused('SELECT id FROM many'), 'ORA-01555')
      server.control.failNext(4031, { on: 'commit' })
      assert.equal(await codeOf(client.commit()), 'ORA-04031')
      const lost = await logOn(server)
      server.control.failNext(3113, { sql: /lost/ })
      assert.equal(await codeOf(lost.execute("SELECT 'lost' FROM DUAL")), 'NJS-500')
    })

    it('takes its time, until it is broken off', async () => {
      const sleeper = await logOn(server)
      server.control.delayNext(20_000)
      const started = performance.now()
      const waiting = codeOf(sleeper.execute('SELECT 1 FROM DUAL'))
      await new Promise((resolve) => setTimeout(resolve, 50))
      await sleeper.break()
      assert.equal(await waiting, 'ORA-01013')
      sleeper.callTimeout = 100
      server.control.delayNext(20_000)
      assert.equal(await codeOf(sleeper.execute('SELECT 2 FROM DUAL')), 'NJS-123')
      sleeper.callTimeout = 0
      assert.deepEqual((await sleeper.execute('SELECT 3 FROM DUAL')).rows, [[3]])
      assert.equal(await codeOf(sleeper.execute('BEGIN NULL END')), 'ORA-00900')
      await sleeper.execute('BEGIN DBMS_SESSION.SLEEP(0.05); END;')
      assert.ok(performance.now() - started < 5000)
      await sleeper.close()
    })

    it('breaks connections at once or in the middle of a fetch, undoing what was not committed', async () => {
      const victim = await logOn(server)
      await victim.execute('DELETE FROM many WHERE id = 1')
      server.control.dropMidFetch(20, { sql: /mid/ })
      const options = { resultSet: true, fetchArraySize: 10, prefetchRows: 10 }
      const { resultSet } = await victim.execute('SELECT id /* mid */ FROM many', [], options)
      assert.equal((await resultSet?.getRows(10))?.length, 10)
      assert.equal((await resultSet?.getRows(10))?.length, 10)
      assert.match(await codeOf(resultSet?.getRows(10) ?? Promise.resolve()), /NJS-50[01]/)
      await until(() => server.control.sessions.length === 1, 'the session to end')
      assert.deepEqual(await rows('SELECT COUNT(*) FROM many WHERE id = 1'), [[1]])
      const second = await logOn(server)
      server.control.dropNext({ sql: /second/ })
      assert.match(await codeOf(second.execute("SELECT 'second' FROM DUAL")), /NJS-50[01]/)
    })

    it('closes its port and opens it again', async () => {
      await server.control.closeListener()
      assert.match(await codeOf(logOn(server)), /NJS-5(03|11)/)
      assert.equal(await one('1'), 1)
      await server.control.openListener()
      const again = await logOn(server)
      await again.close()
    })

    it('moves its clock', async () => {
      server.control.setClockOffset(3_600_000)
      const now = (await one('SYSTIMESTAMP')) as Date
      server.control.setClockOffset(0)
      assert.ok(now.getTime() - Date.now() > 3_500_000)
    })
  })
})
