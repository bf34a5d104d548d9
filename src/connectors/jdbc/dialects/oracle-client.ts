import { createRequire } from 'node:module'
import { ConfigError, messageOf } from '../../../errors.ts'
import type { Logger } from '../../../log.ts'
import type { OracleDriver } from './oracle-driver.ts'
import { keepMomentsExact } from './oracle-moment.ts'
import type { OracleTarget } from './oracle-url.ts'

/** What thick mode was switched on with, for the whole process; null: it was not. */
let client: { readonly libDir: string | null; readonly configDir: string | null } | null = null

/**
 * Loads the driver when the first connection is opened, in the mode asked for; it is CommonJS and ships no types. The mode holds for the
 * process: who says nothing follows the others, who asks for another gets a ConfigError.
 */
export function loadDriver(
  target: Pick<OracleTarget, 'client' | 'configDir'>,
  log: Logger
): OracleDriver {
  const load = createRequire(import.meta.url)
  const driver = load('oracledb') as OracleDriver
  const { client: wanted, configDir } = target
  if (wanted === 'thin' && client !== null) {
    throw new ConfigError(
      "Another connector of this worker has switched Oracle's driver to thick mode, which holds for the whole process: connection.oracle.thick=false cannot be had before the worker is started without that connector"
    )
  }
  if (typeof wanted === 'object' && wanted !== null) startClient(driver, wanted.libDir, configDir)
  else if (client !== null) {
    log.info("Oracle's driver is in thick mode, as another connector of this worker asked for")
  }
  if (client === null) {
    const { BaseBuffer } = load('oracledb/lib/impl/datahandlers/buffer.js') as {
      BaseBuffer: Parameters<typeof keepMomentsExact>[0]
    }
    keepMomentsExact(BaseBuffer)
  }
  return driver
}

function startClient(driver: OracleDriver, libDir: string | null, configDir: string | null): void {
  if (client !== null) {
    if (client.libDir === libDir && client.configDir === configDir) return
    throw new ConfigError(
      `Oracle's client is loaded already, with ${said(client)}, and a process has only one: ${said({ libDir, configDir })} cannot be had beside it`
    )
  }
  try {
    driver.initOracleClient({
      ...(libDir === null ? {} : { libDir }),
      ...(configDir === null ? {} : { configDir })
    })
  } catch (error) {
    throw new ConfigError(problemOf(error, libDir), { cause: error })
  }
  client = { libDir, configDir }
}

function said({ libDir, configDir }: { libDir: string | null; configDir: string | null }): string {
  return `connection.oracle.client.lib.dir=${libDir ?? ''} and connection.oracle.net.tns_admin=${configDir ?? ''}`
}

function problemOf(error: unknown, libDir: string | null): string {
  const text = messageOf(error).replaceAll('\n', ' ')
  const code = (error as { code?: unknown }).code
  if (code === 'NJS-118') {
    return `Thick mode (connection.oracle.thick=true) cannot be switched on any more: this worker has connected in thin mode already, and the mode holds for the whole process. Ask for it in all connectors of Oracle and restart the worker. ${text}`
  }
  const where =
    libDir === null
      ? "the system's library path (LD_LIBRARY_PATH, ldconfig); connection.oracle.client.lib.dir names a folder"
      : `connection.oracle.client.lib.dir=${libDir}`
  return `Thick mode (connection.oracle.thick=true) needs Oracle's client, which was not found in ${where}. Thin mode, the default, needs none. ${text}`
}
