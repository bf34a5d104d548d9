import { checkConfig, type ConfigKey } from '../config/config-def.ts'
import {
  type ConfigInfos,
  type ConfigKeyInfo,
  keyInfos,
  valueInfo
} from '../config/config-infos.ts'
import { HiddenValues } from '../config/hidden-values.ts'
import { hasReference } from '../config/reference-syntax.ts'
import type { ConfigProviders } from '../config/providers.ts'
import { ConnectError } from '../errors.ts'
import { redactSetting } from '../secrets/redact.ts'
import type { ConnectorPlugin, Plugin, Plugins } from '../plugin/plugins.ts'
import { commonConnectorConfig, connectorConfig } from '../settings/connector/connector-config.ts'
import type { WorkerConfig } from '../settings/worker/worker-config.ts'
import { javaHashMapOrder } from './java-hash-map.ts'
import { addAliases } from './aliases.ts'
import { checkSink, checkSource } from './connector-kind.ts'
import { checkConverterKeys, converterKeys, converterSection } from './converters.ts'
import { overrideSections } from './overrides.ts'
import { versionProblem } from '../plugin/version-problem.ts'
import { addVersionKey } from './versions.ts'
import { hideReferences } from './secrets.ts'
import { checkedSection, Section, type SubmittedConfig } from './section.ts'
import { abortable } from '../wait.ts'

export interface ValidationContext {
  readonly plugins: Plugins
  readonly workerConfig: WorkerConfig
  readonly providers: ConfigProviders
}

/**
 * Answer of `PUT /connector-plugins/{class}/config/validate`, for a configuration whose references are not
 * replaced yet. Throws ConnectError: without `connector.class` (400), for a class that is not known or
 * ambiguous, when `signal` aborts before the connector has answered, or when the connector's own check fails.
 */
export async function validateConnector(
  context: ValidationContext,
  submitted: SubmittedConfig,
  signal: AbortSignal
): Promise<ConfigInfos> {
  const references = new Map<string, string>()
  const config = context.providers.resolve(submitted, references)
  try {
    const infos = await infosOf(context, submitted, config, signal)
    return hideReferences(infos, submitted, config, references)
  } catch (error) {
    throw new HiddenValues(references).error(error)
  }
}

async function infosOf(
  context: ValidationContext,
  submitted: SubmittedConfig,
  config: SubmittedConfig,
  signal: AbortSignal
): Promise<ConfigInfos> {
  const className = config.get('connector.class')
  if (className === undefined || className === null) {
    throw new ConnectError(
      'BAD_REQUEST',
      `Connector config ${mapText(submitted)} contains no connector type`
    )
  }
  const plugin = context.plugins.connector(className)
  const base = new Section()
  const others: Section[] = []
  const misfit = versionProblem(plugin.className, [plugin], config.get('connector.plugin.version'))
  if (misfit !== null) {
    checkedSection(base, addVersionKey(commonConnectorConfig, plugin.version), config)
    for (const key of ['connector.class', 'connector.plugin.version']) {
      base.value(key, null).errors.push(misfit)
    }
    base.value('connector.plugin.version', null).recommended_values = [plugin.version]
    hideConverterVersions(base)
  } else {
    await checkBase(context, base, plugin, { submitted, config }, signal)
    others.push(...overrideSections(context.workerConfig, context.plugins, plugin, config))
    for (const type of ['header', 'key', 'value'] as const) {
      const section = converterSection(context.plugins, type, base, config)
      if (section !== null) others.push(section)
    }
  }
  addNulls(base, submitted)
  return answer(className, base, others)
}

async function checkBase(
  context: ValidationContext,
  base: Section,
  plugin: ConnectorPlugin,
  { submitted, config }: { submitted: SubmittedConfig; config: SubmittedConfig },
  signal: AbortSignal
): Promise<void> {
  const converters = converterKeys(context.plugins, context.workerConfig, config)
  const framework: Record<string, ConfigKey> = {
    ...addVersionKey(connectorConfig(plugin.type), plugin.version),
    ...converters
  }
  for (const name of Object.keys(framework)) {
    const own = plugin.config[name]
    if (own !== undefined && Object.hasOwn(plugin.config, name)) framework[name] = own
  }
  checkedSection(base, framework, config)
  checkConverterKeys(context.plugins, base, config)
  base.value('connector.plugin.version', null).recommended_values = [plugin.version]
  addAliases(context.plugins, base, config, submitted)
  await checkOwn(base, plugin, config, signal)
  if (plugin.type === 'sink') checkSink(base, context.workerConfig, comparable(submitted, config))
  else checkSource(base, context.workerConfig, plugin, config)
}

/**
 * I7: comparing what stands behind a reference with a list or a pattern of the caller's would tell it bit by
 * bit.
 */
function comparable(submitted: SubmittedConfig, config: SubmittedConfig): SubmittedConfig {
  return new Map(
    [...config].map(([key, value]) => {
      const text = submitted.get(key) ?? ''
      return [key, COMPARED.has(key) && hasReference(text) ? text : value]
    })
  )
}

const COMPARED = new Set(['topics', 'topics.regex', 'errors.deadletterqueue.topic.name'])

/**
 * The connector's own keys and its own check. I9: whatever it throws becomes one error; I8: it ends with the
 * request.
 */
async function checkOwn(
  base: Section,
  plugin: ConnectorPlugin,
  config: SubmittedConfig,
  signal: AbortSignal
): Promise<void> {
  const present = new Map(
    [...config].filter((entry): entry is [string, string] => entry[1] !== null)
  )
  const checked = checkConfig(plugin.config, config)
  if (plugin.validate !== undefined) {
    try {
      const work = Promise.try(() => plugin.validate?.(present, checked, signal))
      await abortable(work, signal, () => timedOut(plugin))
    } catch (error) {
      if (error instanceof ConnectError) throw error
      throw new ConnectError('INTERNAL', `${plugin.className} failed to check its configuration`, {
        cause: error
      })
    }
  }
  const values = [...checked].flatMap(([name, value]) => {
    const key = plugin.config[name]
    return key === undefined ? [] : [valueInfo(key, value)]
  })
  base.add(plugin.config, values)
}

function timedOut(plugin: ConnectorPlugin): ConnectError {
  return new ConnectError(
    'REQUEST_TIMED_OUT',
    `${plugin.className} did not finish checking its configuration in time`
  )
}

/** Converters of a connector that cannot be used are not looked at further. */
function hideConverterVersions(base: Section): void {
  for (const type of ['key', 'value', 'header']) {
    base.value(`${type}.converter.plugin.version`, null).visible = false
  }
}

function addNulls(base: Section, submitted: SubmittedConfig): void {
  for (const [name, text] of submitted) {
    if (text === null) {
      base
        .value(name, null)
        .errors.push('Null value can not be supplied as the configuration value.')
    }
  }
}

function answer(name: string, base: Section, others: readonly Section[]): ConfigInfos {
  let errors = 0
  for (const { errors: mine } of base.values.values()) errors += mine.length
  for (const section of others) {
    for (const { errors: mine } of section.values.values()) if (mine.length > 0) errors += 1
  }
  const sections = [base, ...others]
  return {
    name,
    error_count: errors,
    groups: [...new Set(sections.flatMap((section) => section.groups()))],
    configs: sections.flatMap((section) => section.infos())
  }
}

/** As Java prints a map, secrets hidden (I7). */
function mapText(config: SubmittedConfig): string {
  return `{${javaHashMapOrder([...config])
    .map(([key, value]) => `${key}=${value === null ? value : redactSetting(key, value)}`)
    .join(', ')}}`
}

/**
 * Answer of `GET /connector-plugins/{class}/config`: the plugin's keys, then those of the framework it does
 * not define itself.
 */
export function pluginConfigKeys(plugin: Plugin): ConfigKeyInfo[] {
  if (plugin.type !== 'source' && plugin.type !== 'sink') return keyInfos(plugin.config)
  const framework = Object.entries(addVersionKey(connectorConfig(plugin.type), plugin.version))
  return keyInfos({
    ...plugin.config,
    ...Object.fromEntries(framework.filter(([name]) => !Object.hasOwn(plugin.config, name)))
  })
}
