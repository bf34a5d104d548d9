import {
  type Complaint,
  type ConfigDef,
  type ConfigMap,
  parseConfig,
  withPrefix
} from '../../config/config-def.ts'
import { javaFullMatch, javaRegex } from '../../config/java-regex.ts'
import { ConfigError } from '../../errors.ts'
import { sourceConnectorConfig } from './connector-config.ts'

/** One group of `topic.creation.*`: which topics it is for, and how they are made. */
export interface TopicCreationRule {
  readonly group: string
  matches(topic: string): boolean
  readonly partitions: number
  readonly replicationFactor: number
  readonly settings: ReadonlyMap<string, string>
}

const PREFIX = 'topic.creation.'
const DEFAULT_GROUP = 'default'

const factor = (value: number): string | null =>
  value === -1 || value > 0
    ? null
    : "Replication factor must be positive and not larger than the number of brokers in the Kafka cluster, or -1 to use the broker's default"
const count = (value: number): string | null =>
  value === -1 || value > 0
    ? null
    : "Number of partitions must be positive, or -1 to use the broker's default"

function patterns(value: readonly string[]): Complaint | null {
  for (const pattern of value) {
    try {
      javaRegex(pattern)
    } catch (error) {
      if (error instanceof ConfigError) return `Invalid regex: ${error.message}`
      throw error
    }
  }
  return null
}

interface Inherited {
  readonly partitions: number
  readonly replicationFactor: number
}

/** Keys of one group, with the default group's numbers as defaults; null: there are none to inherit. */
export function topicCreationConfig(group: string, inherited: Inherited | null): ConfigDef {
  const prefix = `${PREFIX}${group}.`
  return {
    [`${prefix}include`]: {
      type: 'list',
      default: [],
      importance: 'low',
      check: patterns,
      doc: 'Java regular expressions for the names of the topics of this group.'
    },
    [`${prefix}exclude`]: {
      type: 'list',
      default: [],
      importance: 'low',
      check: patterns,
      doc: 'Java regular expressions for the names of topics that are not of this group.'
    },
    [`${prefix}replication.factor`]: {
      type: 'short',
      ...(inherited === null ? {} : { default: inherited.replicationFactor }),
      importance: 'low',
      check: factor,
      doc: "Replication factor of these topics; -1: the brokers' default."
    },
    [`${prefix}partitions`]: {
      type: 'int',
      ...(inherited === null ? {} : { default: inherited.partitions }),
      importance: 'low',
      check: count,
      doc: "Number of partitions of these topics; -1: the brokers' default."
    }
  }
}

const OWN_KEYS = new Set(['include', 'exclude', 'replication.factor', 'partitions'])

function rule(config: ConfigMap, group: string, inherited: Inherited | null): TopicCreationRule {
  const prefix = `${PREFIX}${group}.`
  const values = parseConfig(topicCreationConfig(group, inherited), config) as Record<
    string,
    unknown
  >
  const matchers = (key: string) => (values[`${prefix}${key}`] as string[]).map(javaFullMatch)
  const include = matchers('include')
  const exclude = matchers('exclude')
  const settings = withPrefix(config, prefix)
  for (const key of OWN_KEYS) settings.delete(key)
  return {
    group,
    matches: (topic) =>
      inherited === null ||
      (include.some((matches) => matches(topic)) && !exclude.some((matches) => matches(topic))),
    partitions: values[`${prefix}partitions`] as number,
    replicationFactor: values[`${prefix}replication.factor`] as number,
    settings
  }
}

/**
 * The rules of `topic.creation.*` in the order they are asked: the named groups, then `default`, which every topic matches.
 * Null when the connector has no such keys. Throws ConfigError.
 */
export function topicCreationGroups(config: ConfigMap): readonly TopicCreationRule[] | null {
  if (![...config.keys()].some((key) => key.startsWith(PREFIX))) return null
  const { 'topic.creation.groups': names } = parseConfig(
    { 'topic.creation.groups': sourceConnectorConfig['topic.creation.groups'] },
    config
  )
  const fallback = rule(config, DEFAULT_GROUP, null)
  return [
    ...names.filter((name) => name !== DEFAULT_GROUP).map((name) => rule(config, name, fallback)),
    fallback
  ]
}
