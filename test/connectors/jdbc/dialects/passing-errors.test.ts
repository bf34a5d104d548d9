import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isMissing } from '../../../../src/connectors/jdbc/database/database.ts'
import { mysqlError } from '../../../../src/connectors/jdbc/dialects/mysql/errors.ts'
import { oracleError } from '../../../../src/connectors/jdbc/dialects/oracle/errors.ts'
import { postgresError } from '../../../../src/connectors/jdbc/dialects/postgres/errors.ts'
import { sqlServerError } from '../../../../src/connectors/jdbc/dialects/sqlserver/errors.ts'
import { isRetriable } from '../../../../src/errors.ts'

type Case = readonly [code: string | number, what: string]

function cases(
  name: string,
  make: (code: never) => Error,
  { passing, missing, final }: Readonly<Record<'passing' | 'missing' | 'final', readonly Case[]>>
): void {
  describe(`An error of ${name}`, () => {
    for (const [code, what] of passing) {
      it(`${code} (${what}) may pass`, () => assert.ok(isRetriable(make(code as never))))
    }
    for (const [code, what] of missing) {
      it(`${code} (${what}) says that something is missing, which may be given`, () => {
        const error = make(code as never)
        assert.ok(isMissing(error) && !isRetriable(error))
      })
    }
    for (const [code, what] of final) {
      it(`${code} (${what}) is final`, () => {
        const error = make(code as never)
        assert.ok(!isRetriable(error) && !isMissing(error))
      })
    }
  })
}

cases(
  'PostgreSQL',
  (code: string) =>
    postgresError(Object.assign(new Error('x'), { code, severity: 'ERROR' }), 'PostgreSQL'),
  {
    passing: [
      ['08006', 'connection failure'],
      ['08P01', 'protocol violation, as poolers answer'],
      ['26000', 'a prepared statement a pooler took away'],
      ['34000', 'a cursor a pooler took away'],
      ['40001', 'conflict with recovery'],
      ['53200', 'out of memory'],
      ['55000', 'the database accepts no connections'],
      ['55006', 'object in use'],
      ['55P03', 'lock not available'],
      ['57014', 'cancelled'],
      ['57P03', 'starting up'],
      ['58030', 'input or output'],
      ['HV00N', 'a foreign server that cannot be reached'],
      ['XX000', 'a table that was dropped while it was opened']
    ],
    missing: [
      ['3F000', 'no such schema'],
      ['42501', 'no right'],
      ['42703', 'no such column'],
      ['42P01', 'no such table']
    ],
    final: [
      ['22P02', 'no number'],
      ['28P01', 'password'],
      ['3D000', 'no such database'],
      ['42601', 'syntax'],
      ['XX001', 'data corrupted']
    ]
  }
)

cases('MySQL', (errno: number) => mysqlError(Object.assign(new Error('x'), { errno }), 'MySQL'), {
  passing: [
    [1020, 'record has changed since it was read'],
    [1021, 'disk full'],
    [1038, 'out of memory for sorting'],
    [1047, 'a node of a cluster that is not ready'],
    [1135, 'no thread'],
    [1205, 'lock wait'],
    [1213, 'deadlock'],
    [1297, 'temporary error of the engine'],
    [1412, 'table definition has changed, retry'],
    [1429, 'foreign data source'],
    [1615, 'prepare again'],
    [1637, 'too many transactions'],
    [2006, 'gone away'],
    [3032, 'offline mode'],
    [3101, 'rolled back by group replication'],
    [3572, 'lock at once'],
    [4031, 'inactivity'],
    [9001, 'a proxy that reaches no server']
  ],
  missing: [
    [1044, 'no right to the database'],
    [1049, 'no such database'],
    [1054, 'no such column'],
    [1142, 'no right to the table'],
    [1143, 'no right to the column'],
    [1146, 'no such table'],
    [1356, 'a view that reads what is not there']
  ],
  final: [
    [1045, 'access denied'],
    [1064, 'syntax'],
    [1194, 'table crashed']
  ]
})

cases(
  'SQL Server',
  (number: number) =>
    sqlServerError(Object.assign(new Error('x'), { number, code: 'EREQUEST' }), 'SQL Server'),
  {
    passing: [
      [701, 'memory'],
      [823, 'input or output'],
      [845, 'latch'],
      [942, 'offline'],
      [952, 'in transition'],
      [983, 'replica that is resolving'],
      [1105, 'tempdb is full'],
      [3958, 'row version is gone'],
      [4221, 'secondary that waits for versions'],
      [9002, 'log is full'],
      [10_936, 'resource limit'],
      [11_001, 'no such host yet'],
      [17_187, 'not ready'],
      [40_550, 'session ended for its locks'],
      [40_613, 'database paused'],
      [41_325, 'memory-optimized conflict']
    ],
    missing: [
      [207, 'no such column'],
      [208, 'no such table'],
      [229, 'no right to the table'],
      [230, 'no right to the column'],
      [916, 'no right to the database']
    ],
    final: [
      [102, 'syntax'],
      [824, 'page is damaged'],
      [8134, 'division by zero'],
      [18_456, 'login failed']
    ]
  }
)

cases(
  'Oracle',
  (number: number) => {
    const code = `ORA-${String(number).padStart(5, '0')}`
    return oracleError(Object.assign(new Error(`${code}: x`), { code }), 'Oracle')
  },
  {
    passing: [
      [1555, 'snapshot too old'],
      [3113, 'the session is lost']
    ],
    missing: [
      [904, 'no such column'],
      [942, 'no such table, or no right to it'],
      [1031, 'no right'],
      [4063, 'a view that reads what is not there'],
      [41_900, 'no right to the table, said by 23ai']
    ],
    final: [
      [933, 'syntax'],
      [1017, 'password'],
      [1722, 'no number']
    ]
  }
)
