import { type Clock, systemClock } from '../../src/clock.ts'
import { parseConfig } from '../../src/config/config-def.ts'
import { tlsKeys } from '../../src/settings/clients/tls-keys.ts'
import { type RestConfig, restKeys } from '../../src/settings/worker/rest-keys.ts'
import { type BoundListener, createRestServer, type RestServer } from '../../src/rest/server.ts'
import { restServerOptions, type RestServerOptions } from '../../src/rest/rest-server-options.ts'
import { ScriptedHerder } from './scripted-herder.ts'

/** A REST server on free ports in front of a scripted herder. */
export interface RestWorker {
  herder: ScriptedHerder
  server: RestServer
  bound: BoundListener[]
  /** Base URL of the first listener, without a slash at the end. */
  base: string
  stop(): Promise<void>
}

/** What worker properties mean for the REST server, which is on a free port unless they say otherwise. */
export function restConfig(given: Record<string, string> = {}): RestConfig {
  const properties = new Map(Object.entries({ listeners: 'http://127.0.0.1:0', ...given }))
  return { values: parseConfig({ ...restKeys, ...tlsKeys }, properties), properties }
}

/** `properties` are worker properties; `limits` replaces waiting times and sizes. */
export async function startRestWorker(
  properties: Record<string, string> = {},
  limits: Partial<RestServerOptions> = {},
  clock: Clock = systemClock
): Promise<RestWorker> {
  const herder = new ScriptedHerder()
  const options = { ...restServerOptions(restConfig(properties)), stopTimeoutMs: 1000, ...limits }
  const server = createRestServer({ options, clock, herder })
  const bound = await server.start()
  const base = (bound[0]?.url ?? '').replace(/\/$/, '')
  return { herder, server, bound, base, stop: () => server.stop() }
}

export interface Reply {
  status: number
  headers: Headers
  text: string
  json: unknown
}

/** One request with fetch; a string body is sent as JSON. */
export async function call(
  url: string,
  method = 'GET',
  body?: string,
  headers: Record<string, string> = {}
): Promise<Reply> {
  const answer = await fetch(url, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body })
  })
  const text = await answer.text()
  let json: unknown = null
  try {
    json = JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  return { status: answer.status, headers: answer.headers, text, json }
}
