import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LoggedOn } from '../../../../support/oracle/logged-on.ts'
import { driver } from '../../../../support/oracle/oracle-client.ts'

describe('Oracle test server, asked by the real driver: values', () => {
  const db = new LoggedOn()

  describe('types', () => {
    it('hands out numbers digit by digit', async () => {
      await db.client.execute(
        'CREATE TABLE numbers (id NUMBER(3), plain NUMBER, whole NUMBER(38), cents NUMBER(10,2), hundreds NUMBER(5,-2), f FLOAT)'
      )
      const big = '99999999999999999999999999999999999999'
      await db.client.execute(
        `INSERT INTO numbers VALUES (1, 1234567890123456789012345678.0123456789, ${big}, -1.005, 12345, 0.1)`
      )
      await db.client.execute('INSERT INTO numbers VALUES (2, .001, -7, 1e3, NULL, NULL)')
      const { rows: texts } = await db.client.execute('SELECT * FROM numbers ORDER BY id', [], {
        fetchTypeHandler: () => ({ type: driver.STRING })
      })
      assert.deepEqual(texts, [
        ['1', '1234567890123456789012345678.0123456789', big, '-1.01', '12300', '.1'],
        ['2', '.001', '-7', '1000', null, null]
      ])
      assert.equal(await db.refused('INSERT INTO numbers (cents) VALUES (123456789)'), 'ORA-01438')
      const { metaData } = await db.client.execute('SELECT * FROM numbers')
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
      await db.client.execute('DROP TABLE numbers')
    })

    it('keeps texts by bytes or characters, pads CHAR, has no empty text', async () => {
      await db.client.execute(
        'CREATE TABLE texts (v VARCHAR2(4), c CHAR(3), vc VARCHAR2(4 CHAR), n NVARCHAR2(4), nc NCHAR(3), x VARCHAR2(10))'
      )
      const value = ['äx', 'a', 'äöüß', '订单表名', '订', '']
      await db.client.execute('INSERT INTO texts VALUES (:1,:2,:3,:4,:5,:6)', value)
      assert.deepEqual(await db.rows('SELECT * FROM texts'), [
        ['äx', 'a  ', 'äöüß', '订单表名', '订  ', null]
      ])
      assert.equal(await db.refused("INSERT INTO texts (v) VALUES ('äöü')"), 'ORA-12899')
      assert.deepEqual(await db.rows("SELECT COUNT(*) FROM texts WHERE c = 'a' AND x IS NULL"), [
        [1]
      ])
      assert.deepEqual(await db.rows("SELECT COUNT(*) FROM texts WHERE x = ''"), [[0]])
      const { metaData } = await db.client.execute('SELECT * FROM texts')
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
      await db.client.execute('DROP TABLE texts')
    })

    it('keeps moments to their digits, with and without zones', async () => {
      await db.client.execute(
        'CREATE TABLE moments (d DATE, t0 TIMESTAMP(0), t6 TIMESTAMP, t9 TIMESTAMP(9), tz TIMESTAMP(9) WITH TIME ZONE, l TIMESTAMP(3) WITH LOCAL TIME ZONE)'
      )
      await db.client.execute("ALTER SESSION SET TIME_ZONE = '+02:00'")
      await db.client.execute(
        `INSERT INTO moments VALUES (DATE '2024-02-29', TIMESTAMP '2024-02-29 12:00:00.7', TIMESTAMP '2024-02-29 12:00:00.1234567', TIMESTAMP '2024-02-29 12:00:00.123456789', TIMESTAMP '2024-02-29 12:00:00.5 +05:30', TIMESTAMP '2024-02-29 12:00:00.5')`
      )
      const mask = 'YYYY-MM-DD HH24:MI:SS.FF9'
      assert.deepEqual(
        await db.rows(
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
      const [[tz, l] = []] = await db.rows('SELECT tz, l FROM moments')
      assert.deepEqual(tz, new Date('2024-02-29T06:30:00.500Z'))
      assert.deepEqual(l, new Date('2024-02-29T10:00:00.500Z'))
      const { metaData } = await db.client.execute('SELECT t0, t9, tz FROM moments')
      assert.deepEqual(
        metaData?.map(({ precision }) => precision),
        [0, 9, 9]
      )
      const at = new Date('2024-02-29T06:30:00.500Z')
      const zoned = { val: at, type: driver.DB_TYPE_TIMESTAMP_TZ }
      assert.deepEqual(await db.rows('SELECT COUNT(*) FROM moments WHERE tz = :1', [zoned]), [[1]])
      await db.client.execute('DROP TABLE moments')
      await db.client.execute("ALTER SESSION SET TIME_ZONE = '+00:00'")
    })

    it('carries binary numbers, bytes, intervals, ROWIDs and long values', async () => {
      await db.client.execute(
        'CREATE TABLE others (f BINARY_FLOAT, d BINARY_DOUBLE, r RAW(4), ym INTERVAL YEAR TO MONTH, ds INTERVAL DAY TO SECOND(6), lr LONG RAW)'
      )
      await db.client.execute(
        `INSERT INTO others VALUES (1.5f, :1, HEXTORAW('00ff10'), INTERVAL '1-2' YEAR TO MONTH, INTERVAL '-3 04:05:06.7' DAY TO SECOND, :2)`,
        [{ val: Number.NaN, type: driver.DB_TYPE_BINARY_DOUBLE }, Buffer.alloc(40_000, 9)]
      )
      const [row = []] = await db.rows('SELECT f, d, r, ym, ds, lr FROM others')
      assert.equal(row[0], 1.5)
      assert.ok(Number.isNaN(row[1]))
      assert.deepEqual(row[2], Buffer.from([0, 255, 16]))
      assert.deepEqual({ ...(row[3] as object) }, { years: 1, months: 2 })
      const ds = { days: -3, hours: -4, minutes: -5, seconds: -6, fseconds: -700_000_000 }
      assert.deepEqual({ ...(row[4] as object) }, ds)
      assert.deepEqual(row[5], Buffer.alloc(40_000, 9))
      const [[rowid] = []] = await db.rows('SELECT ROWID FROM others')
      assert.match(String(rowid), /^[A-Za-z0-9+/]{18}$/)
      assert.deepEqual(await db.rows('SELECT f FROM others WHERE ROWID = :1', [rowid]), [[1.5]])
      await db.client.execute('DROP TABLE others')
    })

    it('hands out LOBs as text and bytes, or by locator', async () => {
      await db.client.execute('CREATE TABLE lobs (id NUMBER(3), c CLOB, n NCLOB, b BLOB, e CLOB)')
      const text = '订单😀'.repeat(20_000)
      const bytes = Buffer.alloc(70_000, 5)
      await db.client.execute('INSERT INTO lobs VALUES (1, :1, :2, :3, NULL)', [text, 'n', bytes])
      const inline = await db.client.execute('SELECT * FROM lobs', [], {
        fetchTypeHandler: ({ dbTypeName }: { dbTypeName: string }) => ({
          type: dbTypeName === 'BLOB' ? driver.BUFFER : driver.STRING
        })
      })
      assert.deepEqual(inline.rows, [['1', text, 'n', bytes, null]])
      const [row = []] = await db.rows('SELECT c, b, e FROM lobs')
      const [c, b] = row as { length: number; getData(): Promise<unknown> }[]
      assert.equal(c?.length, text.length)
      assert.equal(await c?.getData(), text)
      assert.deepEqual(await b?.getData(), bytes)
      assert.equal(row[2], null)
      const nothing = await db.client.execute('SELECT c FROM lobs WHERE id = 2')
      assert.deepEqual(nothing.rows, [])
      assert.equal(await db.refused("SELECT id FROM lobs WHERE c = 'x'"), 'ORA-00932')
      await db.client.execute('DROP TABLE lobs')
    })
  })

  describe('types of later releases', () => {
    it('are not known', async () => {
      for (const type of ['BOOLEAN', 'JSON', 'VECTOR(2)']) {
        assert.equal(await db.refused(`CREATE TABLE modern (x ${type})`), 'ORA-00902')
        assert.equal(await db.refused(`SELECT CAST('1' AS ${type}) FROM DUAL`), 'ORA-00902')
      }
      assert.equal(await db.refused('SELECT TRUE FROM DUAL'), 'ORA-00904')
    })
  })

  describe('ROWIDs', () => {
    it('come in their own form beside a LOB, which the driver defines', async () => {
      const text = 'AAAR3qAAEAAAACHAAA'
      await db.client.execute('CREATE TABLE addresses (r ROWID, u UROWID, c CLOB)')
      await db.client.execute('INSERT INTO addresses VALUES (:1, :1, :1)', [text, text, text])
      await db.client.execute('INSERT INTO addresses VALUES (NULL, NULL, NULL)')
      const { rows } = await db.client.execute('SELECT r, u, c FROM addresses', [], {
        fetchTypeHandler: ({ dbTypeName }: { dbTypeName: string }) =>
          dbTypeName === 'CLOB' ? { type: driver.STRING } : undefined
      })
      assert.deepEqual(rows, [
        [text, text, text],
        [null, null, null]
      ])
      await db.client.execute('DROP TABLE addresses')
    })
  })

  describe('values', () => {
    it('calculates as Oracle does', async () => {
      assert.equal(await db.one('1/4'), 0.25)
      assert.equal(await db.one("'a' || NULL || 1"), 'a1')
      assert.equal(await db.one("COALESCE(NULL, NVL('', 'x'))"), 'x')
      assert.equal(await db.one("UPPER('straße') || LOWER('ÄB')"), 'STRASSEäb')
      assert.equal(
        await db.one("TO_CHAR(DATE '2024-01-31' + 1/24, 'DD-MON-YYYY HH24:MI')"),
        '31-JAN-2024 01:00'
      )
      assert.equal(
        await db.one("TO_CHAR(ADD_MONTHS(DATE '2024-01-31', 1), 'YYYY-MM-DD')"),
        '2024-02-29'
      )
      assert.equal(await db.one("DATE '2024-03-01' - DATE '2024-02-28'"), 2)
      assert.equal(
        await db.one(
          "TO_CHAR(TIMESTAMP '2024-01-01 00:00:00' - INTERVAL '0.000000001' SECOND, 'YYYY-MM-DD HH24:MI:SS.FF9')"
        ),
        '2023-12-31 23:59:59.999999999'
      )
      assert.equal(
        await db.one("TO_CHAR(TO_TIMESTAMP(:1, 'YYYY-MM-DD HH24:MI:SS.FF9'), 'SS.FF')", [
          '2024-01-01 10:00:07.5'
        ]),
        '07.500000'
      )
      assert.equal(
        await db.one(
          "TO_CHAR(SYS_EXTRACT_UTC(TO_TIMESTAMP_TZ('2024-07-01 12:00:00 Europe/Paris', 'YYYY-MM-DD HH24:MI:SS TZR')), 'HH24')"
        ),
        '10'
      )
      assert.equal(await db.one("CASE WHEN 'a' < 'B' THEN 1 ELSE 2 END"), 2)
      assert.equal(await db.one("SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA')"), 'APP')
      assert.equal(await db.one("CAST('12' AS NUMBER(5))"), 12)
      assert.equal(await db.one("TO_CHAR(1234.5, 'FM9G999D00')"), '1,234.5')
      const now = await db.one('SYSTIMESTAMP')
      assert.ok(now instanceof Date && Math.abs(now.getTime() - Date.now()) < 5000)
    })

    it('refuses texts that are no dates or numbers', async () => {
      const value = (expression: string): Promise<string> =>
        db.refused(`SELECT ${expression} FROM DUAL`)
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
})

describe('Oracle test server as 23ai, asked by the real driver', () => {
  const db = new LoggedOn({ release: '23ai' })

  it('says so, and tells clients of columns without domains and annotations', async () => {
    assert.match(db.client.oracleServerVersionString, /^23\.4\./)
    assert.match(String((await db.rows('SELECT banner FROM v$version'))[0]?.[0]), /23ai/)
    assert.deepEqual(await db.rows("SELECT 1, 'x', NULL, SYSDATE - SYSDATE FROM DUAL"), [
      [1, 'x', null, 0]
    ])
    assert.equal(await db.refused('SELECT nothing FROM DUAL'), 'ORA-00904')
  })

  it('takes BOOLEAN, JSON and VECTOR, prints them, and refuses what is none', async () => {
    await db.client.execute('CREATE TABLE modern (id NUMBER(9), b BOOLEAN, j JSON, v VECTOR(2))')
    await db.client.execute(`INSERT INTO modern VALUES (1, TRUE, '{ "a" : 1.50 }', '[1, 0.5]')`)
    await db.client.execute(`INSERT INTO modern VALUES (2, 'no', NULL, NULL)`)
    await db.client.execute(`INSERT INTO modern VALUES (:1, :2, :3, :4)`, [3, 1, '[]', '[2,3]'])
    const long = `[${'1,'.repeat(30_000)}2]`
    await db.client.execute(`INSERT INTO modern VALUES (:1, NULL, :2, NULL)`, [4, long])
    const text = { type: driver.STRING }
    const { rows } = await db.client.execute('SELECT * FROM modern ORDER BY id', [], {
      fetchTypeHandler: ({ dbTypeName }: { dbTypeName: string }) =>
        ['JSON', 'VECTOR'].includes(dbTypeName) ? text : undefined
    })
    assert.deepEqual(rows, [
      [1, true, '{"a":1.50}', '[1.0E+000,5.0E-001]'],
      [2, false, null, null],
      [3, true, '[]', '[2.0E+000,3.0E+000]'],
      [4, null, long, null]
    ])
    assert.deepEqual(await db.rows('SELECT id FROM modern WHERE b = TRUE ORDER BY id'), [[1], [3]])
    for (const [values, code] of [
      [`4, 'perhaps', NULL, NULL`, 'ORA-61800'],
      [`4, NULL, '{', NULL`, 'ORA-40441'],
      [`4, NULL, NULL, '[1, x]'`, 'ORA-51805']
    ] as const) {
      assert.equal(await db.refused(`INSERT INTO modern VALUES (${values})`), code)
    }
    assert.deepEqual(
      await db.rows(
        "SELECT column_name, data_type FROM user_tab_columns WHERE table_name = 'MODERN' ORDER BY column_id"
      ),
      [
        ['ID', 'NUMBER'],
        ['B', 'BOOLEAN'],
        ['J', 'JSON'],
        ['V', 'VECTOR']
      ]
    )
    await db.client.execute('DROP TABLE modern')
  })
})
