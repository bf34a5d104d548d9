import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mysqlError } from '../../../../../src/connectors/jdbc/dialects/mysql/errors.ts'

const driverError = (message: string, facts: object): Error =>
  Object.assign(new Error(message), facts)

describe("MySQL's errors", () => {
  const retriable = [
    driverError('Lock wait timeout exceeded', { errno: 1205, code: 'ER_LOCK_WAIT_TIMEOUT' }),
    driverError('Incorrect arguments to mysqld_stmt_execute', {
      errno: 1210,
      code: 'ER_WRONG_ARGUMENTS'
    }),
    driverError('Unknown prepared statement handler (7)', { errno: 1243 }),
    driverError('connect ECONNREFUSED 127.0.0.1:3306', { code: 'ECONNREFUSED', fatal: true }),
    driverError("Can't add new command when connection is in closed state", { fatal: true })
  ]
  for (const error of retriable) {
    it(`are worth another try: ${error.message}`, () => {
      assert.equal(mysqlError(error, 'x').retriable, true)
    })
  }
  const final = [
    driverError('Access denied for user', {
      errno: 1045,
      code: 'ER_ACCESS_DENIED_ERROR',
      fatal: true
    }),
    driverError("Table 'a.b' doesn't exist", { errno: 1146, code: 'ER_NO_SUCH_TABLE' }),
    driverError('Incorrect arguments to LIMIT', { errno: 1210, code: 'ER_WRONG_ARGUMENTS' })
  ]
  for (const error of final) {
    it(`are final: ${error.message}`, () => {
      assert.equal(mysqlError(error, 'x').retriable, false)
    })
  }
})
