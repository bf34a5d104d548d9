import { type DriverTable, words } from '../shared/driver-properties.ts'

/** Every property of pgjdbc (`Driver.getPropertyInfo`). */
export const pgjdbcProperties: DriverTable = {
  driver: 'pgjdbc',
  version: '42.7.14',
  ignoresCase: false,
  acts: words(`user password PGHOST PGPORT PGDBNAME ApplicationName currentSchema options
    connectTimeout loginTimeout socketTimeout queryTimeout tcpKeepAlive
    targetServerType loadBalanceHosts readOnly readOnlyMode hideUnprivilegedObjects
    ssl sslmode sslNegotiation sslrootcert sslcert sslkey sslpassword sslfactory sslfactoryarg sslhostnameverifier
    channelBinding requireAuth scramMaxIterations`),
  aliases: { host: 'PGHOST', port: 'PGPORT', dbname: 'PGDBNAME' },
  needless: {
    'rows are read in batches of the size the connector asks for, bounded in bytes': words(
      'adaptiveFetch adaptiveFetchMaximum adaptiveFetchMinimum defaultRowFetchSize maxResultBuffer'
    ),
    'statements are never named, so that they work behind every pooler': words(
      'prepareThreshold preferQueryMode preparedStatementCacheQueries preparedStatementCacheSizeMiB flushCacheOnDdl groupStartupParameters'
    ),
    'values travel as text, exactly': words(
      'binaryTransfer binaryTransferEnable binaryTransferDisable'
    ),
    'it is about writing or calling procedures, and this connector only reads': words(
      'autosave cleanupSavepoints escapeSyntaxCallMode quoteReturningIdentifiers reWriteBatchedInserts reWriteBatchedInsertsSize stringtype maxSendBufferSize'
    ),
    'the system and Node choose it': words('tcpNoDelay receiveBufferSize sendBufferSize'),
    'it is about the inside of the Java driver': words(
      'classLoaderStrategy connectExecutor connectExecutorArg databaseMetadataCacheFields databaseMetadataCacheFieldsMiB disableColumnSanitiser logUnclosedConnections unknownLength xmlFactoryFactory assumeMinServerVersion allowEncodingChanges'
    ),
    'PEM says which algorithm a key is for': words('pemKeyAlgorithm'),
    'the role of each server is asked at every connect': words('hostRecheckSeconds'),
    'the limit of the whole attempt holds': words(
      'sslResponseTimeout gssResponseTimeout cancelSignalTimeout'
    )
  },
  idle: {
    'Kerberos (GSSAPI, SSPI) is not spoken; a server that asks for it refuses the session': words(
      'gsslib gssUseDefaultCreds jaasApplicationName jaasLogin kerberosServerName sspiServiceClass useSpnego'
    ),
    'the log of the worker is set by its own loggers': words('loggerFile loggerLevel'),
    'errors carry the detail of the server as it is': words('logServerErrorDetail'),
    'booleans stay booleans': words('convertBooleanToNumeric')
  },
  refused: {
    'classes of Java cannot be loaded': words(
      'authenticationPluginClassName socketFactory socketFactoryArg sslpasswordcallback'
    ),
    'the connection service file is not read; write host, port and database themselves':
      words('service'),
    'sessions of the replication protocol answer no queries': ['replication=false|no|off|0'],
    'Kerberos encryption is not spoken': ['gssEncMode=disable|allow|prefer'],
    'only version 3 of the protocol is spoken': ['protocolVersion=3|3.0'],
    'the address of this side cannot be chosen': words('localSocketAddress')
  }
}
