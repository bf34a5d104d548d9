import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Password } from '../../../../../src/config/config-def.ts'
import type { Connection } from '../../../../../src/connectors/jdbc/database/database.ts'
import { oracleDialect } from '../../../../../src/connectors/jdbc/dialects/oracle/dialect.ts'
import {
  allowOracleClient,
  DriverMode
} from '../../../../../src/connectors/jdbc/dialects/oracle/client.ts'
import {
  fetchType,
  type OracleDriver,
  type OracleField
} from '../../../../../src/connectors/jdbc/dialects/oracle/driver.ts'
import { oracleTarget } from '../../../../../src/connectors/jdbc/dialects/oracle/target.ts'
import { ConfigError, isRetriable } from '../../../../../src/errors.ts'
import { openOptions, rowsOf } from '../../../../support/open-dialect.ts'
import { type OracleServer, startOracleServer } from '../../../../support/oracle/oracle-server.ts'
import { recordingLog } from '../../../../support/recording-log.ts'

describe("thick mode of Oracle's driver", () => {
  let server: OracleServer
  before(async () => {
    server = await startOracleServer()
  })
  after(() => server.stop())
  const open = (properties: Record<string, string>): Promise<Connection> =>
    oracleDialect.open(
      openOptions(
        oracleDialect,
        { url: `jdbc:oracle:thin:@//${server.connectString}`, user: server.user, properties },
        { password: new Password(server.password) }
      )
    )
  const isClear =
    (...texts: RegExp[]) =>
    (error: unknown): boolean => {
      assert.ok(error instanceof ConfigError)
      for (const text of texts) assert.match(error.message, text)
      return !isRetriable(error)
    }

  // The order matters: the first connection in thin mode decides for the process.
  it('loads no library that the worker file does not allow', async () => {
    const folder = { 'oracle.thick': 'true', 'oracle.client.lib.dir': '/nowhere/client' }
    const refusal = isClear(/only its operator can allow: with jdbc\.oracle\.client\.lib\.dir/)
    await assert.rejects(open(folder), refusal)
    await assert.rejects(open({ 'oracle.thick': 'true' }), refusal)
    allowOracleClient('/opt/client')
    await assert.rejects(open(folder), isClear(/is not the folder the worker file allows/))
    allowOracleClient('system')
    await assert.rejects(open(folder), isClear(/is not the folder the worker file allows/))
  })

  it("says that Oracle's client is missing, and where it was looked for", async () => {
    allowOracleClient('/nowhere/client')
    await assert.rejects(
      open({ 'oracle.thick': 'true', 'oracle.client.lib.dir': '/nowhere/client' }),
      isClear(
        /^connection\.oracle\.thick=true needs Oracle's client/,
        /\/nowhere\/client, which the worker file names/,
        /Thin mode, the default, needs none/,
        /DPI-1047/
      )
    )
    allowOracleClient('system')
    await assert.rejects(open({ 'oracle.thick': 'true' }), isClear(/LD_LIBRARY_PATH/))
  })

  it('says that it comes too late behind a connection in thin mode, which works meanwhile', async () => {
    const thin = await open({ 'oracle.thick': 'false' })
    await assert.rejects(open({ 'oracle.thick': 'true' }), isClear(/restart it/, /NJS-118/))
    assert.deepEqual(await rowsOf(thin, "SELECT 'here' FROM DUAL"), [['here']])
    await thin.close()
  })

  it('is true or false', async () => {
    await assert.rejects(open({ 'oracle.thick': 'yes' }), isClear(/is true or false, not yes/))
  })

  it('holds for a process: others follow, or are told why they cannot have theirs', () => {
    const loaded: unknown[] = []
    const driver = { initOracleClient: (options: unknown) => void loaded.push(options) }
    const { log, lines } = recordingLog()
    const mode = new DriverMode()
    mode.allow('/opt/client')
    const client = { libDir: '/opt/client' }
    mode.enter(driver, { client, configDir: '/etc/oracle' }, log)
    mode.enter(driver, { client, configDir: '/etc/oracle' }, log)
    assert.deepEqual(loaded, [{ libDir: '/opt/client', configDir: '/etc/oracle' }])
    mode.enter(driver, { client: null, configDir: null }, log)
    assert.match(lines.join(), /is in thick mode, as another connector of this worker asked for/)
    assert.throws(
      () => mode.enter(driver, { client: 'thin', configDir: null }, log),
      isClear(/thick=false cannot be had: another connector/, /different workers/)
    )
    assert.throws(
      () => mode.enter(driver, { client, configDir: '/other' }, log),
      isClear(/loaded already, with .*=\/opt\/client and .*=\/etc\/oracle/, /=\/other cannot/)
    )
    assert.ok(mode.isThick)
  })

  it('I5: asks for moments as texts, which thin mode reads off the wire', () => {
    const driver = { DB_TYPE_VARCHAR: 'text', DB_TYPE_RAW: 'bytes' }
    const field = (dbTypeName: string): OracleField => ({ name: 'C', dbTypeName, nullable: true })
    for (const [thin, moments] of [
      [true, undefined],
      [false, { type: 'text' }]
    ] as const) {
      const of = fetchType({ ...driver, thin } as unknown as OracleDriver)
      for (const type of ['DATE', 'TIMESTAMP', 'TIMESTAMP WITH LOCAL TIME ZONE']) {
        assert.deepEqual(of(field(type)), moments, type)
      }
      assert.deepEqual(of(field('NUMBER')), { type: 'text' })
      assert.deepEqual(of(field('BLOB')), { type: 'bytes' })
      assert.equal(of(field('VARCHAR2')), undefined)
    }
  })

  it("leaves wallets and directories to Oracle's client, and OCI URLs mean it", () => {
    const target = (url: string, properties: Record<string, string> = {}) => {
      const { log, lines } = recordingLog()
      const found = oracleTarget(openOptions(oracleDialect, { url, properties }, { log }))
      return { ...found, told: lines.join('') }
    }
    const thick = { 'oracle.thick': 'true', 'oracle.client.lib.dir': '/opt/client' }
    const oci = target('jdbc:oracle:oci:@//db:1521/shop', thick)
    assert.deepEqual([oci.client, oci.told], [{ libDir: '/opt/client' }, ''])
    assert.match(
      target('jdbc:oracle:oci:@//db:1521/shop').told,
      /thin driver is used instead.*connection\.oracle\.thick=true/
    )
    const walled = target('jdbc:oracle:thin:@SHOP', { ...thick, 'oracle.net.wallet_location': '/' })
    assert.equal(walled.wallet.location, null)
    assert.match(walled.told, /oracle\.net\.wallet_location has no effect/)
    assert.throws(() => target('jdbc:oracle:thin:@ldap://dir/shop', thick), /ldap\.ora/)
    assert.match(
      target('jdbc:oracle:thin:@SHOP', { 'oracle.client.lib.dir': '/opt' }).told,
      /oracle\.client\.lib\.dir has no effect/
    )
  })
})
