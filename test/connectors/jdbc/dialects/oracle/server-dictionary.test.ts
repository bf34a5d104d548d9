import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LoggedOn } from '../../../../support/oracle/logged-on.ts'
import { codeOf, logOn } from '../../../../support/oracle/oracle-client.ts'

describe('Oracle test server, asked by the real driver: dictionary', () => {
  const db = new LoggedOn()

  describe('dictionary', () => {
    it('describes tables, columns, keys, indexes, views and synonyms', async () => {
      await db.server.control.execute([
        'CREATE TABLE "Parts" (id NUMBER(18) NOT NULL, name VARCHAR2(20 CHAR), at TIMESTAMP(3) WITH TIME ZONE, CONSTRAINT parts_pk PRIMARY KEY (id))',
        'CREATE INDEX parts_at ON "Parts" (at, id)',
        'CREATE VIEW parts_v AS SELECT id, name FROM "Parts"',
        'CREATE MATERIALIZED VIEW parts_m AS SELECT id FROM "Parts"',
        'CREATE SYNONYM parts_s FOR "Parts"',
        'CREATE PUBLIC SYNONYM parts_p FOR app."Parts"'
      ])
      const table = "'Parts'"
      assert.deepEqual(
        await db.rows(
          `SELECT column_name, data_type, data_length, data_precision, data_scale, nullable, char_used FROM all_tab_columns WHERE owner = 'APP' AND table_name = ${table} ORDER BY column_id`
        ),
        [
          ['ID', 'NUMBER', 22, 18, 0, 'N', null],
          ['NAME', 'VARCHAR2', 80, null, null, 'Y', 'C'],
          ['AT', 'TIMESTAMP(3) WITH TIME ZONE', 13, null, 3, 'Y', null]
        ]
      )
      assert.deepEqual(
        await db.rows(
          `SELECT c.constraint_name, k.column_name, k.position FROM all_constraints c JOIN all_cons_columns k ON k.owner = c.owner AND k.constraint_name = c.constraint_name WHERE c.table_name = ${table} AND c.constraint_type = 'P'`
        ),
        [['PARTS_PK', 'ID', 1]]
      )
      assert.deepEqual(
        await db.rows(
          `SELECT i.index_name, i.uniqueness, k.column_name, k.column_position FROM all_indexes i, all_ind_columns k WHERE k.index_owner = i.owner AND k.index_name = i.index_name AND i.table_name = ${table} ORDER BY 1, 4`
        ),
        [
          ['PARTS_AT', 'NONUNIQUE', 'AT', 1],
          ['PARTS_AT', 'NONUNIQUE', 'ID', 2],
          ['PARTS_PK', 'UNIQUE', 'ID', 1]
        ]
      )
      assert.deepEqual(
        await db.rows(
          "SELECT owner, synonym_name, table_name FROM all_synonyms WHERE table_name = 'Parts' ORDER BY owner"
        ),
        [
          ['APP', 'PARTS_S', 'Parts'],
          ['PUBLIC', 'PARTS_P', 'Parts']
        ]
      )
      assert.deepEqual(
        await db.rows(
          "SELECT object_name, object_type FROM user_objects WHERE object_name LIKE 'PARTS\\_%' ESCAPE '\\' ORDER BY 1"
        ),
        [
          ['PARTS_M', 'MATERIALIZED VIEW'],
          ['PARTS_S', 'SYNONYM'],
          ['PARTS_V', 'VIEW']
        ]
      )
      for (const name of ['"Parts"', 'parts_s', 'parts_p', 'parts_v', 'parts_m', 'app.parts_v']) {
        assert.deepEqual(await db.rows(`SELECT id FROM ${name}`), [])
      }
      const version = await db.rows('SELECT version_full FROM product_component_version')
      assert.deepEqual(version, [['19.3.0.0.0']])
      const format = "SELECT value FROM nls_session_parameters WHERE parameter = 'NLS_DATE_FORMAT'"
      assert.deepEqual(await db.rows(format), [['DD-MON-RR']])
    })

    it('hides from a user what was not granted', async () => {
      await db.server.control.execute([
        'CREATE TABLE secret (id NUMBER(3))',
        'CREATE TABLE open (id NUMBER(3))',
        'CREATE USER reader IDENTIFIED BY "Reader_1"',
        'GRANT CREATE SESSION TO reader',
        'GRANT SELECT ON open TO reader'
      ])
      const reader = await logOn(db.server, { user: 'reader', password: 'Reader_1' })
      const tables = "SELECT table_name FROM all_tables WHERE owner = 'APP'"
      assert.deepEqual((await reader.execute(tables)).rows, [['OPEN']])
      assert.deepEqual((await reader.execute('SELECT * FROM app.open')).rows, [])
      assert.equal(await codeOf(reader.execute('SELECT * FROM app.secret')), 'ORA-00942')
      assert.equal(await codeOf(reader.execute('SELECT * FROM open')), 'ORA-00942')
      assert.equal(await codeOf(reader.execute('DELETE FROM app.open')), 'ORA-01031')
      assert.equal(await codeOf(reader.execute('SELECT 1 FROM v$transaction')), 'ORA-00942')
      await db.server.control.execute('GRANT SELECT ON sys.gv_$transaction TO reader')
      assert.deepEqual((await reader.execute('SELECT xid FROM gv$transaction')).rows, [])
      await reader.close()
    })

    it('holds tens of thousands of tables', async () => {
      const started = performance.now()
      const names = Array.from({ length: 50_000 }, (_, index) => `big_${index}`)
      await db.server.control.createTables(
        names,
        'id NUMBER(18) NOT NULL PRIMARY KEY, at TIMESTAMP'
      )
      assert.ok(performance.now() - started < 60_000)
      const asked = performance.now()
      assert.deepEqual(
        await db.rows(
          "SELECT owner, table_name FROM all_tables WHERE owner = 'APP' AND table_name IN (:1, :2)",
          ['BIG_777', 'BIG_X']
        ),
        [['APP', 'BIG_777']]
      )
      assert.ok(performance.now() - asked < 500)
      assert.deepEqual(
        await db.rows(
          "SELECT COUNT(*) FROM user_tables WHERE table_name LIKE 'BIG\\_%' ESCAPE '\\'"
        ),
        [[50_000]]
      )
    })
  })
})
