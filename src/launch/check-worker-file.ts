import { checkConfig, type ConfigDef, type ConfigMap } from '../config/config-def.ts'
import { valueText } from '../config/config-infos.ts'
import type { Command } from './command-line.ts'
import { messageOf } from '../errors.ts'
import { redactSetting } from '../secrets/redact.ts'
import {
  distributedConfig,
  parseWorkerConfig,
  standaloneConfig,
  workerKind
} from '../settings/worker/worker-config.ts'
import { loadedText, problemText } from '../plugin/plugin-loader.ts'
import { workerPlugins } from './load-plugins.ts'
import { workerProperties } from './worker-file.ts'

/** `--check`: prints the settings in force and resolves with 0, or what is wrong with them and 2. */
export async function check(command: Extract<Command, { kind: 'check' }>): Promise<number> {
  try {
    const properties = await workerProperties(command.file, command.overrides)
    process.stdout.write(checkedSettings(properties) + (await checkedPlugins(properties)))
    return 0
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`)
    return 2
  }
}

/** Every setting in force, secrets hidden (I7), and the warnings. Throws ConfigError with every problem. */
function checkedSettings(properties: ConfigMap): string {
  const kind = workerKind(properties)
  const definition: ConfigDef = kind === 'standalone' ? standaloneConfig : distributedConfig
  const { warnings } = parseWorkerConfig(kind, properties)
  const checked = checkConfig(definition, properties)
  const lines = [`# ${kind} worker`]
  for (const [name, key] of Object.entries(definition)) {
    const value = checked.get(name)?.value
    lines.push(`${name}=${redactSetting(name, valueText(key, value) ?? '')}`)
  }
  for (const [name, value] of properties) {
    if (definition[name] === undefined) lines.push(`${name}=${redactSetting(name, value)}`)
  }
  for (const warning of warnings) lines.push(`# warning: ${warning}`)
  return `${lines.join('\n')}\n`
}

/**
 * What the plugin path brings, and what of it cannot be used: a warning, because the worker starts all the
 * same.
 */
async function checkedPlugins(properties: ConfigMap): Promise<string> {
  const { loaded, problems } = await workerPlugins(properties)
  const lines = [
    ...loaded.map(loadedText),
    ...problems.map((problem) => `warning: ${problemText(problem)}`)
  ]
  return lines.map((line) => `# ${line}\n`).join('')
}
