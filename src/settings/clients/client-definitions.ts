import {
  type ConfigDef,
  type ConfigMap,
  configDef,
  type NoEffect
} from '../../config/config-def.ts'
import { adminKeys } from './admin-keys.ts'
import { clientKeys } from './client-keys.ts'
import { consumerKeys } from './consumer-keys.ts'
import { producerKeys } from './producer-keys.ts'
import { saslKeys } from './sasl-keys.ts'
import { tlsKeys } from './tls-keys.ts'

/*
 * Every property of Kafka's Java clients (4.3.1): its type, default and range, and where it acts or why it
 * changes nothing. Tests compare names, types, defaults and complaints with those of the Java classes,
 * docs/config/kafka-clients.md is written from here, and what is set without effect is told in the log.
 */

export const everyClient = configDef({ ...clientKeys, ...tlsKeys, ...saslKeys })

/** What a connector may override of each of its clients. */
export const clientDefinitions = {
  producer: configDef({ ...everyClient, ...producerKeys }),
  consumer: configDef({ ...everyClient, ...consumerKeys }),
  admin: configDef({ ...everyClient, ...adminKeys })
}

export const clientKinds = ['producer', 'consumer', 'admin'] as const
export type ClientKind = (typeof clientKinds)[number]

/** `acts`, the reason why it does not, or null for a name that no client of this kind has. */
export function effectOf(kind: ClientKind, name: string): 'acts' | NoEffect | null {
  const definition: ConfigDef = clientDefinitions[kind]
  const key = Object.hasOwn(definition, name) ? definition[name] : undefined
  if (key === undefined) return null
  return typeof key.noEffect === 'object' ? key.noEffect : 'acts'
}

/** Whether any client knows the name. */
export function isClientProperty(name: string): boolean {
  return clientKinds.some((kind) => Object.hasOwn(clientDefinitions[kind], name))
}

/** Properties that are set and have no effect: name → reason, for the log. Values are not part of it (I7). */
export function propertiesWithoutEffect(
  kinds: readonly ClientKind[],
  client: ConfigMap
): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [name, value] of client) {
    const effects = kinds.flatMap((kind) => effectOf(kind, name) ?? [])
    const [first] = effects
    if (first === undefined || effects.includes('acts') || first === 'acts') continue
    if (first.asDone?.(value.trim().toLowerCase()) !== true) found.set(name, first.reason)
  }
  return found
}
