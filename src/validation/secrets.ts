import type { ConfigInfo, ConfigInfos } from '../config/config-infos.ts'
import { HiddenValues } from '../config/hidden-values.ts'
import { HIDDEN } from '../secrets/rewrite.ts'
import { isSecretName } from '../secrets/secret-names.ts'
import type { SubmittedConfig } from './section.ts'

/**
 * I7: what came out of a config provider is a secret, whatever key it stands under. The answer shows the
 * references again, in values and in complaints. Values without a definition are hidden when their name says
 * so.
 */
export function hideReferences(
  infos: ConfigInfos,
  submitted: SubmittedConfig,
  resolved: SubmittedConfig,
  references: ReadonlyMap<string, string>
): ConfigInfos {
  for (const { definition, value } of infos.configs) {
    if (definition === null && value !== null && value.value !== null && isSecretName(value.name)) {
      value.value = HIDDEN
    }
  }
  if (references.size === 0) return infos
  const hidden = new HiddenValues(references)
  const configs = infos.configs.map((info) => {
    const key = info.value?.name ?? ''
    const own = withReference(info, submitted.get(key) ?? null, resolved.get(key) ?? null, hidden)
    // Names are those of keys and may not change; only what is said of them can repeat a value.
    return own.value === null
      ? own
      : {
          ...own,
          value: {
            ...own.value,
            value: hidden.all(own.value.value),
            errors: hidden.all(own.value.errors)
          }
        }
  })
  return { ...infos, name: hidden.text(infos.name), configs }
}

function withReference(
  info: ConfigInfo,
  text: string | null,
  value: string | null,
  hidden: HiddenValues
): ConfigInfo {
  if (info.value === null || text === null || value === null || text === value) return info
  const shown = info.value.value === null || info.value.value === HIDDEN ? info.value.value : text
  const errors = info.value.errors.map((error) => hidden.own(error, value, text))
  return { ...info, value: { ...info.value, value: shown, errors } }
}
