import { type DriverTable, words } from '../shared/driver-properties.ts'

/**
 * Every property of ojdbc (`OracleDriver.getPropertyInfo`, `OracleConnection.CONNECTION_PROPERTY_…`), and two
 * keys of our own.
 */
export const ojdbcProperties: DriverTable = {
  driver: 'ojdbc',
  version: '23.26.4.0.0',
  ignoresCase: true,
  acts: words(`user password internal_logon oracle.thick oracle.client.lib.dir
    oracle.net.CONNECT_TIMEOUT oracle.net.OUTBOUND_CONNECT_TIMEOUT oracle.jdbc.loginTimeout oracle.jdbc.ReadTimeout
    oracle.net.tns_admin oracle.net.wallet_location oracle.net.wallet_password
    oracle.net.ssl_server_dn_match oracle.net.ssl_server_cert_dn oracle.net.ssl_allow_weak_dn_match oracle.net.useSNI
    javax.net.ssl.keyStore javax.net.ssl.keyStorePassword javax.net.ssl.trustStore javax.net.ssl.trustStorePassword
    oracle.net.ssl_certificate_alias
    oracle.net.httpsProxyHost oracle.net.httpsProxyPort oracle.net.connectionIdPrefix
    oracle.jdbc.editionName oracle.jdbc.accessToken
    v$session.program v$session.machine v$session.osuser v$session.terminal`),
  aliases: {
    tns_admin: 'oracle.net.tns_admin',
    'oracle.net.read_timeout': 'oracle.jdbc.ReadTimeout'
  },
  needless: {
    'the address names server and service': words('database server protocol'),
    'rows are read in batches of the size the connector asks for, bounded in bytes': words(
      'defaultRowPrefetch useFetchSizeWithLongColumn oracle.jdbc.fetchSizeTuning oracle.jdbc.defaultLobPrefetchSize oracle.jdbc.maxCachedBufferSize oracle.jdbc.useThreadLocalBufferCache oracle.jdbc.StreamChunkSize oracle.jdbc.retainLobPrefetchData oracle.jdbc.enableDataInLocator oracle.jdbc.enableReadDataInLocator oracle.jdbc.enableTempLobRefCnt oracle.jdbc.LobStreamPosStandardCompliant'
    ),
    'it is about writing or calling procedures, and this connector only reads': words(
      'AccumulateBatchResult defaultExecuteBatch SetFloatAndDoubleUseBinary defaultNChar mapStringParameterToCHAR oracle.jdbc.RetainV9LongBindBehavior oracle.jdbc.allowMixingJdbcAndNamedBinds oracle.jdbc.backwardCompatibileUpdateableResultSet oracle.jdbc.commitOption oracle.jdbc.continueBatchOnError oracle.jdbc.createDescriptorUseCurrentSchemaForSchemaName oracle.jdbc.maxBatchMemory oracle.jdbc.sendAllDataForValueLobs oracle.jdbc.sendBooleanAsNativeBoolean oracle.jdbc.sendBooleanInPLSQL oracle.jdbc.convertNcharLiterals'
    ),
    'transactions only read, and each session is used for one thing at a time': words(
      'autoCommit oracle.jdbc.autoCommitSpecCompliant oracle.jdbc.commitSelectOnAutocommit oracle.jdbc.XAThroughSessionlessTransactions oracle.jdbc.transactionPriority oracle.jdbc.readOnlyInstanceAllowed oracle.jdbc.defaultConnectionValidation'
    ),
    'a session that is lost is opened anew, by the connector': words(
      'oracle.jdbc.enableACSupport oracle.jdbc.enableTGSupport oracle.jdbc.fanEnabled oracle.jdbc.inbandNotification oracle.jdbc.enableImplicitRequests oracle.jdbc.replay.protectedRequestSizeLimit oracle.jdbc.beginRequestAtConnectionCreation oracle.jdbc.ons.protocol oracle.jdbc.ons.walletfile oracle.jdbc.ons.walletpassword'
    ),
    'it is about the inside of the Java driver': words(
      'disableDefineColumnType processEscapes DMSName DMSType JDBCDriverCharSetId OCIEnvHandle OCIErrHandle OCISvcCtxHandle RessourceManagerId v$session.ename v$session.iname v$session.process oracle.jdbc.DMSStatementCachingMetrics oracle.jdbc.DMSStatementMetrics oracle.jdbc.J2EE13Compliant oracle.jdbc.JDBCStandardBehavior oracle.jdbc.disabledBugFixes oracle.jdbc.disableEmbeddedPool oracle.jdbc.embeddedPoolConfig oracle.jdbc.driverNameAttribute oracle.jdbc.enableErrorUrl oracle.jdbc.enableProviderOverride oracle.jdbc.configurationProviders oracle.jdbc.remoteConfigurationFiltering oracle.jdbc.implicitStatementCacheSize oracle.jdbc.jsonDefaultGetObjectType oracle.jdbc.vectorDefaultGetObjectType oracle.jdbc.parameterMetadataCacheIncludeParsing oracle.jdbc.parameterMetadataCacheSize oracle.jdbc.parameterMetadataPreprocess oracle.jdbc.provider.json oracle.jdbc.serializeSensitiveData oracle.jdbc.sqlErrorTranslationFile oracle.jdbc.strictASCIIConversion oracle.jdbc.useNio oracle.net.useJCEAPI oracle.net.useZeroCopyIO oracle.net.sslContextCacheSize oracle.net.crypto_seed oracle.net.oldSyntax oracle.net.profile'
    ),
    'results are not kept on this side': words(
      'oracle.jdbc.enableQueryResultCache oracle.jdbc.enableResultSetCache oracle.jdbc.queryResultCacheMaxLag oracle.jdbc.queryResultCacheMaxSize oracle.jdbc.useTrueCacheDriverConnection oracle.jdbc.enableSSSCursor'
    ),
    'moments carry their zone and their digits exactly, and db.timezone says in which zone those without are read':
      words(
        'oracle.jdbc.timestampTzInGmt oracle.jdbc.timezoneAsRegion oracle.jdbc.use1900AsYearForTime'
      ),
    'the system and Node choose it': words(
      'oracle.jdbc.TcpNoDelay oracle.net.keepAlive oracle.net.TCP_KEEPCOUNT oracle.net.TCP_KEEPIDLE oracle.net.TCP_KEEPINTERVAL oracle.net.disableOob oracle.net.useTcpFastOpen oracle.net.DOWN_HOSTS_TIMEOUT oracle.jdbc.thinForceDNSLoadBalancing'
    ),
    'the bytes say what form a store has': words(
      'javax.net.ssl.keyStoreType javax.net.ssl.trustStoreType ssl.keyManagerFactory.algorithm ssl.trustManagerFactory.algorithm oracle.net.ssl_pem_private_key_index'
    ),
    'the driver and the server agree on the newest there is': words(
      'oracle.jdbc.allowedLogonVersion oracle.jdbc.checkAuthResponseOnError oracle.net.ssl_version oracle.net.ssl_context_protocol oracle.net.allow_weak_crypto oracle.net.encryption_types_client oracle.net.crypto_checksum_types_client'
    ),
    'a service with a proxy of its own is not asked': words(
      'oracle.net.websocketUser oracle.net.websocketPassword'
    )
  },
  idle: {
    'the log of the worker is set by its own loggers': words(
      'oracle.jdbc.diagnostic.bufferSize oracle.jdbc.diagnostic.debugSQL oracle.jdbc.diagnostic.debugTenant oracle.jdbc.diagnostic.enableDiagnoseFirstFailure oracle.jdbc.diagnostic.enableLogging oracle.jdbc.diagnostic.enableObservability oracle.jdbc.diagnostic.enableSensitiveDiagnostics oracle.jdbc.diagnostic.loggerName oracle.jdbc.diagnostic.permitSensitiveDiagnostics oracle.jdbc.diagnostic.writeLogsToDiagnoseFirstFailure oracle.jdbc.provider.traceEventListener oracle.jdbc.serverTelemetryLoggingEnabled oracle.jdbc.serverTelemetryTracesEnabled oracle.jdbc.debugJDWP'
    ),
    'synonyms and remarks are not looked at': words(
      'includeSynonyms remarksReporting restrictGetTables'
    ),
    'texts of fixed length keep their blanks': words('fixedString'),
    'nothing travels compressed': words(
      'oracle.net.networkCompression oracle.net.networkCompressionLevels oracle.net.networkCompressionThreshold'
    ),
    'sessions are dedicated, or what the address says': words(
      'oracle.jdbc.DRCPConnectionClass oracle.jdbc.DRCPConnectionPurity oracle.jdbc.DRCPMultiplexingInRequestAPIs oracle.jdbc.DRCPPLSQLCallback oracle.jdbc.DRCPTagName oracle.jdbc.UseDRCPMultipletag'
    ),
    'the session gets the settings the connector needs': words(
      'oracle.jdbc.applicationContext oracle.jdbc.sessionFixUpParams oracle.jdbc.dcnOptions oracle.jdbc.localhostName oracle.jdbc.provider.endUserSecurityContext'
    ),
    'names are not looked up in directories': words(
      'com.sun.jndi.ldap.connect.timeout com.sun.jndi.ldap.read.timeout oracle.net.ldap.security.authentication oracle.net.ldap.security.credentials oracle.net.ldap.security.principal oracle.net.ldap.ssl.dnMatch oracle.net.ldap.ssl.keyManagerFactory.algorithm oracle.net.ldap.ssl.keyStore oracle.net.ldap.ssl.keyStorePassword oracle.net.ldap.ssl.keyStoreType oracle.net.ldap.ssl.serverCertDn oracle.net.ldap.ssl.ssl_context_protocol oracle.net.ldap.ssl.supportedCiphers oracle.net.ldap.ssl.supportedVersions oracle.net.ldap.ssl.trustManagerFactory.algorithm oracle.net.ldap.ssl.trustStore oracle.net.ldap.ssl.trustStorePassword oracle.net.ldap.ssl.trustStoreType oracle.net.ldap.ssl.walletLocation oracle.net.ldap.ssl.walletPassword'
    ),
    'Kerberos and RADIUS are not spoken': words(
      'oracle.net.KerberosJaasLoginModule oracle.net.KerberosRealm oracle.net.kerberos5_cc_name oracle.net.kerberos5_mutual_authentication oracle.net.radius_allow_weak_protocol'
    ),
    'Node chooses among the ciphers of its TLS': words(
      'oracle.net.ssl_cipher_suites oracle.net.SNIIgnoreList'
    )
  },
  refused: {
    'only a password, a certificate in a wallet and oracle.jdbc.accessToken prove who one is':
      words(
        'oracle.net.authentication_services=none|() oracle.net.external_authentication=false oracle.net.radius_challenge_response_handler oracle.jdbc.passwordAuthentication=password_verifier oracle.jdbc.tokenAuthentication oracle.jdbc.tokenLocation oracle.jdbc.provider.accessToken oracle.jdbc.azureCredentials oracle.jdbc.azureDatabaseApplicationIdUri oracle.jdbc.clientCertificate oracle.jdbc.clientCertificatePassword oracle.jdbc.clientId oracle.jdbc.clientSecret oracle.jdbc.tenantId oracle.jdbc.redirectUri oracle.jdbc.ociCompartment oracle.jdbc.ociConfigFile oracle.jdbc.ociDatabase oracle.jdbc.ociIamUrl oracle.jdbc.ociProfile=default oracle.jdbc.ociTenancy oracle.jdbc.proxyClientName oracle.net.seps_wallet_location oracle.net.seps_wallet_password oracle.net.ssl_certificate_thumbprint'
      ),
    'classes of Java cannot be loaded': words(
      'oracle.jdbc.provider.connectionString oracle.jdbc.provider.password oracle.jdbc.provider.tlsConfiguration oracle.jdbc.provider.username'
    ),
    'files and services that hold configurations are not read; write the properties themselves':
      words('oracle.jdbc.config.file'),
    "the encryption of Oracle's own network layer is not spoken; use TCPS": words(
      'oracle.net.encryption_client=accepted|rejected|requested oracle.net.crypto_checksum_client=accepted|rejected|requested'
    ),
    'proxies other than HTTPS are not spoken to': words(
      'oracle.net.socksProxyHost oracle.net.socksProxyPort=1080 oracle.net.socksRemoteDNS=false oracle.net.proxyRemoteDNS=false'
    ),
    'sessions are opened over the network only': ['oracle.jdbc.BEQProtocolMode=disabled'],
    'nothing is changed in the database': words('oracle.jdbc.newPassword prelim_auth=false'),
    'the columns of a DATE keep their time of day': ['oracle.jdbc.mapDateToTimestamp=true'],
    'shards are not told apart': words(
      'oracle.jdbc.useShardingDriverConnection=false oracle.jdbc.allowSingleShardTransactionSupport=false'
    ),
    'queries run as they are written': words('oracle.jdbc.sqlTranslationProfile'),
    'only an open database is read': ['oracle.jdbc.databaseStateRequirement=nomount|mount|open'],
    'the TLS of Node is what it is': words('oracle.net.setFIPSMode=false oracle.net.eztls')
  }
}
