import { type ConfigMap, configDef, parseConfig } from '../../config/config-def.ts'
import type { TlsSettings } from '../../tls/java-ssl.ts'
import { idle, JAVA_CLASS, JVM_ONLY } from './no-effect.ts'

const NODE_TLS = idle('TLS is done by Node')

/** TLS of Kafka clients, and of the REST server where no `listeners.https.` keys are given. */
export const tlsKeys = configDef({
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
    ...NODE_TLS,
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
    ...NODE_TLS,
    doc: JVM_ONLY
  },
  'ssl.trustmanager.algorithm': {
    type: 'string',
    default: 'PKIX',
    importance: 'low',
    ...NODE_TLS,
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
    ...NODE_TLS,
    doc: JVM_ONLY
  },
  'ssl.engine.factory.class': {
    type: 'class',
    default: null,
    importance: 'low',
    ...JAVA_CLASS,
    doc: JVM_ONLY
  }
})

/** The settings of TLS among properties. Throws ConfigError. */
export function tlsSettings(properties: ConfigMap): TlsSettings {
  return parseConfig(tlsKeys, properties)
}
