import { checkConfig, type ConfigDef } from '../config/config-def.ts'
import {
  type ConfigInfo,
  type ConfigKeyInfo,
  type ConfigValueInfo,
  keyInfos,
  valueInfo
} from '../config/config-infos.ts'

/** A configuration as REST delivers it. */
export type SubmittedConfig = ReadonlyMap<string, string | null>

/** Definitions and values of one part of the answer, both in order; undefined names come first. */
export class Section {
  readonly definitions = new Map<string, ConfigKeyInfo>()
  readonly values = new Map<string, ConfigValueInfo>()

  /** The value of a name; made, without a definition, when the name has none. */
  value(name: string, text: string | null): ConfigValueInfo {
    let value = this.values.get(name)
    if (value === undefined) {
      value = { name, value: text, recommended_values: [], errors: [], visible: true }
      this.values.set(name, value)
    }
    return value
  }

  add(definition: ConfigDef, values: readonly ConfigValueInfo[], prefix = ''): void {
    for (const info of keyInfos(definition, prefix)) this.definitions.set(info.name, info)
    for (const value of values) {
      // A key that is not shown is shown when something is wrong with it.
      if (this.definitions.has(value.name) || value.errors.length > 0) {
        this.values.set(value.name, value)
      }
    }
  }

  infos(): ConfigInfo[] {
    const undefinedOnes = [...this.values.values()].filter(
      ({ name }) => !this.definitions.has(name)
    )
    return [
      ...undefinedOnes.map((value) => ({ definition: null, value })),
      ...[...this.definitions].map(([name, definition]) => ({
        definition,
        value: this.values.get(name) ?? null
      }))
    ]
  }

  groups(): string[] {
    return [...this.definitions.values()].flatMap(({ group }) => group ?? [])
  }
}

/** Keys of a definition checked against a configuration, in REST form. */
export function checkedSection(
  section: Section,
  definition: ConfigDef,
  config: SubmittedConfig,
  prefix = ''
): void {
  const checked = checkConfig(definition, config, prefix)
  const values = Object.entries(definition).map(([name, key]) =>
    valueInfo(key, checked.get(name) as NonNullable<ReturnType<typeof checked.get>>)
  )
  section.add(definition, values, prefix)
}
