import { type Complaint, configDef } from '../../config/config-def.ts'
import { parseListener } from './listeners.ts'
import { parseHeaderRules } from './response-headers.ts'
import { ConfigError } from '../../errors.ts'
import { errorHandlingKeys } from '../connector/error-handling-keys.ts'

/** The complaint of a parser that throws ConfigError, or null. */
function complaintOf(parse: () => unknown): Complaint | null {
  try {
    parse()
    return null
  } catch (error) {
    if (error instanceof ConfigError) return { sentence: error.message }
    throw error
  }
}

function listenerComplaint(listeners: readonly string[]): Complaint | null {
  for (const listener of listeners) {
    const complaint = complaintOf(() => parseListener(listener))
    if (complaint !== null) return complaint
  }
  return null
}

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

/** The REST server. */
const restKeys = configDef({
  listeners: {
    type: 'list',
    default: ['http://:8083'],
    importance: 'low',
    check: (value: readonly string[]) =>
      value.length === 0
        ? {
            sentence:
              'Invalid value for listeners, at least one URL is expected, ex: http://localhost:8080,https://localhost:8443.'
          }
        : listenerComplaint(value),
    doc: 'Addresses the REST server listens on, as protocol://host:port. No host means all interfaces. TLS settings stand behind `listeners.https.`, else the plain `ssl.` ones count.'
  },
  'admin.listeners': {
    type: 'list',
    default: null,
    distinct: true,
    importance: 'low',
    check: (value: readonly string[] | null) => listenerComplaint(value ?? []),
    doc: 'Addresses for the `/admin` resources alone. Not set: they are on `listeners`. Empty: there are none.'
  },
  'rest.advertised.host.name': {
    type: 'string',
    default: null,
    importance: 'low',
    doc: 'Host name other workers reach this one by.'
  },
  'rest.advertised.port': {
    type: 'int',
    default: null,
    importance: 'low',
    doc: 'Port other workers reach this one by.'
  },
  'rest.advertised.listener': {
    type: 'string',
    default: null,
    importance: 'low',
    doc: 'Protocol other workers reach this one by: `http` or `https`.'
  },
  'access.control.allow.origin': {
    type: 'string',
    default: '',
    importance: 'low',
    doc: 'Origins that browsers may call the REST interface from. Empty: only its own.'
  },
  'access.control.allow.methods': {
    type: 'string',
    default: '',
    importance: 'low',
    doc: 'Methods those origins may use. Empty: GET, POST and HEAD.'
  },
  'response.http.headers.config': {
    type: 'string',
    default: '',
    importance: 'low',
    check: (value: string) => complaintOf(() => parseHeaderRules(value)),
    doc: 'Headers for every REST answer: rules of the form `action name:value`, separated by commas, in double quotes where a rule has a comma. Actions: `set`, `add`, `setDate`, `addDate`.'
  },
  'rest.extension.classes': {
    type: 'list',
    default: [],
    distinct: true,
    importance: 'low',
    doc: 'Extensions of the REST interface. Known here: `org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension`.'
  },
  'rest.config.mask': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    doc: 'Hides passwords in the configurations REST returns. Off, they are returned as they were given, because Terraform and kcctl write them back.'
  },
  'rest.preview.enable': {
    type: 'boolean',
    default: true,
    importance: 'medium',
    doc: 'Answers POST /connector-plugins/{class}/preview, which shows rows of the database to whoever may call it. Off, it is answered with 403.'
  },
  'jdbc.oracle.client.lib.dir': {
    type: 'string',
    default: null,
    importance: 'low',
    doc: "Folder of Oracle's client, or `system` for the library path of the system. Connectors with connection.oracle.thick=true use it; unless it is set, they are refused, since loading a library is for the operator to allow."
  },
  'jdbc.blocked.properties': {
    type: 'list',
    default: [],
    importance: 'low',
    doc: 'Properties of JDBC drivers that no connector may use, in the URL or as connection.<name>, in whatever spelling. Which there are is in jdbc-driver-properties.md.'
  },
  'rest.metrics.enable': {
    type: 'boolean',
    default: false,
    importance: 'low',
    doc: 'Answers GET /metrics for Prometheus: what the tasks of this worker have done, and the facts of their streams. With admin.listeners it is there, as the loggers are.'
  },
  'ssl.client.auth': {
    type: 'string',
    default: 'none',
    oneOf: ['required', 'requested', 'none'],
    importance: 'low',
    doc: 'Whether HTTPS clients have to show a certificate.'
  }
})

/** Settings every worker has. */
export const commonKeys = configDef({ ...runtimeKeys, ...errorHandlingKeys, ...restKeys })
