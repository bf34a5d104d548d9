import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { keyInfos } from '../../../src/config/config-infos.ts'
import type { ConfigDef } from '../../../src/config/config-def.ts'
import { ConfigError } from '../../../src/errors.ts'
import { autoRestartKeys } from '../../../src/settings/connector/auto-restart-keys.ts'
import { BASIC_AUTH_EXTENSION, listenerTls } from '../../../src/settings/worker/rest-keys.ts'
import {
  distributedConfig,
  parseWorkerConfig,
  standaloneConfig,
  topicSettings
} from '../../../src/settings/worker/worker-config.ts'

const required: Record<string, string> = {
  'bootstrap.servers': 'kafka:9092',
  'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'group.id': 'connect-cluster',
  'config.storage.topic': 'connect-configs',
  'offset.storage.topic': 'connect-offsets',
  'status.storage.topic': 'connect-status'
}

function distributed(settings: Record<string, string> = {}) {
  return parseWorkerConfig('distributed', new Map(Object.entries({ ...required, ...settings })))
}

function complaint(settings: Record<string, string>): string {
  try {
    distributed(settings)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.message
  }
  return ''
}

const invalid = (key: string, value: string, problem: string): [string, string, string] => [
  key,
  value,
  `Invalid value ${value.trim()} for configuration ${key}: ${problem}`
]
const FACTOR =
  "Replication factor must be positive and not larger than the number of brokers in the Kafka cluster, or -1 to use the broker's default"
const PARTITIONS = "Number of partitions must be positive, or -1 to use the broker's default"
const EMPTY = (key: string): string =>
  `Configuration '${key}' must not be empty. Valid values include: any non-empty value`

/** Key, bad value, and the complaint: a JVM worker's, where it has the rule. */
const refused: [string, string, string][] = [
  ...['inter.worker.key.generation.algorithm', 'inter.worker.signature.algorithm'].map((key) =>
    invalid(
      key,
      'HmacFoo',
      'the algorithm is not supported by this worker; the supported algorithms are: [HmacMD5, HmacSHA1, HmacSHA224, HmacSHA256, HmacSHA384, HmacSHA512, HmacSHA512/224, HmacSHA512/256, HmacSHA3-224, HmacSHA3-256, HmacSHA3-384, HmacSHA3-512]'
    )
  ),
  [
    'rest.extension.classes',
    `${BASIC_AUTH_EXTENSION}, a.B`,
    `Invalid value a.B for configuration rest.extension.classes: only ${BASIC_AUTH_EXTENSION} exists here`
  ],
  [
    'response.http.headers.config',
    'setDate Expires:tomorrow',
    'Invalid value tomorrow for header Expires in response.http.headers.config: setDate needs a number of milliseconds'
  ],
  ['bootstrap.servers', '', EMPTY('bootstrap.servers')],
  ['bootstrap.servers', 'a:1,,b:2', "Configuration 'bootstrap.servers' values must not be empty."],
  ['plugin.path', '', EMPTY('plugin.path')],
  ...['listeners', 'admin.listeners'].flatMap((key): [string, string, string][] => [
    [key, 'foo', "Listener doesn't have the right format (protocol://hostname:port)."],
    [key, 'http://:1,ftp://:2', 'Listener protocol must be either "http" or "https".'],
    [key, 'http://h:99999', 'Listener port out of range: 99999'],
    [key, 'http://h:-1', 'Listener port out of range: -1']
  ]),
  [
    'listeners',
    '',
    'Invalid value for listeners, at least one URL is expected, ex: http://localhost:8080,https://localhost:8443.'
  ],
  [
    'response.http.headers.config',
    'foo',
    "Invalid format of header config 'foo'. Expected: '[action] [header name]:[header value]'"
  ],
  [
    'response.http.headers.config',
    'foo a:b',
    "Invalid header config action: 'foo'. Expected one of [set, add, setDate, addDate]"
  ],
  [
    'response.http.headers.config',
    'set a:b:c',
    "Invalid format of header name and header value pair 'a:b:c'. Expected: '[header name]:[header value]'"
  ],
  [
    'response.http.headers.config',
    'set a b:c',
    "Invalid header name 'a b'. The '[header name]' cannot contain whitespace"
  ],
  [
    'response.http.headers.config',
    'set :b',
    "Invalid header name ''. The '[header name]' cannot contain whitespace"
  ],
  invalid('ssl.client.auth', 'REQUIRED', 'String must be one of: required, requested, none'),
  invalid(
    'plugin.discovery',
    'x',
    'String must be one of (case insensitive): ONLY_SCAN, SERVICE_LOAD, HYBRID_WARN, HYBRID_FAIL'
  ),
  invalid(
    'client.dns.lookup',
    'x',
    'String must be one of: use_all_dns_ips, resolve_canonical_bootstrap_servers_only'
  ),
  invalid('metrics.sample.window.ms', '-1', 'Value must be at least 0'),
  invalid('metrics.num.samples', '0', 'Value must be at least 1'),
  invalid('errors.retry.exhausted', 'drop', 'String must be one of: skip, fail'),
  invalid('sink.assignment', 'even', 'String must be one of: jvm, spread'),
  [
    'auto.restart.on',
    'sometimes',
    'Invalid value [sometimes] for configuration auto.restart.on: String must be one of: passing, data, configuration, other'
  ],
  invalid('metrics.recording.level', 'info', 'String must be one of: INFO, DEBUG'),
  ...['offset.flush.interval.ms', 'offset.flush.timeout.ms', 'task.shutdown.graceful.timeout.ms']
    .flatMap((key) => ['x', '', '5L', '1.5', '9223372036854775808'].map((value) => [key, value]))
    .map(([key = '', value = '']) => invalid(key, value, 'Not a number of type LONG')),
  ...[
    'topic.creation.enable',
    'topic.tracking.enable',
    'topic.tracking.allow.reset',
    'rest.config.mask',
    'rest.metrics.enable'
  ].map((key) => invalid(key, 'yes', 'Expected value to be either true or false')),
  ...['config', 'offset', 'status'].flatMap((kind) => [
    invalid(`${kind}.storage.replication.factor`, '0', FACTOR),
    invalid(`${kind}.storage.replication.factor`, '-2', FACTOR),
    invalid(`${kind}.storage.replication.factor`, '40000', 'Not a number of type SHORT')
  ]),
  invalid('offset.storage.partitions', '0', PARTITIONS),
  invalid('status.storage.partitions', '-2', PARTITIONS),
  invalid(
    'exactly.once.source.support',
    'x',
    'String must be one of (case insensitive): DISABLED, ENABLED, PREPARING'
  ),
  invalid('connect.protocol', '', 'Invalid Connect protocol compatibility'),
  invalid('scheduled.rebalance.max.delay.ms', '-1', 'Value must be at least 0'),
  invalid('inter.worker.key.ttl.ms', '99999999999', 'Not a number of type INT'),
  [
    'inter.worker.key.size',
    '1',
    'Unable to create key generator with algorithm HmacSHA256 and key size 1: Key length must be at least 40 bits'
  ],
  invalid(
    'inter.worker.signature.algorithm',
    'HmacSHA512',
    'Signature algorithm must be present in inter.worker.verification.algorithms list'
  ),
  [
    'inter.worker.verification.algorithms',
    '',
    'Invalid value [] for configuration inter.worker.verification.algorithms: At least one signature verification algorithm must be provided'
  ],
  ...[
    'session.timeout.ms',
    'rebalance.timeout.ms',
    'heartbeat.interval.ms',
    'worker.sync.timeout.ms',
    'worker.unsync.backoff.ms',
    'rest.advertised.port'
  ].map((key) => invalid(key, 'x', 'Not a number of type INT')),
  ...['send.buffer.bytes', 'receive.buffer.bytes'].map((key) =>
    invalid(key, '-2', 'Value must be at least -1')
  ),
  ...[
    'request.timeout.ms',
    'reconnect.backoff.ms',
    'reconnect.backoff.max.ms',
    'retry.backoff.ms',
    'retry.backoff.max.ms',
    'metadata.max.age.ms',
    'socket.connection.setup.timeout.ms',
    'socket.connection.setup.timeout.max.ms',
    'metadata.recovery.rebootstrap.trigger.ms'
  ].map((key) => invalid(key, '-1', 'Value must be at least 0')),
  invalid('connections.max.idle.ms', '', 'Not a number of type LONG'),
  invalid(
    'metadata.recovery.strategy',
    'x',
    'String must be one of (case insensitive): REBOOTSTRAP, NONE'
  ),
  invalid(
    'security.protocol',
    'x',
    'String must be one of (case insensitive): SASL_SSL, PLAINTEXT, SSL, SASL_PLAINTEXT'
  ),
  invalid(
    'connector.client.config.override.policy',
    'Nope',
    'known policies are All, None, Principal and Allowlist'
  ),
  invalid('sasl.login.refresh.window.factor', '0.4', 'Value must be at least 0.5'),
  invalid('sasl.login.refresh.buffer.seconds', '3601', 'Value must be no more than 3600'),
  invalid('sasl.kerberos.ticket.renew.jitter', 'x', 'Not a number of type DOUBLE')
]

function golden(
  name: string
): { name: string; type: string; default: string | null; importance: string }[] {
  return JSON.parse(
    readFileSync(new URL(`../../compat/golden/worker-config/${name}.json`, import.meta.url), 'utf8')
  ) as ReturnType<typeof golden>
}

/** Keys that a JVM worker does not have. */
const own = [
  'rest.basic.auth.file',
  'rest.config.mask',
  'rest.metrics.enable',
  'connector.client.config.override.allowlist',
  'errors.retry.exhausted',
  'sink.assignment',
  ...Object.keys(autoRestartKeys),
  'history.storage.topic',
  'history.storage.replication.factor',
  'rest.proxy.user.header',
  'rest.proxy.addresses',
  'rest.certificate.accounts',
  'rest.roles.file',
  'jdbc.blocked.properties',
  'jdbc.oracle.client.lib.dir',
  'rest.preview.enable'
]

describe('worker config', () => {
  for (const [name, definition] of [
    ['distributed', distributedConfig],
    ['standalone', standaloneConfig]
  ] as [string, ConfigDef][]) {
    it(`has the keys, types, defaults and importance of a JVM worker (${name})`, () => {
      const theirs = golden(name)
      const ours = keyInfos(definition).filter((key) => !own.includes(key.name))
      assert.deepEqual(ours.map((key) => key.name).sort(), theirs.map((key) => key.name).sort())
      for (const key of theirs) {
        const mine = ours.find((candidate) => candidate.name === key.name)
        assert.deepEqual(
          { type: mine?.type, required: mine?.required, importance: mine?.importance },
          { type: key.type, required: key.default === '<required>', importance: key.importance },
          key.name
        )
        if (key.default === '<required>') continue
        const text =
          key.type === 'LIST'
            ? (key.default?.replace(/^\[|\]$/g, '').replaceAll(', ', ',') ?? null)
            : key.default
        assert.equal(mine?.default_value, text, key.name)
      }
    })
  }

  it('fills in the defaults', () => {
    const { values, warnings } = distributed()
    assert.equal(values['offset.flush.interval.ms'], 60_000)
    assert.equal(values['rest.config.mask'], false)
    assert.deepEqual(values.listeners, [{ protocol: 'http', host: '', port: 8083 }])
    assert.equal(values['admin.listeners'], null)
    assert.deepEqual(warnings, [])
  })

  for (const [key, value, message] of refused) {
    it(`refuses ${key}=${value}`, () => {
      assert.equal(complaint({ [key]: value }), message)
    })
  }

  for (const kind of ['config', 'offset', 'status']) {
    it(`refuses an empty ${kind}.storage.topic, which a JVM worker refuses only once it runs`, () => {
      const key = `${kind}.storage.topic`
      assert.match(complaint({ [key]: ' ' }) ?? '', new RegExp(`${key}: String must be non-empty`))
    })
  }

  for (const [key, value] of [
    ['offset.flush.interval.ms', ' +5 '],
    ['offset.flush.interval.ms', '٣'],
    ['topic.creation.enable', 'TRUE'],
    ['connect.protocol', 'Eager'],
    ['exactly.once.source.support', 'ENABLED'],
    ['security.protocol', 'ssl'],
    ['bootstrap.servers', 'a:1,a:1'],
    ['listeners', 'HTTP://[::1]:8083,https://:0'],
    ['admin.listeners', ''],
    ['response.http.headers.config', '"set a:b, c", ADD X-Frame: DENY'],
    ['inter.worker.verification.algorithms', 'HmacSHA512,HmacSHA256'],
    ['config.storage.replication.factor', '-1'],
    ['group.id', '']
  ] as const) {
    it(`takes ${key}=${value}`, () => {
      assert.equal(complaint({ [key]: value }), '')
    })
  }

  it('reports everything that is wrong at once', () => {
    assert.throws(
      () =>
        parseWorkerConfig(
          'distributed',
          new Map([
            ['session.timeout.ms', 'soon'],
            ['listeners', 'ftp://:1']
          ])
        ),
      (error) => {
        assert.ok(error instanceof ConfigError)
        assert.deepEqual(error.message.split('\n').sort(), [
          'Invalid value soon for configuration session.timeout.ms: Not a number of type INT',
          'Listener protocol must be either "http" or "https".',
          ...Object.keys(required)
            .sort()
            .map((key) => `Missing required configuration "${key}" which has no default value.`)
        ])
        return true
      }
    )
  })

  it('I7: a password that cannot be used is not shown', () => {
    const { values } = distributed({ 'ssl.keystore.password': 'hunter2' })
    assert.equal(`${values['ssl.keystore.password']}`, '[hidden]')
    assert.equal(values['ssl.keystore.password']?.value, 'hunter2')
  })

  it('tells about settings that nobody knows, and about those without effect here', () => {
    const { warnings } = distributed({
      'plugin.path': '/usr/share/java',
      'metric.reporters': 'x.Y',
      'session.timeout': '1',
      'default.api.timeout.ms': '60000',
      'internal.key.converter': 'x',
      'producer.linger.ms': '5',
      'config.providers.file.class': 'x',
      'listeners.https.ssl.keystore.location': '/x',
      'config.storage.retention.ms': '1',
      'value.converter.schemas.enable': 'false',
      'rest.extension.classes': BASIC_AUTH_EXTENSION,
      'config.storage.cleanup.policy': 'delete',
      'config.storage.partitions': '3'
    })
    assert.deepEqual(warnings, [
      'Unknown settings, not used: session.timeout',
      'Settings of a JVM worker that have no effect here: metric.reporters, internal.key.converter',
      'Ignoring config.storage.cleanup.policy: the topic must be compacted',
      'Ignoring config.storage.partitions: the topic must have exactly one partition'
    ])
  })

  it('tells about a setting of TLS, of a login or of REST whose name is misspelt', () => {
    const { warnings } = distributed({
      'ssl.trustore.location': '/x',
      'sasl.mechanisms': 'PLAIN',
      'rest.confg.mask': 'true',
      'sasl.mechanism': 'PLAIN',
      'ssl.truststore.location': '/x'
    })
    assert.deepEqual(warnings, [
      'Unknown settings, not used: ssl.trustore.location, sasl.mechanisms, rest.confg.mask'
    ])
    const standalone = parseWorkerConfig(
      'standalone',
      new Map(
        Object.entries({
          ...required,
          'offset.storage.file.filename': '/x',
          'sasl.mechanism': 'PLAIN',
          'ssl.trustore.location': '/x'
        })
      )
    )
    assert.match(standalone.warnings[0] ?? '', /ssl\.trustore\.location/)
    assert.doesNotMatch(standalone.warnings[0] ?? '', /sasl\.mechanism/)
  })

  it('does not miss a setting called like a property of every object', () => {
    const { warnings } = distributed({ ['__proto__']: 'x', constructor: 'y' })
    assert.deepEqual(warnings, ['Unknown settings, not used: __proto__, constructor'])
  })

  it('knows how the internal topics are created', () => {
    const config = distributed({
      'config.storage.retention.ms': '5',
      'config.storage.cleanup.policy': 'delete',
      'offset.storage.partitions': '7',
      'offset.storage.replication.factor': '1',
      'offset.storage.min.insync.replicas': '1'
    })
    assert.deepEqual(topicSettings(config, 'config'), {
      topic: 'connect-configs',
      property: 'config.storage.topic',
      partitions: 1,
      replicationFactor: 3,
      settings: new Map([['retention.ms', '5']])
    })
    assert.deepEqual(topicSettings(config, 'offset'), {
      topic: 'connect-offsets',
      property: 'offset.storage.topic',
      partitions: 7,
      replicationFactor: 1,
      settings: new Map([['min.insync.replicas', '1']])
    })
    assert.equal(topicSettings(config, 'status').partitions, 5)
  })

  it('tells main listeners from admin listeners', () => {
    const { values } = distributed({ listeners: 'http://a:1,HTTPS://[::1]:2' })
    assert.deepEqual(values.listeners, [
      { protocol: 'http', host: 'a', port: 1 },
      { protocol: 'https', host: '::1', port: 2 }
    ])
    const admin = (text: string) =>
      distributed({ 'admin.listeners': text }).values['admin.listeners']
    assert.equal(values['admin.listeners'], null)
    assert.deepEqual(admin(''), [])
    assert.deepEqual(admin('http://:9'), [{ protocol: 'http', host: '', port: 9 }])
  })

  it('takes TLS settings of listeners from behind the prefix, all or nothing', () => {
    const config = distributed({
      'ssl.keystore.location': '/plain',
      'ssl.truststore.location': '/trust',
      'listeners.https.ssl.keystore.location': '/own'
    })
    const stores = (of: 'main' | 'admin') => {
      const tls = listenerTls(config, of)
      return [tls['ssl.keystore.location'], tls['ssl.truststore.location']]
    }
    assert.deepEqual(stores('main'), ['/own', null])
    assert.deepEqual(stores('admin'), ['/plain', '/trust'])
    assert.throws(
      () => listenerTls(distributed({ 'listeners.https.ssl.client.auth': 'x' }), 'main'),
      {
        message:
          'Invalid value x for configuration ssl.client.auth: String must be one of: required, requested, none'
      }
    )
  })
})
