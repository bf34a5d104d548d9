import { networkInterfaces } from 'node:os'
import { ConfigError } from '../../errors.ts'

/** One address the REST server listens on. */
export interface Listener {
  readonly protocol: 'http' | 'https'
  /** Empty: all interfaces. IPv6 addresses without brackets. */
  readonly host: string
  /** 0: any free port. */
  readonly port: number
}

const FORMAT = /^(.*):\/\/\[?([0-9a-zA-Z\-%._:]*)\]?:(-?[0-9]+)/

/** `protocol://host:port` → its parts. Throws ConfigError with the texts of a JVM worker. */
export function parseListener(text: string): Listener {
  const match = FORMAT.exec(text)
  if (match === null) {
    throw new ConfigError("Listener doesn't have the right format (protocol://hostname:port).")
  }
  const protocol = (match[1] ?? '').toLowerCase()
  if (protocol !== 'http' && protocol !== 'https') {
    throw new ConfigError('Listener protocol must be either "http" or "https".')
  }
  const port = Number(match[3])
  if (port < 0 || port > 65_535) throw new ConfigError(`Listener port out of range: ${match[3]}`)
  return { protocol, host: match[2] ?? '', port }
}

interface AdvertisedSettings {
  readonly listeners: readonly Listener[]
  /** `rest.advertised.listener`, `.host.name`, `.port`; null where not given. */
  readonly listener: string | null
  readonly hostName: string | null
  readonly port: number | null
}

/** First address other machines may reach, for workers that listen on all interfaces. */
function ownAddress(): string {
  for (const addresses of Object.values(networkInterfaces())) {
    for (const address of addresses ?? []) {
      if (address.family === 'IPv4' && !address.internal) return address.address
    }
  }
  return '127.0.0.1'
}

/**
 * What other workers and clients reach this worker by. `boundPort` answers the real port of a listener once
 * the server is bound (port 0 means any). `workerId` is what statuses carry; `url` ends in a slash.
 */
export function advertised(
  settings: AdvertisedSettings,
  boundPort: (listener: Listener) => number
): { readonly url: string; readonly workerId: string } {
  const protocol =
    settings.listener?.toLowerCase() ??
    (settings.listeners.length > 0 &&
    settings.listeners.every(({ protocol }) => protocol === 'https')
      ? 'https'
      : 'http')
  const listener = settings.listeners.find((candidate) => candidate.protocol === protocol)
  const named = settings.hostName ?? ''
  const host = named !== '' ? named : listener?.host || ownAddress()
  const port = settings.port ?? (listener === undefined ? -1 : boundPort(listener))
  const shownHost = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
  const authority = port < 0 ? shownHost : `${shownHost}:${port}`
  return { url: `${protocol}://${authority}/`, workerId: `${shownHost}:${port}` }
}
