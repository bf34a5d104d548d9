import { type DriverTable, words } from '../shared/driver-properties.ts'

/**
 * Every property of mssql-jdbc (`SQLServerDriver.getPropertyInfo`), and the access token, which it takes as a
 * property only.
 */
export const mssqlJdbcProperties: DriverTable = {
  driver: 'mssql-jdbc',
  version: '13.6.2',
  ignoresCase: true,
  acts: words(`user password accessToken domain integratedSecurity authentication authenticationScheme
    serverName portNumber instanceName databaseName failoverPartner multiSubnetFailover applicationIntent
    applicationName workstationID packetSize loginTimeout socketTimeout queryTimeout lockTimeout
    defaultTransactionIsolation quotedIdentifier concatNullYieldsNull
    encrypt trustServerCertificate hostNameInCertificate serverCertificate trustStore trustStorePassword
    clientCertificate clientKey clientKeyPassword`),
  aliases: {
    username: 'user',
    server: 'serverName',
    port: 'portNumber',
    instance: 'instanceName',
    database: 'databaseName',
    domainname: 'domain',
    appname: 'applicationName'
  },
  needless: {
    'rows are read in batches of the size the connector asks for, bounded in bytes': words(
      'responseBuffering selectMethod maxResultBuffer delayLoadingLobs'
    ),
    'statements are sent with their values, which travel as text': words(
      'calcBigDecimalPrecision datetimeParameterType disableStatementPooling enablePrepareOnFirstPreparedStatementCall prepareMethod sendStringParametersAsUnicode sendTimeAsDatetime serverPreparedStatementDiscardThreshold statementPoolingCacheSize useFmtOnly vectorTypeSupport'
    ),
    'it is about writing, and this connector only reads': words(
      'bulkCopyForBatchInsertAllowEncryptedValueModifications bulkCopyForBatchInsertBatchSize bulkCopyForBatchInsertCheckConstraints bulkCopyForBatchInsertFireTriggers bulkCopyForBatchInsertKeepIdentity bulkCopyForBatchInsertKeepNulls bulkCopyForBatchInsertTableLock cacheBulkCopyMetadata lastUpdateCount sendTemporalDataTypesAsStringForBulkCopy useBulkCopyForBatchInsert'
    ),
    'a session that is lost is opened anew, by the connector': words(
      'connectRetryCount connectRetryInterval retryConn retryExec'
    ),
    'the bytes say what form a store has': words('trustStoreType'),
    'the system and Node choose it': words(
      'iPAddressPreference serverNameAsACE TransparentNetworkIPResolution'
    ),
    'errors carry the numbers of the server': words('xopenStates'),
    'a query is ended on the server at once': words('cancelQueryTimeout')
  },
  idle: {
    'Kerberos is not spoken (NTLM, logins with a password and access tokens are)': words(
      'jaasConfigurationName realm serverSpn useDefaultGSSCredential useDefaultJaasConfig'
    ),
    'identities of Azure are not asked; accessToken takes a token': words(
      'AADSecurePrincipalId AADSecurePrincipalSecret msiClientId'
    ),
    'columns are not decrypted on this side': words(
      'enclaveAttestationProtocol enclaveAttestationUrl keyStoreAuthentication keyStoreLocation keyStorePrincipalId keyStoreSecret keyVaultProviderClientId keyVaultProviderClientKey'
    ),
    'Node chooses among the versions of its TLS, from 1.2': words('sslProtocol')
  },
  refused: {
    'classes of Java cannot be loaded': words(
      'accessTokenCallback accessTokenCallbackClass socketFactoryClass socketFactoryConstructorArg trustManagerClass trustManagerConstructorArg'
    ),
    'columns are not decrypted on this side, and would be read as they are stored': [
      'columnEncryptionSetting=disabled'
    ],
    'the TLS of Node is what it is': ['fips=false|no|off|0'],
    'sessions of replication are not for reading tables': ['replication=false|no|off|0']
  }
}
