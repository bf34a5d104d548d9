import { hostname } from 'node:os'
import { ConfigError } from '../errors.ts'
import type { BoundListener } from './server.ts'

/** How other workers reach this one: the URL they forward to, and the worker id shown in statuses (`host:port`). */
export interface AdvertisedAddress {
  /** Ends with `/`. */
  url: string
  workerId: string
}

/**
 * From `rest.advertised.listener` / `.host.name` / `.port`, else the first fitting listener; http is preferred.
 * Throws ConfigError when the wanted listener does not exist.
 */
export function advertisedAddress(
  properties: ReadonlyMap<string, string>,
  bound: readonly BoundListener[]
): AdvertisedAddress {
  const main = bound.filter((listener) => !listener.admin)
  const wanted = properties.get('rest.advertised.listener')?.trim().toLowerCase()
  if (wanted !== undefined && wanted !== '' && wanted !== 'http' && wanted !== 'https') {
    throw new ConfigError(
      `Invalid value ${wanted} for configuration rest.advertised.listener: String must be one of: http, https`
    )
  }
  const protocol =
    wanted === 'http' || wanted === 'https'
      ? wanted
      : main.some((listener) => listener.protocol === 'http')
        ? 'http'
        : 'https'
  const listener = main.find((candidate) => candidate.protocol === protocol)
  const host = given(properties.get('rest.advertised.host.name')) ?? hostOf(listener)
  const port = given(properties.get('rest.advertised.port')) ?? listener?.port.toString()
  if (port === undefined) {
    throw new ConfigError(
      `Invalid value ${protocol} for configuration rest.advertised.listener: there is no such listener`
    )
  }
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
  return { url: `${protocol}://${address}/`, workerId: `${host}:${port}` }
}

function hostOf(listener: BoundListener | undefined): string {
  const host = listener?.host ?? ''
  return host === '' || host === '0.0.0.0' || host === '::' ? hostname() : host
}

function given(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text.trim()
}
