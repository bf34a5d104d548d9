import { type DriverTable, words } from '../shared/driver-properties.ts'

/**
 * Every property of MariaDB Connector/J (`Driver.getPropertyInfo`), and the old names it still understands.
 */
export const mariadbProperties: DriverTable = {
  driver: 'MariaDB Connector/J',
  version: '4.0.0',
  ignoresCase: true,
  acts: words(`user password localSocket
    sslMode useSsl trustServerCertificate disableSslHostnameVerification serverSslCert
    trustStore trustStorePassword keyStore keyStorePassword keyPassword
    enabledSslProtocolSuites allowPublicKeyRetrieval serverRsaPublicKeyFile restrictedAuth
    connectTimeout socketTimeout tcpKeepAlive useCompression
    timezone connectionTimeZone forceConnectionTimeZoneToSession sessionVariables initSql transactionIsolation
    zeroDateTimeBehavior yearIsDateType tinyInt1isBit transformedBitIsBoolean`),
  aliases: {
    clientcertificatekeystoreurl: 'keyStore',
    clientcertificatekeystorepassword: 'keyStorePassword',
    clientcertificatekeystoretype: 'keyStoreType',
    trustcertificatekeystoreurl: 'trustStore',
    trustcertificatekeystorepassword: 'trustStorePassword',
    trustcertificatekeystoretype: 'trustStoreType',
    databaseterm: 'useCatalogTerm',
    nullcatalogmeanscurrent: 'nullDatabaseMeansCurrent'
  },
  needless: {
    'the address names the database': words('database'),
    'rows are read in batches of the size the connector asks for, bounded in bytes': words(
      'defaultFetchSize maxAllowedPacket maxAllowedColumns'
    ),
    'statements are prepared on the server, and values travel in binary form, exactly': words(
      'cachePrepStmts prepStmtCacheSize useServerPrepStmts disablePipeline jdbcCompliantTruncation'
    ),
    'text is utf8mb4 on the way, whatever the table has': words('connectionCollation'),
    'it is about writing or calling procedures, and this connector only reads': words(
      'allowMultiQueries allowLocalInfile rewriteBatchedStatements returnMultiValuesGeneratedIds useAffectedRows useBulkStmts useBulkStmtsForInserts permitNoResults'
    ),
    'transactions only read, and each session is used for one thing at a time': words(
      'autocommit useLocalSessionState readOnlyPropagatesToServer pinGlobalTxToPhysicalConnection'
    ),
    'a session that is lost is opened anew, by the connector': words(
      'retriesAllDown transactionReplay transactionReplaySize'
    ),
    'the connector keeps its sessions itself': words(
      'pool poolName maxPoolSize minPoolSize maxIdleTime registerJmxPool poolValidMinDelay useResetConnection'
    ),
    'db.timezone says in which zone times without one are read': words(
      'preserveInstants pureLocalDateTime'
    ),
    'tables are those of the database of the address': words('nullDatabaseMeansCurrent'),
    'it is about the inside of the Java driver': words(
      'useMysqlMetadata metaExportedKeys uuidAsString tcpAbortiveClose tlsSocketType useIpForKillQuery oldModeNoPrecisionTimestamp deferCertificateValidation'
    ),
    'the system and Node choose it': words('tcpKeepIdle tcpKeepCount tcpKeepInterval'),
    'the bytes say what form a store has': words('trustStoreType keyStoreType'),
    'whom this machine trusts is trusted where no store is named': words(
      'fallbackToSystemTrustStore fallbackToSystemKeyStore'
    )
  },
  idle: {
    'the log of the worker is set by its own loggers': words(
      'dumpQueriesOnException includeInnodbStatusInDeadlockExceptions includeThreadDumpInDeadlockExceptions maxQuerySizeToLog'
    ),
    'that way of proving who one is is not spoken (passwords and mutual TLS are)':
      words('servicePrincipalName'),
    'nothing is created': words('createDatabaseIfNotExist'),
    'columns have the types and tables the server says': words(
      'geometryDefaultType blankTableNameMeta'
    ),
    'databases are catalogs here': words('useCatalogTerm'),
    'Node chooses among the ciphers of its TLS': words('enabledSslCipherSuites'),
    'a session names itself to the server as Node does': words('connectionAttributes'),
    'a password that has expired ends the attempt': words('disconnectOnExpiredPasswords'),
    'a session stays with the address it was opened for': words('permitRedirect')
  },
  refused: {
    'classes of Java cannot be loaded': words('socketFactory credentialType'),
    'named pipes are not spoken': words('pipe'),
    'the address of this side cannot be chosen': words('localSocketAddress'),
    'the state of Galera nodes is not asked': words('galeraAllowedState')
  }
}
