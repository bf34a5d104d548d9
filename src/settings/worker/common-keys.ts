import { configDef } from '../../config/config-def.ts'
import { autoRestartKeys } from '../connector/auto-restart-keys.ts'
import { errorHandlingKeys } from '../connector/error-handling-keys.ts'
import { sinkAssignmentKeys } from '../connector/sink-assignment-keys.ts'
import { restKeys } from './rest-keys.ts'

export const POLICY_KEY = 'connector.client.config.override.policy'

/** Kafka's policies by short name, or a class name: Kafka's, or one that a plugin brings. */
const POLICY = /^(?:All|None|Principal|Allowlist|[\w$]+(?:\.[\w$]+)+)$/

/** Where a worker finds Kafka, what it runs and how records look by default. */
const runtimeKeys = configDef({
  'bootstrap.servers': {
    type: 'list',
    distinct: true,
    nonEmpty: true,
    importance: 'high',
    doc: 'Brokers to ask first for the members of the Kafka cluster, as host:port.'
  },
  'client.dns.lookup': {
    type: 'string',
    default: 'use_all_dns_ips',
    oneOf: ['use_all_dns_ips', 'resolve_canonical_bootstrap_servers_only'],
    importance: 'medium',
    noEffect: true,
    doc: 'Node.js decides how host names are looked up: accepted, changes nothing here.'
  },
  'key.converter': {
    type: 'class',
    importance: 'high',
    doc: 'Turns record keys into bytes and back, for connectors that name no converter of their own. Keys behind `key.converter.` are its settings.'
  },
  'key.converter.plugin.version': {
    type: 'string',
    default: null,
    importance: 'low',
    doc: 'Version the key converter must have.'
  },
  'value.converter': {
    type: 'class',
    importance: 'high',
    doc: 'Turns record values into bytes and back, for connectors that name no converter of their own. Keys behind `value.converter.` are its settings.'
  },
  'value.converter.plugin.version': {
    type: 'string',
    default: null,
    importance: 'low',
    doc: 'Version the value converter must have.'
  },
  'header.converter': {
    type: 'class',
    default: 'org.apache.kafka.connect.storage.SimpleHeaderConverter',
    importance: 'low',
    doc: 'Turns record headers into bytes and back. Keys behind `header.converter.` are its settings.'
  },
  'header.converter.plugin.version': {
    type: 'string',
    default: null,
    importance: 'low',
    doc: 'Version the header converter must have.'
  },
  'task.shutdown.graceful.timeout.ms': {
    type: 'long',
    default: 5000,
    importance: 'low',
    doc: 'How long tasks may take to stop, all of them together. What has not stopped by then is abandoned without committing.'
  },
  'offset.flush.interval.ms': {
    type: 'long',
    default: 60_000,
    importance: 'low',
    doc: 'How often source tasks store their offsets.'
  },
  'offset.flush.timeout.ms': {
    type: 'long',
    default: 5000,
    importance: 'low',
    doc: 'How long storing offsets may take before it is given up and tried again at the next interval.'
  },
  'plugin.path': {
    type: 'list',
    default: null,
    distinct: true,
    nonEmpty: true,
    importance: 'low',
    doc: 'Where plugins are: npm packages, folders of them, or names of packages installed where the worker was started. Java plugins found there are not read. Broken ones are logged and left out.'
  },
  'plugin.discovery': {
    type: 'string',
    default: 'hybrid_warn',
    oneOfIgnoreCase: ['ONLY_SCAN', 'SERVICE_LOAD', 'HYBRID_WARN', 'HYBRID_FAIL'],
    importance: 'low',
    noEffect: true,
    doc: 'How a JVM worker looks for plugins: accepted, changes nothing here, where plugins are found by their `package.json`.'
  },
  'config.providers': {
    type: 'list',
    default: [],
    distinct: true,
    importance: 'low',
    doc: 'Names of config providers, which replace `${name:path:key}` in configurations. Each needs `config.providers.<name>.class` and may have `config.providers.<name>.param.*`: `allowed.paths` of files and folders, `allowlist.pattern` of environment variables, and of every one `ttl.ms`, after which its values are asked for again and what runs with other ones is restarted.'
  },
  [POLICY_KEY]: {
    type: 'string',
    default: 'All',
    check: (value: string) =>
      POLICY.test(value) ? null : 'known policies are All, None, Principal and Allowlist',
    importance: 'medium',
    doc: 'Which client settings a connector may override with `producer.override.`, `consumer.override.` and `admin.override.`: `All`, `None`, `Principal`, `Allowlist`, or the class of a plugin.'
  },
  'connector.client.config.override.allowlist': {
    type: 'list',
    default: [],
    importance: 'medium',
    doc: 'Client settings the policy `Allowlist` lets connectors override.'
  },
  'topic.creation.enable': {
    type: 'boolean',
    default: true,
    importance: 'low',
    doc: 'Whether topics of source connectors that have `topic.creation.` settings are created by the worker.'
  },
  'topic.tracking.enable': {
    type: 'boolean',
    default: true,
    importance: 'low',
    doc: 'Whether the topics each connector uses are recorded.'
  },
  'topic.tracking.allow.reset': {
    type: 'boolean',
    default: true,
    importance: 'low',
    doc: 'Whether the recorded topics of a connector may be reset over REST.'
  },
  'metrics.sample.window.ms': {
    type: 'long',
    default: 30_000,
    atLeast: 0,
    importance: 'low',
    noEffect: true,
    doc: 'Belongs to metrics of a JVM: accepted, changes nothing here.'
  },
  'metrics.num.samples': {
    type: 'int',
    default: 2,
    atLeast: 1,
    importance: 'low',
    noEffect: true,
    doc: 'Belongs to metrics of a JVM: accepted, changes nothing here.'
  },
  'metrics.recording.level': {
    type: 'string',
    default: 'INFO',
    oneOf: ['INFO', 'DEBUG'],
    importance: 'low',
    noEffect: true,
    doc: 'Belongs to metrics of a JVM: accepted, changes nothing here.'
  },
  'metric.reporters': {
    type: 'list',
    default: ['org.apache.kafka.common.metrics.JmxReporter'],
    distinct: true,
    importance: 'low',
    noEffect: true,
    doc: 'Java classes: accepted, changes nothing here.'
  }
})

/** Settings every worker has. */
export const commonKeys = configDef({
  ...runtimeKeys,
  ...errorHandlingKeys,
  ...sinkAssignmentKeys,
  ...autoRestartKeys,
  ...restKeys
})
