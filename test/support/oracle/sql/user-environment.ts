import { OracleError } from '../oracle-error.ts'

/** Settings of a new session. */
export const STANDARD_NLS: readonly (readonly [string, string])[] = [
  ['NLS_LANGUAGE', 'AMERICAN'],
  ['NLS_TERRITORY', 'AMERICA'],
  ['NLS_NUMERIC_CHARACTERS', '.,'],
  ['NLS_CALENDAR', 'GREGORIAN'],
  ['NLS_DATE_FORMAT', 'DD-MON-RR'],
  ['NLS_DATE_LANGUAGE', 'AMERICAN'],
  ['NLS_SORT', 'BINARY'],
  ['NLS_TIMESTAMP_FORMAT', 'DD-MON-RR HH.MI.SSXFF AM'],
  ['NLS_TIMESTAMP_TZ_FORMAT', 'DD-MON-RR HH.MI.SSXFF AM TZR'],
  ['NLS_COMP', 'BINARY'],
  ['NLS_LENGTH_SEMANTICS', 'BYTE']
]

/** What USERENV is asked about. */
interface EnvironmentOf {
  readonly user: string
  readonly schema: string
  readonly databaseRole: string
  readonly identity: { readonly id: number }
  readonly nls: ReadonlyMap<string, string>
  readonly attributes: ReadonlyMap<string, string>
}

/** The answer of SYS_CONTEXT('USERENV', name); ORA-02003 for a name that does not exist. */
export function userEnvironment(name: string, session: EnvironmentOf): string | null {
  const { user, schema, databaseRole, identity, nls, attributes } = session
  const known: Readonly<Record<string, string>> = {
    SESSION_USER: user,
    CURRENT_USER: user,
    CURRENT_SCHEMA: schema,
    DATABASE_ROLE: databaseRole,
    DB_NAME: 'ORCL',
    CON_NAME: 'ORCL',
    INSTANCE_NAME: 'orcl',
    SERVER_HOST: 'localhost',
    SERVICE_NAME: 'orcl',
    SID: String(identity.id),
    SESSIONID: String(identity.id),
    NLS_DATE_FORMAT: nls.get('NLS_DATE_FORMAT') ?? '',
    LANGUAGE: 'AMERICAN_AMERICA.AL32UTF8',
    MODULE: attributes.get('module') ?? '',
    ACTION: attributes.get('action') ?? '',
    CLIENT_INFO: attributes.get('client_info') ?? '',
    CLIENT_IDENTIFIER: attributes.get('client_identifier') ?? ''
  }
  const value = known[name]
  if (value === undefined) throw new OracleError(2003)
  return value === '' ? null : value
}
