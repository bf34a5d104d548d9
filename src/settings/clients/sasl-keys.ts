import { type ConfigKey, configDef } from '../../config/config-def.ts'
import { alike, idle, JAVA_CLASS, JVM_ONLY } from './no-effect.ts'

const NO_KERBEROS = idle('Kerberos is not supported')
const TOKEN_LIFE = idle('a token is replaced when 80 % of its life have passed')
const BY_CREDENTIALS = idle('tokens come by client credentials only')
const BROKERS_CHECK = idle('tokens are checked by the brokers')

function jvmOnly<const T extends Readonly<Record<string, Omit<ConfigKey, 'doc'>>>>(
  effect: ReturnType<typeof idle>,
  table: T
) {
  return alike({ ...effect, doc: JVM_ONLY }, table)
}

/** How Kafka clients log in. */
export const saslKeys = configDef({
  'security.protocol': {
    type: 'string',
    default: 'PLAINTEXT',
    oneOfIgnoreCase: ['SASL_SSL', 'PLAINTEXT', 'SSL', 'SASL_PLAINTEXT'],
    read: (value: string) => value.toUpperCase(),
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
  'sasl.login.connect.timeout.ms': {
    type: 'int',
    default: null,
    importance: 'low',
    doc: 'How long to wait for a connection to the token endpoint; not set: 10,000 ms.'
  },
  'sasl.login.read.timeout.ms': {
    type: 'int',
    default: null,
    importance: 'low',
    doc: 'How long to wait for an answer of the token endpoint; not set: 10,000 ms.'
  },
  'sasl.login.retry.backoff.ms': {
    type: 'long',
    default: 100,
    importance: 'low',
    doc: 'First pause before the token endpoint is asked again; it is asked three times at most.'
  },
  ...jvmOnly(BY_CREDENTIALS, {
    'sasl.oauthbearer.assertion.algorithm': {
      type: 'string',
      default: 'RS256',
      oneOfIgnoreCase: ['ES256', 'RS256'],
      importance: 'medium'
    },
    'sasl.oauthbearer.assertion.private.key.passphrase': {
      type: 'password',
      default: null,
      importance: 'medium'
    }
  }),
  ...jvmOnly(NO_KERBEROS, {
    'sasl.kerberos.service.name': { type: 'string', default: null, importance: 'medium' },
    'sasl.kerberos.kinit.cmd': { type: 'string', default: '/usr/bin/kinit', importance: 'low' },
    'sasl.kerberos.ticket.renew.window.factor': { type: 'double', default: 0.8, importance: 'low' },
    'sasl.kerberos.ticket.renew.jitter': { type: 'double', default: 0.05, importance: 'low' },
    'sasl.kerberos.min.time.before.relogin': { type: 'long', default: 60_000, importance: 'low' }
  }),
  ...jvmOnly(TOKEN_LIFE, {
    'sasl.login.refresh.window.factor': {
      type: 'double',
      default: 0.8,
      importance: 'low',
      atLeast: 0.5,
      atMost: 1
    },
    'sasl.login.refresh.window.jitter': {
      type: 'double',
      default: 0.05,
      importance: 'low',
      atLeast: 0,
      atMost: 0.25
    },
    'sasl.login.refresh.min.period.seconds': {
      type: 'short',
      default: 60,
      importance: 'low',
      atLeast: 0,
      atMost: 900
    },
    'sasl.login.refresh.buffer.seconds': {
      type: 'short',
      default: 300,
      importance: 'low',
      atLeast: 0,
      atMost: 3600
    }
  }),
  ...jvmOnly(JAVA_CLASS, {
    'sasl.client.callback.handler.class': { type: 'class', default: null, importance: 'medium' },
    'sasl.login.callback.handler.class': { type: 'class', default: null, importance: 'medium' },
    'sasl.login.class': { type: 'class', default: null, importance: 'medium' }
  }),
  ...jvmOnly(idle('a token is asked for three times at most'), {
    'sasl.login.retry.backoff.max.ms': { type: 'long', default: 10_000, importance: 'low' }
  }),
  ...jvmOnly(JAVA_CLASS, {
    'sasl.oauthbearer.jwt.retriever.class': {
      type: 'class',
      default: 'org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever',
      importance: 'medium'
    },
    'sasl.oauthbearer.jwt.validator.class': {
      type: 'class',
      default: 'org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator',
      importance: 'medium'
    }
  }),
  ...jvmOnly(BY_CREDENTIALS, {
    'sasl.oauthbearer.assertion.claim.aud': { type: 'string', default: null, importance: 'medium' },
    'sasl.oauthbearer.assertion.claim.exp.seconds': {
      type: 'int',
      default: 300,
      importance: 'low',
      atLeast: 0,
      atMost: 86_400
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
      atLeast: 0,
      atMost: 3600
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
    }
  }),
  ...jvmOnly(BROKERS_CHECK, {
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
    'sasl.oauthbearer.expected.audience': {
      type: 'list',
      default: [],
      importance: 'high',
      distinct: true
    },
    'sasl.oauthbearer.expected.issuer': { type: 'string', default: null, importance: 'high' }
  }),
  ...jvmOnly(BY_CREDENTIALS, {
    'sasl.oauthbearer.header.urlencode': { type: 'boolean', default: false, importance: 'low' }
  })
})
