import type { ConfigInfos } from '../config/config-infos.ts'

const SECRET_KEY = /password|passwd|secret|token|credential|jaas|user\.info/i
/** Shorter values are too likely to be part of some other word. */
const REPLACE_FROM_LENGTH = 6

/**
 * I7: what came out of a config provider is a secret, whatever key it stands under. The answer shows the reference again, and
 * complaints do too. Values without a definition are hidden when their name says that they are secret.
 */
export function hideReferences(
  infos: ConfigInfos,
  submitted: ReadonlyMap<string, string | null>,
  resolved: ReadonlyMap<string, string | null>
): ConfigInfos {
  const replaced = [...submitted].flatMap(([name, text]) => {
    const value = resolved.get(name)
    return typeof text === 'string' && typeof value === 'string' && value !== text
      ? [{ name, text, value }]
      : []
  })
  for (const { definition, value } of infos.configs) {
    if (value === null) continue
    if (definition === null && value.value !== null && SECRET_KEY.test(value.name)) {
      value.value = '[hidden]'
    }
    for (const secret of replaced) {
      const own = secret.name === value.name
      if (own && value.value !== null && value.value !== '[hidden]') value.value = secret.text
      if (secret.value !== '' && (own || secret.value.length >= REPLACE_FROM_LENGTH)) {
        value.errors = value.errors.map((error) =>
          error.replaceAll(secret.value, () => secret.text)
        )
      }
    }
  }
  return infos
}
