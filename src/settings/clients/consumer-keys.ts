import { configDef } from '../../config/config-def.ts'
import { PASSED_ON } from './client-keys.ts'
import {
  alike,
  BYTES_ONLY,
  idle,
  IDLE_CONNECTION,
  JAVA_CLASS,
  NO_METRICS,
  OPERATING_SYSTEM
} from './no-effect.ts'

/** `java.time.Duration`'s text, as `by_duration:P1DT2H` has it: days, hours, minutes, seconds. */
export const DURATION =
  /^P(?=[^T]|T.)(?:([+-]?\d+)D)?(?:T(?=.)(?:([+-]?\d+)H)?(?:([+-]?\d+)M)?(?:([+-]?\d+(?:\.\d{0,9})?)S)?)?$/i

function resetProblem(value: string): string | null {
  const [, duration] = /^by_duration:(.*)$/.exec(value) ?? []
  if (['earliest', 'latest', 'none'].includes(value) || DURATION.test(duration ?? '')) return null
  return `Invalid value \`${value}\` for configuration auto.offset.reset. The value must be either 'earliest', 'latest', 'none' or of the format 'by_duration:<PnDTnHnMn.nS.>'.`
}

/** Of a share consumer's keys; only the acquire mode is compared without case. */
function oneOfTwo(
  name: string,
  one: string,
  other: string,
  read = (value: string): string => value
): (value: string) => string | null {
  return (value) =>
    [one, other].includes(read(value))
      ? null
      : `Invalid value \`${value}\` for configuration ${name}. The value must either be '${one}' or '${other}'.`
}

const OWN_COMMITS = 'a sink commits offsets when its records are written'
const SHARE_GROUP = idle('it belongs to share groups')

/** Keys of the group that consumers of sinks join; the worker's other readers have none. */
const groupKeys = configDef(
  alike(PASSED_ON, {
    'allow.auto.create.topics': { type: 'boolean', default: true, importance: 'medium' },
    'auto.commit.interval.ms': {
      type: 'int',
      default: 5000,
      atLeast: 0,
      importance: 'low',
      ...idle(OWN_COMMITS)
    },
    'auto.offset.reset': {
      type: 'string',
      default: 'latest',
      check: resetProblem,
      importance: 'medium'
    },
    'client.rack': { type: 'string', default: '', importance: 'low' },
    'enable.auto.commit': {
      type: 'boolean',
      default: true,
      importance: 'medium',
      ...idle(OWN_COMMITS, 'false')
    },
    'exclude.internal.topics': { type: 'boolean', default: true, importance: 'medium' },
    'group.id': { type: 'string', default: null, importance: 'high' },
    'group.instance.id': {
      type: 'string',
      default: null,
      nonEmpty: true,
      importance: 'medium'
    },
    'group.protocol': {
      type: 'string',
      default: 'classic',
      oneOfIgnoreCase: ['CONSUMER', 'CLASSIC'],
      importance: 'high',
      ...idle('members speak the classic protocol, also in a group of the other one', 'classic')
    },
    'group.remote.assignor': {
      type: 'string',
      default: null,
      importance: 'medium',
      ...idle('members assign by the classic protocol')
    },
    'heartbeat.interval.ms': { type: 'int', default: 3000, importance: 'high' },
    'internal.throw.on.fetch.stable.offset.unsupported': {
      type: 'boolean',
      default: false,
      importance: 'low',
      ...idle('positions are stable ones wherever the broker can tell them', 'true')
    },
    'max.poll.interval.ms': { type: 'int', default: 300_000, atLeast: 1, importance: 'medium' },
    'max.poll.records': { type: 'int', default: 500, atLeast: 1, importance: 'medium' },
    'partition.assignment.strategy': {
      type: 'list',
      default: [
        'class org.apache.kafka.clients.consumer.RangeAssignor',
        'class org.apache.kafka.clients.consumer.CooperativeStickyAssignor'
      ],
      distinct: true,
      importance: 'medium'
    },
    'session.timeout.ms': { type: 'int', default: 45_000, importance: 'high' },
    'share.acknowledgement.mode': {
      type: 'string',
      default: 'implicit',
      check: oneOfTwo('share.acknowledgement.mode', 'implicit', 'explicit'),
      importance: 'medium',
      ...SHARE_GROUP
    },
    'share.acquire.mode': {
      type: 'string',
      default: 'BATCH_OPTIMIZED',
      check: oneOfTwo('share.acquire.mode', 'batch_optimized', 'record_limit', (value) =>
        value.toLowerCase()
      ),
      importance: 'medium',
      ...SHARE_GROUP
    }
  })
)

/** Keys of consumers beside those of every client. */
export const consumerKeys = configDef({
  ...groupKeys,
  ...alike(PASSED_ON, {
    'bootstrap.servers': { type: 'list', distinct: true, nonEmpty: true, importance: 'high' },
    'check.crcs': { type: 'boolean', default: true, importance: 'low' },
    'client.id': { type: 'string', default: '', importance: 'low' },
    'connections.max.idle.ms': {
      type: 'long',
      default: 540_000,
      importance: 'medium',
      ...IDLE_CONNECTION
    },
    'default.api.timeout.ms': { type: 'int', default: 60_000, atLeast: 0, importance: 'medium' },
    'enable.metrics.push': { type: 'boolean', default: true, importance: 'low', ...NO_METRICS },
    'fetch.max.bytes': { type: 'int', default: 52_428_800, atLeast: 0, importance: 'medium' },
    'fetch.max.wait.ms': { type: 'int', default: 500, atLeast: 0, importance: 'low' },
    'fetch.min.bytes': { type: 'int', default: 1, atLeast: 0, importance: 'high' },
    'interceptor.classes': {
      type: 'list',
      default: [],
      distinct: true,
      importance: 'low',
      ...JAVA_CLASS
    },
    'isolation.level': {
      type: 'string',
      default: 'read_uncommitted',
      oneOf: ['read_committed', 'read_uncommitted'],
      importance: 'medium'
    },
    'key.deserializer': { type: 'class', importance: 'high', ...BYTES_ONLY },
    'max.partition.fetch.bytes': {
      type: 'int',
      default: 1_048_576,
      atLeast: 0,
      importance: 'high'
    },
    'receive.buffer.bytes': {
      type: 'int',
      default: 65_536,
      atLeast: -1,
      importance: 'medium',
      ...OPERATING_SYSTEM
    },
    'value.deserializer': { type: 'class', importance: 'high', ...BYTES_ONLY }
  })
})
