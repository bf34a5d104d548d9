import type { ConfigDef, ConfigMap } from './config/config-def.ts'
import { valueText } from './config/config-infos.ts'
import { redact } from './errors.ts'
import { distributedConfig, parseWorkerConfig, standaloneConfig } from './worker/worker-config.ts'

/** `--check`: every setting in force, secrets hidden (I7), and the warnings. Throws ConfigError with every problem. */
export function checkWorkerFile(properties: ConfigMap): string {
  const kind = properties.has('offset.storage.file.filename') ? 'standalone' : 'distributed'
  const definition: ConfigDef = kind === 'standalone' ? standaloneConfig : distributedConfig
  const { values, warnings } = parseWorkerConfig(kind, properties)
  const lines = [`# ${kind} worker`]
  for (const [name, key] of Object.entries(definition)) {
    const value = (values as Record<string, unknown>)[name]
    lines.push(redact(`${name}=${valueText(key, value) ?? ''}`))
  }
  for (const [name, value] of properties) {
    if (definition[name] === undefined) lines.push(redact(`${name}=${value}`))
  }
  for (const warning of warnings) lines.push(`# warning: ${warning}`)
  return `${lines.join('\n')}\n`
}
