import type { ConfigKey, NoEffect } from '../../config/config-def.ts'

/** Marks a key that changes nothing here. Values of `asDone`, in lower case, ask for what is done anyway. */
export function idle(
  reason: string,
  ...asDone: readonly string[]
): { readonly noEffect: NoEffect } {
  return { noEffect: { reason, asDone: (value) => asDone.includes(value) } }
}

export const JAVA_CLASS = idle('it names a Java class', '')
export const NO_METRICS = idle('client metrics are not collected')
export const OPERATING_SYSTEM = idle('the operating system sizes socket buffers')
export const IDLE_CONNECTION = idle(
  'an unused connection is closed by the broker (its connections.max.idle.ms)'
)
export const REPEATED = idle(
  'what failed is repeated until delivery.timeout.ms, or default.api.timeout.ms',
  '2147483647'
)
export const BYTES_ONLY = idle('converters make the bytes')

/** Documentation of keys that only a JVM has a use for. */
export const JVM_ONLY =
  'Belongs to the JVM: accepted so that existing files load, changes nothing here.'

/** The keys of a table, each with what all of them have in common. */
export function alike<
  const S extends Pick<ConfigKey, 'doc'> & Partial<ConfigKey>,
  const T extends Readonly<Record<string, Omit<ConfigKey, 'doc'>>>
>(shared: S, table: T): { readonly [N in keyof T]: T[N] & S } {
  const keys = Object.entries(table).map(([name, key]) => [name, { ...shared, ...key }])
  return Object.fromEntries(keys) as { readonly [N in keyof T]: T[N] & S }
}
