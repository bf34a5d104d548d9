import { type DriverTable, words } from '../shared/driver-properties.ts'

/** Every property of MySQL Connector/J (`Driver.getPropertyInfo`), without those of its X protocol. */
export const connectorJProperties: DriverTable = {
  driver: 'MySQL Connector/J',
  version: '26.10.0',
  ignoresCase: true,
  acts: words(`user password password2 password3 port
    sslMode useSSL requireSSL verifyServerCertificate
    trustCertificateKeyStoreUrl trustCertificateKeyStorePassword
    clientCertificateKeyStoreUrl clientCertificateKeyStorePassword
    tlsVersions allowPublicKeyRetrieval serverRSAPublicKeyFile disabledAuthenticationPlugins
    connectTimeout socketTimeout tcpKeepAlive useCompression interactiveClient
    connectionTimeZone forceConnectionTimeZoneToSession sessionVariables netTimeoutForStreamingResults
    zeroDateTimeBehavior yearIsDateType tinyInt1isBit transformedBitIsBoolean
    allowSourceDownConnections`),
  aliases: {
    password1: 'password',
    servertimezone: 'connectionTimeZone',
    enabledtlsprotocols: 'tlsVersions',
    enabledsslciphersuites: 'tlsCiphersuites',
    nullcatalogmeanscurrent: 'nullDatabaseMeansCurrent',
    parseinfocachefactory: 'queryInfoCacheFactory',
    haenablejmx: 'ha.enableJMX',
    haloadbalancestrategy: 'ha.loadBalanceStrategy',
    cachedefaulttimezone: 'cacheDefaultTimeZone'
  },
  needless: {
    'the address names host and database': words('host dbname'),
    'rows are read in batches of the size the connector asks for, bounded in bytes': words(
      'useCursorFetch defaultFetchSize clobberStreamingResults largeRowSizeThreshold locatorFetchBufferSize emulateLocators maxAllowedPacket'
    ),
    'statements are prepared on the server, and values travel in binary form, exactly': words(
      'useServerPrepStmts emulateUnsupportedPstmts cachePrepStmts prepStmtCacheSize prepStmtCacheSqlLimit cacheCallableStmts callableStmtCacheSize generateSimpleParameterMetadata processEscapeCodesForPrepStmts enableEscapeProcessing jdbcCompliantTruncation allowNanAndInf maxByteArrayAsHex'
    ),
    'text is utf8mb4 on the way, whatever the table has': words(
      'characterEncoding connectionCollation characterSetResults detectCustomCollations'
    ),
    'it is about writing or calling procedures, and this connector only reads': words(
      'allowLoadLocalInfile allowLoadLocalInfileInPath allowUrlInLocalInfile allowMultiQueries autoClosePStmtStreams blobSendChunkSize compensateOnDuplicateKeyUpdateCounts continueBatchOnError dontCheckOnDuplicateKeyUpdateInSQL getProceduresReturnsFunctions ignoreNonTxTables noAccessToProcedureBodies overrideSupportsIntegrityEnhancementFacility populateInsertRowWithDefaultValues rewriteBatchedStatements sendFractionalSeconds sendFractionalSecondsForTime strictUpdates treatUtilDateAsTimestamp ultraDevHack useAffectedRows useStreamLengthsInPrepStmts'
    ),
    'transactions only read, and each session is used for one thing at a time': words(
      'alwaysSendSetIsolation elideSetAutoCommits pinGlobalTxToPhysicalConnection readOnlyPropagatesToServer rollbackOnPooledClose useLocalSessionState useLocalTransactionState logXaCommands resourceId'
    ),
    'a session that is lost is opened anew, by the connector': words(
      'autoReconnect autoReconnectForPools failOverReadOnly initialTimeout maxReconnects queriesBeforeRetrySource reconnectAtTxEnd retriesAllDown secondsBeforeRetrySource selfDestructOnPingMaxOperations selfDestructOnPingSecondsLifetime'
    ),
    'a session stays with the host it was opened on': words(
      'allowReplicaDownConnections ha.enableJMX ha.loadBalanceStrategy loadBalanceAutoCommitStatementRegex loadBalanceAutoCommitStatementThreshold loadBalanceBlocklistTimeout loadBalanceConnectionGroup loadBalanceExceptionChecker loadBalanceHostRemovalGracePeriod loadBalancePingTimeout loadBalanceSQLExceptionSubclassFailover loadBalanceSQLStateFailover loadBalanceValidateConnectionOnSwapServer readFromSourceWhenNoReplicas replicationConnectionGroup serverAffinityOrder'
    ),
    'db.timezone says in which zone times without one are read': words(
      'cacheDefaultTimeZone preserveInstants noDatetimeStringSync treatMysqlDatetimeAsTimestamp'
    ),
    'it is about the inside of the Java driver': words(
      'cacheResultSetMetadata cacheServerConfiguration clientInfoProvider dontTrackOpenResources enableQueryTimeouts fipsCompliantJsse holdResultsOpenOverStatementClose includeThreadNamesAsStatementComment KeyManagerFactoryProvider keyStoreProvider maintainTimeStats metadataCacheSize paranoid pedantic queryInfoCacheFactory queryTimeoutKillsConnection scrollTolerantForwardOnly serverConfigCacheFactory sslContextProvider trackSessionState trustManagerFactoryProvider useColumnNamesInFindColumn useHostsInPrivileges useOnlyServerErrorMessages useReadAheadInput useUnbufferedInput'
    ),
    'the system and Node choose it': words('tcpNoDelay tcpRcvBuf tcpSndBuf tcpTrafficClass'),
    'tables are those of the database of the address': words(
      'nullDatabaseMeansCurrent useInformationSchema'
    ),
    'the bytes say what form a store has': words(
      'trustCertificateKeyStoreType clientCertificateKeyStoreType'
    ),
    'the server says how it wants to be proved to': words('defaultAuthenticationPlugin'),
    'whom this machine trusts is trusted where no store is named': words(
      'fallbackToSystemTrustStore fallbackToSystemKeyStore'
    )
  },
  idle: {
    'the log of the worker is set by its own loggers': words(
      'autoGenerateTestcaseScript autoSlowLog dumpQueriesOnException enablePacketDebug explainSlowQueries gatherPerfMetrics includeInnodbStatusInDeadlockExceptions includeThreadDumpInDeadlockExceptions logSlowQueries logger maxQuerySizeToLog openTelemetry packetDebugBufferSize profileSQL profilerEventHandler reportMetricsIntervalMillis resultSetSizeThreshold slowQueryThresholdMillis slowQueryThresholdNanos traceProtocol useNanosForElapsedTime useUsageAdvisor'
    ),
    'that way of proving who one is is not spoken (passwords and mutual TLS are)': words(
      'authenticationOpenidConnectCallbackHandler authenticationWebAuthnCallbackHandler idTokenFile ldapServerHostname ociConfigFile ociConfigProfile'
    ),
    'nothing is created': words('createDatabaseIfNotExist'),
    'columns have the types the server says': words(
      'blobsAreStrings clobCharacterEncoding customCharsetMapping emptyStringsConvertToZero functionsNeverReturnBlobs padCharsWithSpace passwordCharacterEncoding useOldAliasMetadataBehavior'
    ),
    'databases are catalogs here': words('databaseTerm'),
    'Node chooses among the ciphers of its TLS': words('tlsCiphersuites'),
    'a session names itself to the server as Node does': words('connectionAttributes'),
    'a password that has expired ends the attempt': words('disconnectOnExpiredPasswords')
  },
  refused: {
    'classes of Java cannot be loaded': words(
      'authenticationPlugins connectionLifecycleInterceptors exceptionInterceptors propertiesTransform queryInterceptors socketFactory=com.mysql.cj.protocol.StandardSocketFactory'
    ),
    'sets of properties that lie in the Java driver are not known; write them out':
      words('useConfigs'),
    'DNS SRV records are not looked up; write the hosts': ['dnsSrv=false|no'],
    'proxies are not spoken to': words(
      'socksProxyHost socksProxyPort=1080 socksProxyRemoteDns=false|no'
    ),
    'the address of this side cannot be chosen': words('localSocketAddress'),
    'rows would be left out': ['maxRows=-1|0']
  }
}
