import { createRequire } from 'node:module'
import { ConfigError, messageOf } from '../../../../errors.ts'
import type { Logger } from '../../../../log.ts'
import type { OracleDriver } from './driver.ts'
import { keepMomentsExact } from './moment.ts'
import type { OracleTarget } from './target.ts'

/** What of a target decides the mode. */
type WantedMode = Pick<OracleTarget, 'client' | 'configDir'>

interface Client {
  readonly libDir: string | null
  /** Folder of tnsnames.ora and sqlnet.ora. */
  readonly configDir: string | null
}

/**
 * The mode of a process's driver. It is thin, and becomes thick once and for ever when a connector asks for
 * Oracle's client and the operator of the worker has allowed it: a library that is loaded runs with all the
 * worker's rights.
 */
export class DriverMode {
  #client: Client | null = null
  /** Folder of the library; null: where the system looks; undefined: none may be loaded. */
  #allowed: string | null | undefined

  /** Allows Oracle's client in a folder, or (`system`) on the system's library path; null: none. */
  allow(setting: string | null): void {
    this.#allowed = setting === null ? undefined : setting === 'system' ? null : setting
  }

  get isThick(): boolean {
    return this.#client !== null
  }

  /**
   * A connector that asks for no mode takes the one there is. Throws ConfigError when the mode asked for
   * cannot be had, or not any more: the first connection decides for the process.
   */
  enter(
    driver: Pick<OracleDriver, 'initOracleClient'>,
    { client: wanted, configDir }: WantedMode,
    log: Logger
  ): void {
    const client = this.#client
    if (wanted !== 'thin' && wanted !== null) {
      this.#load(driver, { libDir: this.#allowedFolder(wanted.libDir), configDir })
    } else if (client !== null && wanted === 'thin') {
      throw new ConfigError(
        "connection.oracle.thick=false cannot be had: another connector of this worker has switched Oracle's driver to thick mode, which holds for the whole process. Run them on different workers, or this one in thick mode too"
      )
    } else if (client !== null) {
      log.info("Oracle's driver is in thick mode, as another connector of this worker asked for")
    }
  }

  #allowedFolder(wanted: string | null): string | null {
    const allowed = this.#allowed
    if (allowed === undefined) {
      throw new ConfigError(
        "connection.oracle.thick=true loads Oracle's client into the worker, which only its operator can allow: with jdbc.oracle.client.lib.dir in the worker file, the folder of the client, or `system`"
      )
    }
    if (wanted === null || wanted === allowed) return allowed
    throw new ConfigError(
      `connection.oracle.client.lib.dir=${wanted} is not the folder the worker file allows with jdbc.oracle.client.lib.dir; leave it out`
    )
  }

  #load(driver: Pick<OracleDriver, 'initOracleClient'>, wanted: Client): void {
    const client = this.#client
    if (client !== null) {
      if (client.libDir === wanted.libDir && client.configDir === wanted.configDir) return
      throw new ConfigError(
        `Oracle's client is loaded already, with ${said(client)}, and a process has only one: ${said(wanted)} cannot be had beside it`
      )
    }
    const { libDir, configDir } = wanted
    try {
      driver.initOracleClient({
        ...(libDir === null ? {} : { libDir }),
        ...(configDir === null ? {} : { configDir })
      })
    } catch (error) {
      throw new ConfigError(problemOf(error, libDir))
    }
    this.#client = wanted
  }
}

const processMode = new DriverMode()

/** What the worker file says in `jdbc.oracle.client.lib.dir`. */
export function allowOracleClient(setting: string | null): void {
  processMode.allow(setting)
}

/**
 * Loads the driver when the first connection is opened, in the mode asked for; it is CommonJS and ships no
 * types.
 */
export function loadDriver(target: WantedMode, log: Logger): OracleDriver {
  const load = createRequire(import.meta.url)
  const driver = load('oracledb') as OracleDriver
  processMode.enter(driver, target, log)
  if (!processMode.isThick) {
    // The driver would read these where no property says otherwise, which a JDBC driver does not.
    for (const name of ['ORA_EDITION', 'ORA_SDTZ', 'ORA_DEBUG_JDWP']) delete process.env[name]
    const { BaseBuffer } = load('oracledb/lib/impl/datahandlers/buffer.js') as {
      BaseBuffer: Parameters<typeof keepMomentsExact>[0]
    }
    keepMomentsExact(BaseBuffer)
  }
  return driver
}

function said({ libDir, configDir }: Client): string {
  return `connection.oracle.client.lib.dir=${libDir ?? ''} and connection.oracle.net.tns_admin=${configDir ?? ''}`
}

function problemOf(error: unknown, libDir: string | null): string {
  const text = messageOf(error).replace(/\s+/g, ' ')
  if ((error as { code?: unknown }).code === 'NJS-118') {
    return `connection.oracle.thick=true cannot be had any more: this worker has connected to Oracle in thin mode already, and the mode holds for the whole process. Ask for it in all its connectors of Oracle and restart it. ${text}`
  }
  const where =
    libDir === null
      ? "the system's library path (LD_LIBRARY_PATH, ldconfig); jdbc.oracle.client.lib.dir in the worker file would name a folder"
      : `${libDir}, which the worker file names`
  return `connection.oracle.thick=true needs Oracle's client, which could not be loaded from ${where}. Thin mode, the default, needs none. ${text}`
}
