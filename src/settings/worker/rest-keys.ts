import {
  type Complaint,
  type ConfigMap,
  configDef,
  type Parsed,
  parseConfig,
  withPrefix
} from '../../config/config-def.ts'
import { commaList } from '../../config/config-value.ts'
import { tlsKeys } from '../clients/tls-keys.ts'
import { type Listener, parseListener } from './listeners.ts'
import { parseHeaderRules } from './response-headers.ts'

/** The one extension there is: accounts and passwords. */
export const BASIC_AUTH_EXTENSION =
  'org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension'

/**
 * The longest that a request of the REST interface may take, in milliseconds: Kafka Connect's, which no
 * setting changes.
 */
export const REQUEST_TIMEOUT_MS = 90_000

function foreignExtension(classes: readonly string[]): Complaint | null {
  const foreign = classes.find((name) => name !== BASIC_AUTH_EXTENSION)
  if (foreign === undefined) return null
  return {
    sentence: `Invalid value ${foreign} for configuration rest.extension.classes: only ${BASIC_AUTH_EXTENSION} exists here`
  }
}

function readListeners(texts: readonly string[]): readonly Listener[] {
  return texts.map(parseListener)
}

/** Settings of the REST server, and of what it lets its users do. */
export const restKeys = configDef({
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
        : null,
    read: readListeners,
    doc: 'Addresses the REST server listens on, as protocol://host:port. No host means all interfaces. TLS settings stand behind `listeners.https.`, else the plain `ssl.` ones count.'
  },
  'admin.listeners': {
    type: 'list',
    default: null,
    distinct: true,
    importance: 'low',
    read: readListeners,
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
    read: commaList,
    importance: 'low',
    doc: 'Origins that browsers may call the REST interface from. Empty: only its own.'
  },
  'access.control.allow.methods': {
    type: 'string',
    default: '',
    read: commaList,
    importance: 'low',
    doc: 'Methods those origins may use. Empty: GET, POST and HEAD.'
  },
  'response.http.headers.config': {
    type: 'string',
    default: '',
    importance: 'low',
    read: parseHeaderRules,
    doc: 'Headers for every REST answer: rules of the form `action name:value`, separated by commas, in double quotes where a rule has a comma. Actions: `set`, `add`, `setDate`, `addDate`.'
  },
  'rest.extension.classes': {
    type: 'list',
    default: [],
    distinct: true,
    importance: 'low',
    check: foreignExtension,
    doc: 'Extensions of the REST interface. Known here: `org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension`.'
  },
  'rest.basic.auth.file': {
    type: 'string',
    default: null,
    importance: 'low',
    doc: 'File with the accounts of that extension, `user=password` a line. Not set: the one that the JAAS file of `KAFKA_OPTS` names, as for a JVM worker.'
  },
  'rest.proxy.user.header': {
    type: 'string',
    default: null,
    nonEmpty: true,
    importance: 'low',
    doc: 'Header in which a proxy that has checked who asks (single sign-on) names the account, such as `X-Forwarded-User`. It is believed from `rest.proxy.addresses` only.'
  },
  'rest.proxy.addresses': {
    type: 'list',
    default: [],
    importance: 'low',
    doc: 'Addresses of these proxies, or their networks: `10.1.0.7,10.2.0.0/16`.'
  },
  'rest.certificate.accounts': {
    type: 'boolean',
    default: false,
    importance: 'low',
    doc: "Whether the common name of a client's certificate is its account, where `ssl.client.auth` asks for one and the trust store knows who issued it."
  },
  'rest.roles.file': {
    type: 'string',
    default: null,
    importance: 'medium',
    doc: 'File that says what these accounts may do: `account=viewer`, `operator` or `editor` a line, and behind it, if it is for some connectors only, a Java regular expression of their names; `*` stands for everybody else. Not set: whoever has an account may do everything, as in a JVM worker.'
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

/** TLS of a listener. */
const listenerTlsKeys = configDef({ ...tlsKeys, 'ssl.client.auth': restKeys['ssl.client.auth'] })
export type ListenerTls = Parsed<typeof listenerTlsKeys>

/** What of a worker's configuration is about its REST server: parsed, and as given. */
export interface RestConfig {
  readonly values: Parsed<typeof restKeys> & ListenerTls
  readonly properties: ConfigMap
}

/**
 * TLS settings of the main or admin listeners: those behind their prefix when there is any, else the plain
 * `ssl.` ones.
 */
export function listenerTls({ values, properties }: RestConfig, of: 'main' | 'admin'): ListenerTls {
  const own = withPrefix(properties, of === 'main' ? 'listeners.https.' : 'admin.listeners.https.')
  return own.size > 0 ? parseConfig(listenerTlsKeys, own) : values
}
