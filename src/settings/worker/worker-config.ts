import {
  type ConfigDef,
  type ConfigMap,
  configDef,
  type Parsed,
  parseConfig,
  withPrefix
} from '../../config/config-def.ts'
import { ConfigError } from '../../errors.ts'
import { isClientProperty } from '../clients/client-definitions.ts'
import type { Plugins } from '../../plugin/plugins.ts'
import { distributedKeys } from './distributed-keys.ts'
import { saslKeys } from '../clients/sasl-keys.ts'
import { tlsKeys } from '../clients/tls-keys.ts'
import { commonKeys } from './common-keys.ts'

const standaloneKeys = configDef({
  'offset.storage.file.filename': {
    type: 'string',
    importance: 'high',
    doc: 'File that source offsets are kept in.'
  }
})

/** Everything a worker of `--distributed` takes. */
export const distributedConfig = configDef({
  ...commonKeys,
  ...tlsKeys,
  ...saslKeys,
  ...distributedKeys
})

/** Everything a worker of `--standalone` takes. */
export const standaloneConfig = configDef({ ...commonKeys, ...tlsKeys, ...standaloneKeys })

type DistributedConfig = Parsed<typeof distributedConfig>
type StandaloneConfig = Parsed<typeof standaloneConfig>

/**
 * The kind of worker a file is for, where nothing else tells: only a worker by itself keeps offsets in a
 * file.
 */
export function workerKind(properties: ConfigMap): WorkerConfig['kind'] {
  return properties.has('offset.storage.file.filename') ? 'standalone' : 'distributed'
}

interface Common {
  /** The properties as given, `${…}` resolved. */
  readonly properties: ConfigMap
  /** What the operator should know: keys that are not known, settings without effect. For the log. */
  readonly warnings: readonly string[]
}
export interface DistributedWorkerConfig extends Common {
  readonly kind: 'distributed'
  readonly values: DistributedConfig
}
interface StandaloneWorkerConfig extends Common {
  readonly kind: 'standalone'
  readonly values: StandaloneConfig
}
export type WorkerConfig = DistributedWorkerConfig | StandaloneWorkerConfig

/**
 * Beginnings of keys that belong to something with settings of its own: clients, listeners, topics,
 * converters, providers.
 */
const FAMILIES = [
  'producer.',
  'consumer.',
  'admin.',
  'config.providers.',
  'listeners.https.',
  'admin.listeners.https.',
  'config.storage.',
  'offset.storage.',
  'status.storage.',
  'history.storage.',
  'key.converter.',
  'value.converter.',
  'header.converter.',
  'metrics.context.'
]

/** Settings of internal converters, which JVM workers no longer look at either. */
const RETIRED = /^internal\.(key|value)\.converter(\.|$)/

function warningsOf(definition: ConfigDef, properties: ConfigMap): string[] {
  const unknown: string[] = []
  const idle: string[] = []
  for (const key of properties.keys()) {
    const known = Object.hasOwn(definition, key) ? definition[key] : undefined
    if (known?.noEffect !== undefined || RETIRED.test(key)) idle.push(key)
    else if (
      known === undefined &&
      !isClientProperty(key) &&
      !FAMILIES.some((family) => key.startsWith(family))
    ) {
      unknown.push(key)
    }
  }
  const warnings: string[] = []
  if (unknown.length > 0) warnings.push(`Unknown settings, not used: ${unknown.join(', ')}`)
  if (idle.length > 0) {
    warnings.push(`Settings of a JVM worker that have no effect here: ${idle.join(', ')}`)
  }
  for (const kind of ['config', 'offset', 'status'] as const) {
    const ignored = forcedTopicSettings(kind).filter((name) =>
      properties.has(`${kind}.storage.${name}`)
    )
    for (const name of ignored) {
      warnings.push(
        `Ignoring ${kind}.storage.${name}: ${name === 'partitions' ? 'the topic must have exactly one partition' : 'the topic must be compacted'}`
      )
    }
  }
  return warnings
}

type TopicKind = 'config' | 'offset' | 'status'

function forcedTopicSettings(kind: TopicKind | 'history'): string[] {
  return kind === 'config' ? ['cleanup.policy', 'partitions'] : ['cleanup.policy']
}

/**
 * Typed values of worker properties whose `${…}` are resolved already. Throws one ConfigError that lists
 * every problem, a line each.
 */
export function parseWorkerConfig(
  kind: 'distributed',
  properties: ConfigMap
): DistributedWorkerConfig
export function parseWorkerConfig(kind: 'standalone', properties: ConfigMap): StandaloneWorkerConfig
export function parseWorkerConfig(kind: WorkerConfig['kind'], properties: ConfigMap): WorkerConfig
export function parseWorkerConfig(kind: WorkerConfig['kind'], properties: ConfigMap): WorkerConfig {
  if (kind === 'distributed') {
    const values = parseConfig(distributedConfig, properties)
    return { kind, values, properties, warnings: warningsOf(distributedConfig, properties) }
  }
  const values = parseConfig(standaloneConfig, properties)
  return { kind, values, properties, warnings: warningsOf(standaloneConfig, properties) }
}

/**
 * Throws ConfigError when the worker names converters that are not there; needs the plugins, which parsing
 * does not know.
 */
export function checkWorkerPlugins(config: WorkerConfig, plugins: Plugins): void {
  const problems: string[] = []
  const look = (key: string, name: string, type: 'converter' | 'header_converter'): void => {
    if (plugins.find(type, name) === null) {
      problems.push(
        `Invalid value ${name} for configuration ${key}: Class ${name} could not be found.`
      )
    }
  }
  look('key.converter', config.values['key.converter'], 'converter')
  look('value.converter', config.values['value.converter'], 'converter')
  look('header.converter', config.values['header.converter'], 'header_converter')
  if (problems.length > 0) throw new ConfigError(problems.join('\n'), { problems })
}

interface InternalTopic {
  readonly topic: string
  /** The worker property that names it. */
  readonly property: string
  /** -1: the default of the brokers. */
  readonly partitions: number
  readonly replicationFactor: number
  /**
   * Further settings for its creation (`config.storage.retention.ms` → `retention.ms`), without
   * `cleanup.policy`.
   */
  readonly settings: ReadonlyMap<string, string>
}

/** How one of the three internal topics is called and created. */
export function topicSettings(config: DistributedWorkerConfig, kind: TopicKind): InternalTopic {
  const settings = creationSettings(config, kind)
  return {
    topic: config.values[`${kind}.storage.topic`],
    property: `${kind}.storage.topic`,
    partitions: kind === 'config' ? 1 : config.values[`${kind}.storage.partitions`],
    replicationFactor: config.values[`${kind}.storage.replication.factor`],
    settings
  }
}

/** What stands behind its prefix, but for what has a setting of its own, or is not to be chosen. */
function creationSettings(
  { properties }: DistributedWorkerConfig,
  kind: TopicKind | 'history'
): Map<string, string> {
  const settings = withPrefix(properties, `${kind}.storage.`)
  const others = ['topic', 'replication.factor', 'partitions', 'file.filename']
  for (const name of [...others, ...forcedTopicSettings(kind)]) settings.delete(name)
  return settings
}

/** The topic of the history; null: none is kept. */
export function historyTopic(config: DistributedWorkerConfig): InternalTopic | null {
  const property = 'history.storage.topic'
  const topic = config.values[property]
  if (topic === null) return null
  const settings = creationSettings(config, 'history')
  const replicationFactor = config.values['history.storage.replication.factor']
  return { topic, property, partitions: 1, replicationFactor, settings }
}

/**
 * `exactly.once.source.support`: whether source tasks run exactly once, and whether the leader writes the
 * config topic in transactions.
 */
export function exactlyOnceSource(config: DistributedWorkerConfig): {
  readonly enabled: boolean
  readonly transactionalLeader: boolean
} {
  const support = config.values['exactly.once.source.support']
  return { enabled: support === 'enabled', transactionalLeader: support !== 'disabled' }
}
