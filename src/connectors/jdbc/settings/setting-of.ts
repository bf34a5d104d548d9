import type { ConfigError } from '../../../errors.ts'

/** Facts of a ConfigError about what a database answered: the setting whose value it is about. */
export const OF_KEY = { setting: 'key.columns' } as const
export const OF_TIMES = { setting: 'timestamp.column.name' } as const
export const OF_ID = { setting: 'incrementing.column.name' } as const
export const OF_TEMPLATE = { setting: 'topic.template' } as const

type Setting = (typeof OF_KEY | typeof OF_TIMES | typeof OF_ID | typeof OF_TEMPLATE)['setting']

/** The setting that an error names as its own; null when it names none. */
export function settingOf({ facts }: ConfigError): Setting | null {
  return typeof facts['setting'] === 'string' ? (facts['setting'] as Setting) : null
}
