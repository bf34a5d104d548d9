import type { ConfigMap } from '../../config/config-def.ts'

/*
 * Every property of Kafka's Java clients (4.3.1): where it acts, or why it changes nothing. A test compares the names with those of the
 * Java classes, docs/config/kafka-clients.md is written from here, and what is set without effect is told in the log.
 */

export const clientKinds = ['producer', 'consumer', 'admin'] as const
export type ClientKind = (typeof clientKinds)[number]

interface NoEffect {
  readonly reason: string
  /** Whether a value asks for what is done anyway. */
  readonly asDone?: (value: string) => boolean
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/)
const values =
  (...same: string[]) =>
  (value: string): boolean =>
    same.includes(value)

const EVERYWHERE = words(`
  bootstrap.servers request.timeout.ms retry.backoff.ms retry.backoff.max.ms socket.connection.setup.timeout.ms
  security.protocol sasl.mechanism sasl.jaas.config sasl.login.connect.timeout.ms sasl.login.read.timeout.ms
  sasl.login.retry.backoff.ms sasl.oauthbearer.client.credentials.client.id sasl.oauthbearer.client.credentials.client.secret
  sasl.oauthbearer.scope sasl.oauthbearer.token.endpoint.url
  ssl.cipher.suites ssl.enabled.protocols ssl.endpoint.identification.algorithm ssl.key.password ssl.keystore.certificate.chain
  ssl.keystore.key ssl.keystore.location ssl.keystore.password ssl.keystore.type ssl.protocol
  ssl.truststore.certificates ssl.truststore.location ssl.truststore.password ssl.truststore.type`)

/** Properties that act as in Java. */
const acting: Readonly<Record<ClientKind, ReadonlySet<string>>> = {
  producer: new Set([
    ...EVERYWHERE,
    ...words(`
      client.id buffer.memory compression.gzip.level compression.type compression.zstd.level delivery.timeout.ms enable.idempotence
      max.block.ms max.in.flight.requests.per.connection max.request.size metadata.max.age.ms partitioner.ignore.keys
      transaction.timeout.ms`)
  ]),
  consumer: new Set([
    ...EVERYWHERE,
    ...words(`
      default.api.timeout.ms fetch.max.bytes fetch.max.wait.ms fetch.min.bytes isolation.level max.partition.fetch.bytes
      metadata.max.age.ms`)
  ]),
  admin: new Set([...EVERYWHERE, 'client.id', 'default.api.timeout.ms'])
}

const javaOnly: NoEffect = { reason: 'it names a Java class', asDone: values('') }
const noMetrics: NoEffect = { reason: 'client metrics are not collected' }
const operatingSystem: NoEffect = { reason: 'the operating system sizes socket buffers' }
const nodeTls: NoEffect = { reason: 'TLS is done by Node' }
const noKerberos: NoEffect = { reason: 'Kerberos is not supported' }
const tokenLife: NoEffect = { reason: 'a token is replaced when 80 % of its life have passed' }
const byCredentials: NoEffect = { reason: 'tokens come by client credentials only' }
const brokersCheck: NoEffect = { reason: 'tokens are checked by the brokers' }
const inTurn: NoEffect = { reason: 'partitions for records without key are taken in turn' }
const noGroup: NoEffect = {
  reason:
    "consumers of source connectors read the topic of the connector's offsets, without a group"
}
const bytesOnly: NoEffect = { reason: 'converters make the bytes' }

const SMALLEST_BATCH = 524_288
const ROUND_ROBIN = 'org.apache.kafka.clients.producer.RoundRobinPartitioner'

function each(names: string, why: NoEffect): Record<string, NoEffect> {
  return Object.fromEntries(words(names).map((name) => [name, why]))
}

/** Of every kind of client, unless it acts in that one. */
const idle: Readonly<Record<string, NoEffect>> = {
  ...each(
    `interceptor.classes metric.reporters security.providers ssl.engine.factory.class sasl.client.callback.handler.class
     sasl.login.callback.handler.class sasl.login.class sasl.oauthbearer.jwt.retriever.class sasl.oauthbearer.jwt.validator.class`,
    javaOnly
  ),
  ...each(
    'metrics.num.samples metrics.sample.window.ms metrics.recording.level enable.metrics.push',
    noMetrics
  ),
  ...each('send.buffer.bytes receive.buffer.bytes', operatingSystem),
  ...each(
    'ssl.provider ssl.keymanager.algorithm ssl.trustmanager.algorithm ssl.secure.random.implementation',
    nodeTls
  ),
  ...each(
    `sasl.kerberos.kinit.cmd sasl.kerberos.min.time.before.relogin sasl.kerberos.service.name
     sasl.kerberos.ticket.renew.jitter sasl.kerberos.ticket.renew.window.factor`,
    noKerberos
  ),
  ...each(
    `sasl.login.refresh.buffer.seconds sasl.login.refresh.min.period.seconds sasl.login.refresh.window.factor
     sasl.login.refresh.window.jitter`,
    tokenLife
  ),
  'sasl.login.retry.backoff.max.ms': { reason: 'a token is asked for three times at most' },
  ...each(
    `sasl.oauthbearer.assertion.algorithm sasl.oauthbearer.assertion.claim.aud sasl.oauthbearer.assertion.claim.exp.seconds
     sasl.oauthbearer.assertion.claim.iss sasl.oauthbearer.assertion.claim.jti.include
     sasl.oauthbearer.assertion.claim.nbf.seconds sasl.oauthbearer.assertion.claim.sub sasl.oauthbearer.assertion.file
     sasl.oauthbearer.assertion.private.key.file sasl.oauthbearer.assertion.private.key.passphrase
     sasl.oauthbearer.assertion.template.file sasl.oauthbearer.header.urlencode`,
    byCredentials
  ),
  ...each(
    `sasl.oauthbearer.clock.skew.seconds sasl.oauthbearer.expected.audience sasl.oauthbearer.expected.issuer
     sasl.oauthbearer.jwks.endpoint.refresh.ms sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms
     sasl.oauthbearer.jwks.endpoint.retry.backoff.ms sasl.oauthbearer.jwks.endpoint.url sasl.oauthbearer.scope.claim.name
     sasl.oauthbearer.sub.claim.name`,
    brokersCheck
  ),
  'client.dns.lookup': {
    reason: 'all addresses of a name are tried',
    asDone: values('use_all_dns_ips')
  },
  'client.id': { reason: 'the worker names its readers' },
  'config.providers': {
    reason: "references are resolved by the worker's providers",
    asDone: values('')
  },
  'connections.max.idle.ms': {
    reason: 'an unused connection is closed by the broker (its connections.max.idle.ms)'
  },
  'metadata.max.age.ms': { reason: 'topics are looked up when they are needed' },
  'metadata.recovery.strategy': {
    reason: 'bootstrap servers are asked again whenever no known broker answers',
    asDone: values('rebootstrap')
  },
  'metadata.recovery.rebootstrap.trigger.ms': {
    reason: 'bootstrap servers are asked again whenever no known broker answers'
  },
  'reconnect.backoff.ms': { reason: 'retry.backoff.ms paces new connections too' },
  'reconnect.backoff.max.ms': { reason: 'retry.backoff.max.ms paces new connections too' },
  retries: {
    reason: 'what failed is repeated until delivery.timeout.ms, or default.api.timeout.ms',
    asDone: values('2147483647')
  },
  'socket.connection.setup.timeout.max.ms': {
    reason: 'socket.connection.setup.timeout.ms is not raised after failures'
  }
}

/** Of one kind of client alone. */
const idleOf: Readonly<Record<ClientKind, Readonly<Record<string, NoEffect>>>> = {
  producer: {
    acks: { reason: 'every write waits for all replicas', asDone: values('all', '-1') },
    'batch.size': {
      reason: `batches hold up to ${SMALLEST_BATCH} bytes at least; below that it only says when records without key go to the next partition`,
      asDone: (value) => Number(value) >= SMALLEST_BATCH
    },
    'compression.lz4.level': { reason: 'the library has one level for LZ4' },
    'linger.ms': { reason: 'records are sent as soon as a request may be', asDone: values('0') },
    'metadata.max.idle.ms': { reason: 'what is known of a topic is kept while the task runs' },
    'partitioner.adaptive.partitioning.enable': inTurn,
    'partitioner.availability.timeout.ms': { ...inTurn, asDone: values('0') },
    'partitioner.class': {
      reason: 'it names a Java class: records go where the default partitioner puts them',
      asDone: values('', ROUND_ROBIN.toLowerCase())
    },
    'transaction.two.phase.commit.enable': {
      reason: 'the worker ends the transactions it begins',
      asDone: values('false')
    },
    'transactional.id': { reason: 'the worker names the transactions it writes' },
    ...each('key.serializer value.serializer', bytesOnly)
  },
  consumer: {
    ...each(
      `allow.auto.create.topics auto.commit.interval.ms auto.offset.reset client.rack enable.auto.commit
       exclude.internal.topics group.id group.instance.id group.protocol group.remote.assignor heartbeat.interval.ms
       internal.throw.on.fetch.stable.offset.unsupported max.poll.interval.ms max.poll.records partition.assignment.strategy
       session.timeout.ms share.acknowledgement.mode share.acquire.mode`,
      noGroup
    ),
    'check.crcs': { reason: 'TCP and the brokers guard what is read', asDone: values('false') },
    ...each('key.deserializer value.deserializer', bytesOnly)
  },
  admin: {
    'bootstrap.controllers': { reason: 'topics are made through brokers', asDone: values('') }
  }
}

/** `acts`, the reason why it does not, or null for a name that no client of this kind has. */
export function effectOf(kind: ClientKind, name: string): 'acts' | { reason: string } | null {
  if (acting[kind].has(name)) return 'acts'
  return entryOf(kind, name)
}

/** The names this table has for a kind of client, sorted. */
export function clientPropertyNames(kind: ClientKind): string[] {
  const own = Object.keys(idleOf[kind])
  const shared = Object.keys(idle).filter((name) => hasShared(kind, name))
  return [...new Set([...acting[kind], ...own, ...shared])].sort()
}

/** Whether any client knows the name. */
export function isClientProperty(name: string): boolean {
  return clientKinds.some((kind) => effectOf(kind, name) !== null)
}

/** Properties that are set and have no effect: name → reason, for the log. Values are not part of it (I7). */
export function propertiesWithoutEffect(
  kinds: readonly ClientKind[],
  client: ConfigMap
): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [name, value] of client) {
    const effects = kinds.map((kind) => (acting[kind].has(name) ? 'acts' : entryOf(kind, name)))
    const entry = effects.find((effect) => effect !== null)
    if (entry === undefined || effects.includes('acts') || entry === 'acts') continue
    if (entry?.asDone?.(value.trim().toLowerCase()) !== true) found.set(name, entry?.reason ?? '')
  }
  return found
}

function entryOf(kind: ClientKind, name: string): NoEffect | null {
  const own = Object.hasOwn(idleOf[kind], name) ? idleOf[kind][name] : undefined
  const shared = Object.hasOwn(idle, name) && hasShared(kind, name) ? idle[name] : undefined
  return own ?? shared ?? null
}

/** Java's consumers have no `retries`, its admin clients no interceptors. */
function hasShared(kind: ClientKind, name: string): boolean {
  if (name === 'retries') return kind !== 'consumer'
  return name !== 'interceptor.classes' || kind !== 'admin'
}
