import { type ConfigDef, configDef } from '../../config/config-def.ts'

const JVM_ONLY = 'Belongs to the JVM: accepted so that existing files load, changes nothing here.'

/** TLS of Kafka clients, and of the REST server where no `listeners.https.` keys are given. */
export const sslConfig = configDef({
  'ssl.protocol': {
    type: 'string',
    default: 'TLSv1.3',
    importance: 'medium',
    doc: 'Newest TLS version to use: a limit on `ssl.enabled.protocols` from above.'
  },
  'ssl.provider': {
    type: 'string',
    default: null,
    importance: 'medium',
    noEffect: true,
    doc: JVM_ONLY
  },
  'ssl.cipher.suites': {
    type: 'list',
    default: [],
    distinct: true,
    importance: 'low',
    doc: 'Cipher suites to allow, by the names Java has for them; empty means those Node.js allows by default. One that Node.js does not have is an error.'
  },
  'ssl.enabled.protocols': {
    type: 'list',
    default: ['TLSv1.2', 'TLSv1.3'],
    distinct: true,
    importance: 'medium',
    doc: 'TLS versions that may be used.'
  },
  'ssl.keystore.type': {
    type: 'string',
    default: 'JKS',
    importance: 'medium',
    doc: 'Format of the own key: `JKS`, `PKCS12` or `PEM`. The content of the file decides.'
  },
  'ssl.keystore.location': {
    type: 'string',
    default: null,
    importance: 'high',
    doc: 'File with the own certificate chain and private key, for two-way authentication.'
  },
  'ssl.keystore.password': {
    type: 'password',
    default: null,
    importance: 'high',
    doc: 'Password of the store; a PEM file has none.'
  },
  'ssl.key.password': {
    type: 'password',
    default: null,
    importance: 'high',
    doc: 'Password of the private key inside the key file or in `ssl.keystore.key`.'
  },
  'ssl.keystore.key': {
    type: 'password',
    default: null,
    importance: 'high',
    doc: 'The private key itself, as PEM (PKCS#8).'
  },
  'ssl.keystore.certificate.chain': {
    type: 'password',
    default: null,
    importance: 'high',
    doc: 'The own certificate chain itself, as PEM.'
  },
  'ssl.truststore.certificates': {
    type: 'password',
    default: null,
    importance: 'high',
    doc: 'The trusted certificates themselves, as PEM.'
  },
  'ssl.truststore.type': {
    type: 'string',
    default: 'JKS',
    importance: 'medium',
    doc: 'Format of the file with trusted certificates: `JKS`, `PKCS12` or `PEM`. The content of the file decides.'
  },
  'ssl.truststore.location': {
    type: 'string',
    default: null,
    importance: 'high',
    doc: 'File with the certificates to trust; without it, those Node.js trusts.'
  },
  'ssl.truststore.password': {
    type: 'password',
    default: null,
    importance: 'high',
    doc: 'Password of the store; a PEM file has none. Without it a JKS store is read unchecked, as in Java.'
  },
  'ssl.keymanager.algorithm': {
    type: 'string',
    default: 'SunX509',
    importance: 'low',
    noEffect: true,
    doc: JVM_ONLY
  },
  'ssl.trustmanager.algorithm': {
    type: 'string',
    default: 'PKIX',
    importance: 'low',
    noEffect: true,
    doc: JVM_ONLY
  },
  'ssl.endpoint.identification.algorithm': {
    type: 'string',
    default: 'https',
    importance: 'low',
    doc: 'How the host name is compared with the certificate: `https`, or an empty text to leave the comparison out.'
  },
  'ssl.secure.random.implementation': {
    type: 'string',
    default: null,
    importance: 'low',
    noEffect: true,
    doc: JVM_ONLY
  },
  'ssl.engine.factory.class': {
    type: 'class',
    default: null,
    importance: 'low',
    noEffect: true,
    doc: JVM_ONLY
  }
})

interface Unused {
  readonly type: 'string' | 'int' | 'short' | 'long' | 'double' | 'class' | 'list' | 'boolean'
  readonly default: string | number | boolean | null | readonly string[]
  readonly importance: 'high' | 'medium' | 'low'
  readonly range?: readonly [number, number]
}

/** SASL settings of mechanisms or of plug-in points that only a JVM has. */
const unused: Readonly<Record<string, Unused>> = {
  'sasl.kerberos.service.name': { type: 'string', default: null, importance: 'medium' },
  'sasl.kerberos.kinit.cmd': { type: 'string', default: '/usr/bin/kinit', importance: 'low' },
  'sasl.kerberos.ticket.renew.window.factor': { type: 'double', default: 0.8, importance: 'low' },
  'sasl.kerberos.ticket.renew.jitter': { type: 'double', default: 0.05, importance: 'low' },
  'sasl.kerberos.min.time.before.relogin': { type: 'long', default: 60_000, importance: 'low' },
  'sasl.login.refresh.window.factor': {
    type: 'double',
    default: 0.8,
    importance: 'low',
    range: [0.5, 1]
  },
  'sasl.login.refresh.window.jitter': {
    type: 'double',
    default: 0.05,
    importance: 'low',
    range: [0, 0.25]
  },
  'sasl.login.refresh.min.period.seconds': {
    type: 'short',
    default: 60,
    importance: 'low',
    range: [0, 900]
  },
  'sasl.login.refresh.buffer.seconds': {
    type: 'short',
    default: 300,
    importance: 'low',
    range: [0, 3600]
  },
  'sasl.client.callback.handler.class': { type: 'class', default: null, importance: 'medium' },
  'sasl.login.callback.handler.class': { type: 'class', default: null, importance: 'medium' },
  'sasl.login.class': { type: 'class', default: null, importance: 'medium' },
  'sasl.login.connect.timeout.ms': { type: 'int', default: null, importance: 'low' },
  'sasl.login.read.timeout.ms': { type: 'int', default: null, importance: 'low' },
  'sasl.login.retry.backoff.max.ms': { type: 'long', default: 10_000, importance: 'low' },
  'sasl.login.retry.backoff.ms': { type: 'long', default: 100, importance: 'low' },
  'sasl.oauthbearer.jwt.retriever.class': {
    type: 'class',
    default: 'org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever',
    importance: 'medium'
  },
  'sasl.oauthbearer.jwt.validator.class': {
    type: 'class',
    default: 'org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator',
    importance: 'medium'
  },
  'sasl.oauthbearer.assertion.claim.aud': { type: 'string', default: null, importance: 'medium' },
  'sasl.oauthbearer.assertion.claim.exp.seconds': {
    type: 'int',
    default: 300,
    importance: 'low',
    range: [0, 86_400]
  },
  'sasl.oauthbearer.assertion.claim.iss': { type: 'string', default: null, importance: 'medium' },
  'sasl.oauthbearer.assertion.claim.jti.include': {
    type: 'boolean',
    default: false,
    importance: 'medium'
  },
  'sasl.oauthbearer.assertion.claim.nbf.seconds': {
    type: 'int',
    default: 60,
    importance: 'low',
    range: [0, 3600]
  },
  'sasl.oauthbearer.assertion.claim.sub': { type: 'string', default: null, importance: 'medium' },
  'sasl.oauthbearer.assertion.file': { type: 'string', default: null, importance: 'medium' },
  'sasl.oauthbearer.assertion.private.key.file': {
    type: 'string',
    default: null,
    importance: 'medium'
  },
  'sasl.oauthbearer.assertion.template.file': {
    type: 'string',
    default: null,
    importance: 'medium'
  },
  'sasl.oauthbearer.scope.claim.name': { type: 'string', default: 'scope', importance: 'low' },
  'sasl.oauthbearer.sub.claim.name': { type: 'string', default: 'sub', importance: 'low' },
  'sasl.oauthbearer.jwks.endpoint.url': { type: 'string', default: null, importance: 'medium' },
  'sasl.oauthbearer.jwks.endpoint.refresh.ms': {
    type: 'long',
    default: 3_600_000,
    importance: 'low'
  },
  'sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms': {
    type: 'long',
    default: 10_000,
    importance: 'low'
  },
  'sasl.oauthbearer.jwks.endpoint.retry.backoff.ms': {
    type: 'long',
    default: 100,
    importance: 'low'
  },
  'sasl.oauthbearer.clock.skew.seconds': { type: 'int', default: 30, importance: 'low' },
  'sasl.oauthbearer.expected.audience': { type: 'list', default: [], importance: 'high' },
  'sasl.oauthbearer.expected.issuer': { type: 'string', default: null, importance: 'high' },
  'sasl.oauthbearer.header.urlencode': { type: 'boolean', default: false, importance: 'low' }
}

/** Known to JVM workers, without effect here. */
export const unusedSaslConfig: ConfigDef = Object.fromEntries(
  Object.entries(unused).map(([name, { range, ...key }]) => [
    name,
    {
      ...key,
      ...(range === undefined ? {} : { atLeast: range[0], atMost: range[1] }),
      ...(key.type === 'list' ? { distinct: true } : {}),
      noEffect: true,
      doc: JVM_ONLY
    }
  ])
)

/** How the worker's own Kafka clients log in. */
export const saslConfig = configDef({
  'security.protocol': {
    type: 'string',
    default: 'PLAINTEXT',
    oneOfIgnoreCase: ['SASL_SSL', 'PLAINTEXT', 'SSL', 'SASL_PLAINTEXT'],
    importance: 'medium',
    doc: 'How to talk to the brokers: in clear or over TLS, with or without a login.'
  },
  'sasl.mechanism': {
    type: 'string',
    default: 'GSSAPI',
    importance: 'medium',
    doc: 'Login mechanism: `PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512` or `OAUTHBEARER`. The default, `GSSAPI` (Kerberos), needs a JVM.'
  },
  'sasl.jaas.config': {
    type: 'password',
    default: null,
    importance: 'medium',
    doc: 'Login module line with `username` and `password`, as Java clients take it.'
  },
  'sasl.oauthbearer.scope': {
    type: 'string',
    default: null,
    importance: 'medium',
    doc: 'Scope to ask the token endpoint for.'
  },
  'sasl.oauthbearer.client.credentials.client.id': {
    type: 'string',
    default: null,
    importance: 'medium',
    doc: 'Client id to log in at the token endpoint.'
  },
  'sasl.oauthbearer.client.credentials.client.secret': {
    type: 'password',
    default: null,
    importance: 'medium',
    doc: 'Client secret to log in at the token endpoint.'
  },
  'sasl.oauthbearer.token.endpoint.url': {
    type: 'string',
    default: null,
    importance: 'medium',
    doc: 'Where to get tokens.'
  },
  'sasl.oauthbearer.assertion.algorithm': {
    type: 'string',
    default: 'RS256',
    oneOfIgnoreCase: ['ES256', 'RS256'],
    importance: 'medium',
    noEffect: true,
    doc: JVM_ONLY
  },
  'sasl.oauthbearer.assertion.private.key.passphrase': {
    type: 'password',
    default: null,
    importance: 'medium',
    noEffect: true,
    doc: JVM_ONLY
  }
})
