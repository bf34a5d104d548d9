import { commaList } from '../config/config-value.ts'
import { checkConfig, type ConfigDef, type ConfigKey } from '../config/config-def.ts'
import { valueInfo } from '../config/config-infos.ts'
import type { ClientOverride, OverridePolicy } from '../plugin/override-policy.ts'
import type { ConnectorPlugin, Plugins } from '../plugin/plugins.ts'
import { overridePolicy, refusedOverride } from '../settings/worker/override-policy.ts'
import type { WorkerConfig } from '../settings/worker/worker-config.ts'
import { clientDefinitions } from '../settings/clients/client-definitions.ts'
import { assignorProblem } from '../settings/clients/consumer-settings.ts'
import { TASK_PLACE } from '../settings/worker/layered-properties.ts'
import { Section, type SubmittedConfig } from './section.ts'

type Client = ClientOverride['client']

/** The clients a connector will get from the worker. */
function clientsOf(
  worker: WorkerConfig,
  plugin: ConnectorPlugin,
  config: SubmittedConfig
): Client[] {
  const given = (key: string): boolean => (config.get(key) ?? '').trim() !== ''
  if (plugin.type === 'sink') {
    return given('errors.deadletterqueue.topic.name')
      ? ['producer', 'consumer', 'admin']
      : ['consumer']
  }
  const ownOffsets =
    worker.kind === 'distributed' &&
    (given('offsets.storage.topic') || worker.values['exactly.once.source.support'] === 'enabled')
  if (ownOffsets) return ['producer', 'consumer', 'admin']
  const createsTopics =
    worker.values['topic.creation.enable'] &&
    [...config.keys()].some((key) => key.startsWith('topic.creation.'))
  return createsTopics ? ['producer', 'admin'] : ['producer']
}

/**
 * A key as validation of an override sees it: only its text is checked, the client itself knows its rules.
 */
function lenient({ type, importance, doc }: ConfigKey): ConfigKey {
  return { type, importance, doc, default: null }
}

function overrideSection(client: Client, config: SubmittedConfig, policy: OverridePolicy): Section {
  const prefix = `${client}.override.`
  const section = new Section()
  const definitions: ConfigDef = clientDefinitions[client]
  for (const [name, text] of config) {
    if (!name.startsWith(prefix)) continue
    const key = name.slice(prefix.length)
    const definition = Object.hasOwn(definitions, key) ? definitions[key] : undefined
    if (definition === undefined) section.value(name, text)
    else {
      const checked = checkConfig({ [key]: lenient(definition) }, new Map([[key, text]])).get(key)
      const values = checked === undefined ? [] : [valueInfo(definition, checked, prefix)]
      section.add({ [key]: definition }, values, prefix)
    }
    const override = { connector: config.get('name') ?? '', client, key, value: text }
    if (!policy.allows(override)) {
      section.value(name, text).errors.push(refusedOverride(policy, override))
    }
  }
  return section
}

/**
 * What the tasks of a sink, the members of its group, would fail by. Which classes share partitions out is
 * known here; an id of its own makes a member the only one of that name.
 */
function checkMembers(consumer: Section, config: SubmittedConfig): void {
  const strategy = 'consumer.override.partition.assignment.strategy'
  const classNames = config.get(strategy) ?? null
  if (classNames !== null) {
    const problem = assignorProblem(commaList(classNames))
    if (problem !== null) consumer.value(strategy, classNames).errors.push(problem)
  }
  const instance = 'consumer.override.group.instance.id'
  const id = config.get(instance) ?? null
  const tasks = config.get('tasks.max') ?? '1'
  if (id !== null && tasks.trim() !== '1' && !id.includes(TASK_PLACE)) {
    const problem = `Tasks of one group.instance.id put each other out of the group: for more than one it needs ${TASK_PLACE}, which becomes the number of the task`
    consumer.value(instance, id).errors.push(problem)
  }
}

/** What the connector overrides of the clients it will get, checked against the worker's policy. */
export function overrideSections(
  worker: WorkerConfig,
  plugins: Plugins,
  plugin: ConnectorPlugin,
  config: SubmittedConfig
): Section[] {
  const policy = overridePolicy(worker, plugins)
  return clientsOf(worker, plugin, config).map((client) => {
    const section = overrideSection(client, config, policy)
    if (plugin.type === 'sink' && client === 'consumer') checkMembers(section, config)
    return section
  })
}
