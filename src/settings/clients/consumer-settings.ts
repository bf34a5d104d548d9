import { type ConfigMap, parseConfig } from '../../config/config-def.ts'
import { ConfigError } from '../../errors.ts'
import { consumerKeys, DURATION } from './consumer-keys.ts'

/** Names that members of a group give their ways to share partitions out, as the wire has them. */
export type AssignorName = 'range' | 'roundrobin' | 'sticky' | 'cooperative-sticky'

/** Where reading begins without a committed position; `beforeMs`: so many milliseconds ago. */
export type OffsetReset = 'earliest' | 'latest' | 'none' | { readonly beforeMs: number }

/** How a member of a consumer group behaves, read from Java client properties. Times are milliseconds. */
export interface ConsumingSettings {
  readonly groupId: string
  /** Null: a member like any other, whose place is given away when it leaves. */
  readonly groupInstanceId: string | null
  readonly reset: OffsetReset
  /** In order of preference. */
  readonly assignors: readonly AssignorName[]
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  /** Also how long the others wait for this member when the group shares out anew. */
  readonly maxPollIntervalMs: number
  readonly maxPollRecords: number
  readonly autoCreateTopics: boolean
  /** Whether a pattern leaves out topics that Kafka keeps for itself. */
  readonly excludeInternalTopics: boolean
  /** Empty: nearness does not matter. */
  readonly rack: string
}

const ASSIGNORS: ReadonlyMap<string, AssignorName> = new Map([
  ['org.apache.kafka.clients.consumer.RangeAssignor', 'range'],
  ['org.apache.kafka.clients.consumer.RoundRobinAssignor', 'roundrobin'],
  ['org.apache.kafka.clients.consumer.StickyAssignor', 'sticky'],
  ['org.apache.kafka.clients.consumer.CooperativeStickyAssignor', 'cooperative-sticky']
])

/**
 * Of properties that `connectionSettings` has checked; throws ConfigError for what is missing, unknown here
 * or only fits badly together.
 */
export function consumingSettings(properties: ConfigMap): ConsumingSettings {
  const { 'key.deserializer': _key, 'value.deserializer': _value, ...keys } = consumerKeys
  const values = parseConfig(keys, properties)
  const groupId = values['group.id'] ?? ''
  if (groupId === '') {
    throw new ConfigError('Invalid value for configuration group.id: a consumer needs a group')
  }
  const sessionTimeoutMs = values['session.timeout.ms']
  const heartbeatIntervalMs = values['heartbeat.interval.ms']
  if (heartbeatIntervalMs < 1 || heartbeatIntervalMs >= sessionTimeoutMs) {
    throw new ConfigError(
      `Invalid value ${heartbeatIntervalMs} for configuration heartbeat.interval.ms: it must be at least 1 and lower than session.timeout.ms, which is ${sessionTimeoutMs}`
    )
  }
  return {
    groupId,
    groupInstanceId: values['group.instance.id'],
    reset: offsetReset(values['auto.offset.reset']),
    assignors: assignors(values['partition.assignment.strategy']),
    sessionTimeoutMs,
    heartbeatIntervalMs,
    maxPollIntervalMs: values['max.poll.interval.ms'],
    maxPollRecords: values['max.poll.records'],
    autoCreateTopics: values['allow.auto.create.topics'],
    excludeInternalTopics: values['exclude.internal.topics'],
    rack: values['client.rack']
  }
}

function assignors(classNames: readonly string[]): AssignorName[] {
  const problem = assignorProblem(classNames)
  if (problem !== null) throw new ConfigError(problem)
  return classNames.flatMap((className) => assignorOf(className) ?? [])
}

/** Why a member cannot share partitions out by these classes; null: it can. */
export function assignorProblem(classNames: readonly string[]): string | null {
  const unknown = classNames.find((className) => assignorOf(className) === undefined)
  if (unknown !== undefined) {
    return `Invalid value ${unknown} for configuration partition.assignment.strategy: it must be one of ${[...ASSIGNORS.keys()].join(', ')}`
  }
  return classNames.length > 0
    ? null
    : 'Invalid value for configuration partition.assignment.strategy: it must name at least one class'
}

function assignorOf(className: string): AssignorName | undefined {
  // Kafka's own default writes the word in front.
  return ASSIGNORS.get(className.replace(/^class /, ''))
}

function offsetReset(value: string): OffsetReset {
  if (value === 'earliest' || value === 'latest' || value === 'none') return value
  return { beforeMs: durationMs(value.slice('by_duration:'.length)) }
}

/** Milliseconds of a text such as `P1DT2H30.5S`, cut to whole ones. */
function durationMs(text: string): number {
  const [, days = '0', hours = '0', minutes = '0', seconds = '0'] = DURATION.exec(text) ?? []
  const wholeMinutes = (Number(days) * 24 + Number(hours)) * 60 + Number(minutes)
  return wholeMinutes * 60_000 + Math.trunc(Number(seconds) * 1000)
}
