import { partitionsProblem, replicationFactorProblem } from '../clients/topic-numbers.ts'
import { type ConfigDef, type ConfigMap, parseConfig, withPrefix } from '../../config/config-def.ts'
import { javaFullMatch } from '../../config/java-regex.ts'
import { regexProblem, sourceConnectorConfig } from './connector-config.ts'

/** One group of `topic.creation.*`: which topics it is for, and how they are made. */
export interface TopicCreationRule {
  readonly group: string
  /** Java regular expressions for whole names; null: every topic. */
  readonly topics: {
    readonly include: readonly string[]
    readonly exclude: readonly string[]
  } | null
  readonly partitions: number
  readonly replicationFactor: number
  readonly settings: ReadonlyMap<string, string>
}

const PREFIX = 'topic.creation.'
const DEFAULT_GROUP = 'default'

function patterns(value: readonly string[]): string | null {
  return value.map(regexProblem).find((problem) => problem !== null) ?? null
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
      check: replicationFactorProblem,
      doc: "Replication factor of these topics; -1: the brokers' default."
    },
    [`${prefix}partitions`]: {
      type: 'int',
      ...(inherited === null ? {} : { default: inherited.partitions }),
      importance: 'low',
      check: partitionsProblem,
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
  const patternsOf = (key: string) => values[`${prefix}${key}`] as string[]
  const settings = withPrefix(config, prefix)
  for (const key of OWN_KEYS) settings.delete(key)
  return {
    group,
    topics:
      inherited === null
        ? null
        : { include: patternsOf('include'), exclude: patternsOf('exclude') },
    partitions: values[`${prefix}partitions`] as number,
    replicationFactor: values[`${prefix}replication.factor`] as number,
    settings
  }
}

/** Whether a topic is of a rule's group. */
export function topicMatcher({ topics }: TopicCreationRule): (topic: string) => boolean {
  if (topics === null) return () => true
  const [include, exclude] = [topics.include.map(javaFullMatch), topics.exclude.map(javaFullMatch)]
  return (topic) =>
    include.some((matches) => matches(topic)) && !exclude.some((matches) => matches(topic))
}

/**
 * The rules of `topic.creation.*` in the order they are asked: the named groups, then `default`, which every
 * topic matches. Null when the connector has no such keys. Throws ConfigError.
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
