import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { translateMysqlError } from '../../../src/connectors/jdbc/dialects/mysql/errors.ts'
import { postgresError } from '../../../src/connectors/jdbc/dialects/postgres/errors.ts'
import { sqlServerError } from '../../../src/connectors/jdbc/dialects/sqlserver/errors.ts'
import { isRetriable } from '../../../src/errors.ts'

type Case = readonly [code: string | number, what: string]

function cases(
  name: string,
  make: (code: never) => Error,
  { passing, final }: { readonly passing: readonly Case[]; readonly final: readonly Case[] }
): void {
  describe(`An error of ${name}`, () => {
    for (const [code, what] of passing) {
      it(`${code} (${what}) may pass`, () => assert.ok(isRetriable(make(code as never))))
    }
    for (const [code, what] of final) {
      it(`${code} (${what}) is final`, () => assert.ok(!isRetriable(make(code as never))))
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
    final: [
      ['22P02', 'no number'],
      ['28P01', 'password'],
      ['3D000', 'no such database'],
      ['42601', 'syntax'],
      ['42703', 'no such column'],
      ['XX001', 'data corrupted']
    ]
  }
)

cases(
  'MySQL',
  (errno: number) => translateMysqlError(Object.assign(new Error('x'), { errno }), 'MySQL'),
  {
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
    final: [
      [1045, 'access denied'],
      [1049, 'no such database'],
      [1054, 'no such column'],
      [1064, 'syntax'],
      [1142, 'no right'],
      [1194, 'table crashed']
    ]
  }
)

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
    final: [
      [102, 'syntax'],
      [207, 'no such column'],
      [229, 'no right'],
      [824, 'page is damaged'],
      [8134, 'division by zero'],
      [18_456, 'login failed']
    ]
  }
)
