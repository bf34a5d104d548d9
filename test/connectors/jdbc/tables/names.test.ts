import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dialects } from '../../../../src/connectors/jdbc/dialects/dialects.ts'
import { maskUrl, parseJdbcUrl } from '../../../../src/connectors/jdbc/database/jdbc-url.ts'
import {
  parseTableName,
  quoteName,
  splitTableList,
  tableName,
  tableSql
} from '../../../../src/connectors/jdbc/database/table-name.ts'
import { nearMisses } from '../../../../src/connectors/jdbc/database/near-names.ts'
import { tableGroups } from '../../../../src/connectors/jdbc/tables/table-groups.ts'

const postgres = parseJdbcUrl('jdbc:postgresql://h/d', dialects).dialect
const sqlite = parseJdbcUrl('jdbc:sqlite:/x.db', dialects).dialect

describe('JDBC URLs', () => {
  it('have no case in their protocol', () => {
    for (const [text, name] of [
      ['JDBC:MySQL://h/d', 'MySqlDatabaseDialect'],
      ['jdbc:PostgreSQL://h/d', 'PostgreSqlDatabaseDialect'],
      ['Jdbc:Oracle:thin:@//h/s', 'OracleDatabaseDialect'],
      ['JDBC:SQLITE:/x.db', 'SqliteDatabaseDialect']
    ] as const) {
      assert.equal(parseJdbcUrl(` ${text} `, dialects).dialect.name, name)
    }
  })

  it('I7: are shown without passwords, and say what is supported when they are not', () => {
    assert.throws(
      () => parseJdbcUrl('postgresql://u:secret@h/d', dialects),
      (error: Error) => {
        assert.match(error.message, /^Not a valid JDBC URL: .*jdbc:postgresql:\/\/host/)
        assert.doesNotMatch(error.message, /secret/)
        return true
      }
    )
    assert.throws(
      () => parseJdbcUrl('jdbc:db2://h:1/d:password=hush;', dialects),
      (error: Error) => {
        assert.match(
          error.message,
          /jdbc:db2:\[hidden\]: its sub-protocol is not supported\. Supported: PostgreSQL/
        )
        assert.doesNotMatch(error.message, /hush/)
        return true
      }
    )
    assert.equal(
      maskUrl('jdbc:postgresql://u:p@ss@h/d?user=a&password=b'),
      'jdbc:postgresql:[hidden]'
    )
  })
})

describe('names of tables', () => {
  it('are taken apart at dots outside quotes, and put together again', () => {
    assert.deepEqual(parseTableName(postgres, '"my.schema"."odd""name"'), {
      catalog: null,
      schema: 'my.schema',
      table: 'odd"name'
    })
    assert.deepEqual(parseTableName(postgres, 'db.s.t'), { catalog: 'db', schema: 's', table: 't' })
    assert.deepEqual(parseTableName(sqlite, '`a``b`'), {
      catalog: null,
      schema: null,
      table: 'a`b'
    })
    const table = parseTableName(postgres, '"S"."t""x"')
    assert.equal(tableSql(postgres, table, true), '"S"."t""x"')
    assert.equal(tableSql(postgres, table, false), 's.t"x')
    assert.equal(tableName(postgres, table), 'S.t"x')
    assert.throws(() => parseTableName(postgres, '"open'), /quote that is not closed/)
    assert.throws(() => parseTableName(postgres, 'a.'), /is not the name of a table/)
  })

  it('cannot leave their quotes', () => {
    assert.equal(quoteName(postgres, 'x"; DROP TABLE y; --'), '"x""; DROP TABLE y; --"')
    assert.equal(quoteName(sqlite, 'x`y'), '`x``y`')
  })

  it('are listed with commas outside quotes', () => {
    assert.deepEqual(splitTableList(postgres, 'a, "b,c"."d" ,'), ['a', '"b,c"."d"'])
  })

  it('bring near misses to mind', () => {
    assert.deepEqual(nearMisses('Custmers', ['orders', 'customers', 'CUSTOMER']), [
      'customers',
      'CUSTOMER'
    ])
    assert.deepEqual(nearMisses('zzz', ['orders']), [])
  })

  it('go to tasks in contiguous groups, larger ones first', () => {
    assert.deepEqual(tableGroups([1, 2, 3, 4], 3), [[1, 2], [3], [4]])
    assert.deepEqual(tableGroups([1, 2], 5), [[1], [2]])
  })
})
