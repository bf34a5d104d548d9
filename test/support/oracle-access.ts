import { startOracleServer } from './oracle/oracle-server.ts'
import type { RELEASES } from './oracle/release.ts'
import { type OracleAccess, oracleConfig, realOracle, realRelease } from './real-oracle.ts'

type OracleRelease = keyof typeof RELEASES

/** Where a database of Oracle's own is; null: there is none, and our server of its protocol stands in. */
function realAddress(): readonly [url: string, user: string, password: string] | null {
  const { ORACLE_TEST_URL: url, ORACLE_TEST_USER: user, ORACLE_TEST_PASSWORD: word } = process.env
  if (url === undefined || url === '') return null
  if (user === undefined || word === undefined) {
    throw new Error('ORACLE_TEST_URL wants ORACLE_TEST_USER and ORACLE_TEST_PASSWORD beside it')
  }
  return [url, user, word]
}

/** The releases that are at hand: both of our server's, or the one of Oracle's own database. */
export async function oracleReleases(): Promise<readonly OracleRelease[]> {
  const real = realAddress()
  return real === null ? ['19c', '23ai'] : [await realRelease(...real)]
}

/**
 * A database of Oracle's own when its address is given, else our server. `failures` are bugs of ours that
 * were met.
 */
export async function oracleAccess(release: OracleRelease = '19c'): Promise<OracleAccess> {
  const real = realAddress()
  if (real !== null) return await realOracle(...real)
  const server = await startOracleServer({ release })
  const { control } = server
  const url = `jdbc:oracle:thin:@//127.0.0.1:${server.port}/${server.service}`
  return {
    config: oracleConfig(url, server.user, server.password),
    exec: async (...statements) => void (await control.execute(statements)),
    partitionName: (table) => `${server.user}.${table}`,
    slowQuery: {
      get sql() {
        control.delayNext(20_000, { sql: /slow_query/ })
        return 'SELECT 1 AS slow_query FROM DUAL'
      },
      runs: () => Promise.resolve(control.delayed > 0)
    },
    cutSessions: () => {
      control.dropSessions()
      return Promise.resolve()
    },
    close: async () => {
      await server.stop()
      const [failure] = control.failures
      if (failure !== undefined) throw failure
    }
  }
}
