import { createServer, type Server } from 'node:net'
import { OracleControl } from './control.ts'
import { ServerState } from './net/server-state.ts'
import { Session } from './net/session.ts'
import { RELEASES } from './release.ts'
import { Database } from './store/database.ts'

export interface OracleServerOptions {
  /** 0: any that is free. */
  readonly port?: number
  readonly user?: string
  readonly password?: string
  readonly service?: string
  readonly sid?: string
  /** What the server pretends to be: 19c unless told. Only 23ai has BOOLEAN, JSON and VECTOR. */
  readonly release?: keyof typeof RELEASES
  /** Zone of the database's host, an offset or a region; UTC unless told. */
  readonly timeZone?: string
}

export interface OracleServer {
  readonly port: number
  /** `127.0.0.1:port/service`. */
  readonly connectString: string
  readonly service: string
  readonly sid: string
  readonly user: string
  readonly password: string
  readonly control: OracleControl
  stop(): Promise<void>
}

/**
 * Starts a server on 127.0.0.1 that answers Oracle's thin drivers as a database of release 19c (or 23ai)
 * would, for the closed list of statements a polling connector and its tests need; everything else is refused
 * with Oracle's errors. Its user has all rights.
 */
export async function startOracleServer(options: OracleServerOptions = {}): Promise<OracleServer> {
  const user = (options.user ?? 'APP').toUpperCase()
  const password = options.password ?? 'App_Secret_1'
  const service = options.service ?? 'ORCLPDB1'
  const sid = options.sid ?? 'ORCL'
  const database = new Database(options.timeZone ?? '+00:00', RELEASES[options.release ?? '19c'])
  database.addUser(user, password)
  database.grant(user, 'DBA', '', '')
  const state = new ServerState(database, { service, sid })
  let port = options.port ?? 0
  let listening: Server | null = null
  const open = async (): Promise<void> => {
    if (listening !== null) return
    const server = createServer((socket) => state.sessions.add(new Session(socket, state)))
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    })
    listening = server
    const address = server.address()
    if (address !== null && typeof address !== 'string') port = address.port
  }
  /** New connections are refused from now on. */
  const close = (): Promise<void> => {
    listening?.close()
    listening = null
    return Promise.resolve()
  }
  await open()
  return {
    port,
    connectString: `127.0.0.1:${port}/${service}`,
    service,
    sid,
    user,
    password,
    control: new OracleControl(state, { open, close }, user),
    async stop() {
      await close()
      state.endPauses()
      const sessions = [...state.sessions]
      for (const session of sessions) session.drop()
      for (let waited = 0; state.sessions.size > 0 && waited < 100; waited++) {
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      database.close()
    }
  }
}
