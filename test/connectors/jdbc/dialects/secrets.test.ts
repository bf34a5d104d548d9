import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { dialects } from '../../../../src/connectors/jdbc/dialects/dialects.ts'
import { parseJdbcUrl } from '../../../../src/connectors/jdbc/database/jdbc-url.ts'
import { ConnectError, messageOf } from '../../../../src/errors.ts'
import { openOptions } from '../../../support/open-dialect.ts'
import { recordingLog } from '../../../support/recording-log.ts'

/** Addresses where nobody listens, with a password at `@@`. */
const URLS = [
  'jdbc:postgresql://127.0.0.1:1/db?user=u&password=@@&sslmode=disable',
  'jdbc:postgresql://127.0.0.1:1/db?user=u&sslpassword=@@&sslmode=disable',
  'jdbc:postgresql://u:@@@127.0.0.1:1/db',
  'jdbc:mysql://u:@@@127.0.0.1:1/db',
  'jdbc:mysql://127.0.0.1:1/db?password=@@&sslMode=DISABLED',
  'jdbc:mysql://(host=127.0.0.1,port=1,password=@@)/d',
  'jdbc:mysql://address=(host=127.0.0.1)(port=1)(password=@@)/d',
  'jdbc:mariadb://127.0.0.1:1/db?user=x&password=@@',
  'jdbc:mariadb:replication://127.0.0.1:1/db?user=x&trustStorePassword=@@',
  'jdbc:oracle:thin:scott/@@@//127.0.0.1:1/s',
  'jdbc:oracle:thin:scott/"@@"@127.0.0.1:1:s',
  'jdbc:oracle:thin:@//127.0.0.1:1/s?password=@@',
  'jdbc:sqlserver://127.0.0.1:1;user=u;password=@@;encrypt=false',
  'jdbc:sqlserver://127.0.0.1:1;user=u;password={@@};encrypt=false',
  'jdbc:sqlite:/nowhere/x.db?password=@@',
  'jdbc:sqlite:file:/nowhere/x.db?hexkey=@@',
  'jdbc:foo://u:@@@h/d'
]
const AWKWARD = `, ; ) } ' " ] & % = @ / \\ ? # ( + [ { : | %2 %zz && ;; @( ), @[ ü`
  .split(' ')
  .concat(' ', '\t', '')

void describe('The password of an address', () => {
  for (const pattern of URLS) {
    void it(`I7: is in no message and no log, whatever stands in it: ${pattern}`, async () => {
      for (const char of AWKWARD) {
        // A function, since $& in a text would mean what was found.
        const url = pattern.replace('@@', () => `ab${char}TaiLxyz`)
        const { log, lines } = recordingLog()
        const said = await outcome(url, log)
        assert.doesNotMatch(said + lines.join(''), /TaiL/, url)
      }
    })
  }
})

async function outcome(url: string, log: ReturnType<typeof recordingLog>['log']): Promise<string> {
  try {
    const { url: parsed, dialect } = parseJdbcUrl(url, dialects)
    const options = openOptions(dialect, { url: dialect.urlExample }, { log, timeoutMs: 500 })
    const connection = await dialect.open({ ...options, url: parsed })
    await connection.close()
    return 'opened'
  } catch (error) {
    assert.ok(error instanceof ConnectError, inspect(error))
    return `${messageOf(error)} ${inspect(error, { depth: 6 })}`
  }
}
