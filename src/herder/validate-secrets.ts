import type { ConfigInfo, ConfigInfos } from '../config/config-infos.ts'
import { HiddenValues } from '../config/hidden-values.ts'
import { referencesIn } from '../config/references.ts'
import { HIDDEN } from '../secrets/rewrite.ts'
import { isSecretName } from '../secrets/secret-names.ts'
import type { SubmittedConfig } from './validation-section.ts'

/** Keys whose value is a list of names from which other keys, and groups, take theirs. */
const LISTS = ['transforms', 'predicates'] as const

/** A name that stands behind a reference, and where it is part of others. */
interface HiddenName {
  readonly prefix: string
  readonly name: string
  readonly reference: string
}

/**
 * I7: what came out of a config provider is a secret, whatever key it stands under. The answer shows the references again,
 * in values, complaints, and names made of them. Values without a definition are hidden when their name says so.
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
  const names = hiddenNames(submitted, resolved)
  const configs = infos.configs.map((info) => {
    const key = info.value?.name ?? info.definition?.name ?? ''
    const own = withReference(info, submitted.get(key) ?? null, resolved.get(key) ?? null, hidden)
    const name = names.find(({ prefix }) => key.startsWith(prefix))
    return hidden.all(name === undefined ? own : renamed(own, name))
  })
  const groups = infos.groups.map((group) => {
    const name = names.find(({ name: alias }) => group.endsWith(`: ${alias}`))
    return name === undefined ? group : replaced(group, name)
  })
  return { ...infos, name: hidden.text(infos.name), groups: hidden.all(groups), configs }
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

/** Names that nobody wrote, but that a reference in the list stands for. */
function hiddenNames(submitted: SubmittedConfig, resolved: SubmittedConfig): HiddenName[] {
  return LISTS.flatMap((list) => {
    const [text, value] = [submitted.get(list) ?? '', resolved.get(list) ?? '']
    const [first] = referencesIn(text)
    if (first === undefined || text === value) return []
    const reference = text.slice(first.start, first.end)
    const written = new Set(text.split(',').map((name) => name.trim()))
    const names = value.split(',').map((name) => name.trim())
    return names
      .filter((name) => name !== '' && !written.has(name))
      .map((name) => ({ prefix: `${list}.${name}.`, name, reference }))
  })
}

/** An entry of a transformation or predicate: its name stands in the definition and in complaints, too. */
function renamed({ definition, value }: ConfigInfo, hidden: HiddenName): ConfigInfo {
  return {
    definition: definition === null ? null : everywhere(definition, hidden),
    value: value === null ? null : everywhere(value, hidden)
  }
}

function everywhere<T extends object>(part: T, hidden: HiddenName): T {
  return Object.fromEntries(
    Object.entries(part).map(([field, text]) => {
      if (typeof text === 'string') return [field, replaced(text, hidden)]
      const isErrors = field === 'errors' && Array.isArray(text)
      return [field, isErrors ? text.map((error) => replaced(String(error), hidden)) : text]
    })
  ) as T
}

function replaced(text: string, { name, reference }: HiddenName): string {
  return text.replaceAll(name, () => reference)
}
