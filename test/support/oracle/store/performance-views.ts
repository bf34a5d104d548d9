import { DATE, NUMBER, type SqlType, varchar } from '../sql/sql-type.ts'
import { fullBanner } from '../release.ts'
import type { SystemView } from './objects.ts'
import { blob, columns, NAME, rows, type SystemFacts, text, view } from './system-facts.ts'

function transactions(name: string, facts: SystemFacts): SystemView {
  const list = facts.transactions.map(
    ({ id, session, startTime, startDate, startScn, records }) => [
      blob(Buffer.from(id.toString(16).padStart(16, '0'), 'hex')),
      blob(Buffer.from(session.toString(16).padStart(16, '0'), 'hex')),
      text(startTime),
      blob(startDate),
      blob(startScn),
      blob(records),
      blob(facts.number(id)),
      blob(facts.number(1))
    ]
  )
  // A transaction that only reads has no undo, and so no number.
  for (const { id } of facts.readers) {
    const none = blob(facts.number(0))
    const session = blob(Buffer.from(id.toString(16).padStart(16, '0'), 'hex'))
    list.push([blob(Buffer.alloc(8)), session, 'NULL', 'NULL', 'NULL', none, none, none])
  }
  const address: SqlType = { name: 'RAW', size: 8 }
  return view(
    name,
    [
      ...(name.startsWith('GV') ? columns(NUMBER, { INST_ID: blob(facts.number(1)) }) : []),
      ...columns(address, { ADDR: 'column1', SES_ADDR: 'column2' }),
      ...columns(NUMBER, {
        XIDUSN: 'column8',
        XIDSLOT: 'column8',
        XIDSQN: 'column7'
      }),
      ...columns(varchar(16), { STATUS: "'ACTIVE'" }),
      ...columns(varchar(20), { START_TIME: 'column3' }),
      ...columns(DATE, { START_DATE: 'column4' }),
      ...columns(NUMBER, { START_SCN: 'column5', START_SCNB: 'column5', USED_UREC: 'column6' }),
      ...columns(address, { XID: 'column1' })
    ],
    rows(list, 8),
    true
  )
}

/** The locks of open transactions and of statements that have changed nothing yet. */
function locks(name: string, facts: SystemFacts): SystemView {
  const row = (session: number, type: 'TM' | 'TX', id: [number, number], mode: number, age = 0) => [
    blob(facts.number(session)),
    text(type),
    ...[...id, mode, age].map((value) => blob(facts.number(value)))
  ]
  const list = [
    ...facts.transactions.flatMap(({ id, session }) => [
      row(session, 'TM', [1, 0], 3),
      row(session, 'TX', [65_537, id], 6)
    ]),
    ...facts.lockers.map(({ session, seconds }) => row(session, 'TM', [1, 0], 3, seconds))
  ]
  return view(
    name,
    [
      ...(name.startsWith('GV') ? columns(NUMBER, { INST_ID: blob(facts.number(1)) }) : []),
      ...columns(varchar(2), { TYPE: 'column2' }),
      ...columns(NUMBER, {
        SID: 'column1',
        ID1: 'column3',
        ID2: 'column4',
        LMODE: 'column5',
        REQUEST: blob(facts.number(0)),
        CTIME: 'column6'
      })
    ],
    rows(list, 6),
    true
  )
}

/** One row for each instance that has the database open. */
function activeInstances(facts: SystemFacts): SystemView {
  const numbers = Array.from({ length: facts.instances }, (_, index) => index + 1)
  return view(
    'V$ACTIVE_INSTANCES',
    [
      ...columns(NUMBER, { INST_NUMBER: 'column1' }),
      ...columns(varchar(60), { INST_NAME: "'localhost:orcl'" })
    ],
    rows(
      numbers.map((each) => [blob(facts.number(each))]),
      1
    )
  )
}

function options(facts: SystemFacts): SystemView {
  return view(
    'V$OPTION',
    columns(varchar(64), {
      PARAMETER: "'Real Application Clusters'",
      VALUE: facts.instances > 1 ? "'TRUE'" : "'FALSE'"
    }),
    'FROM (SELECT 1)'
  )
}

function sessions(name: string, facts: SystemFacts): SystemView {
  const list = facts.sessions.map(({ id, serial, user, attributes }) => [
    blob(Buffer.from(id.toString(16).padStart(16, '0'), 'hex')),
    blob(facts.number(id)),
    blob(facts.number(serial)),
    text(user),
    ...['module', 'action', 'client_info', 'client_identifier'].map((key) =>
      text(attributes.get(key) ?? null)
    )
  ])
  return view(
    name,
    [
      ...(name.startsWith('GV') ? columns(NUMBER, { INST_ID: blob(facts.number(1)) }) : []),
      ...columns({ name: 'RAW', size: 8 }, { SADDR: 'column1' }),
      ...columns(NUMBER, { SID: 'column2', 'SERIAL#': 'column3' }),
      ...columns(NAME, {
        USERNAME: 'column4',
        MODULE: 'column5',
        ACTION: 'column6',
        CLIENT_INFO: 'column7',
        CLIENT_IDENTIFIER: 'column8'
      }),
      ...columns(varchar(8), { STATUS: "'ACTIVE'", TYPE: "'USER'" })
    ],
    rows(list, 8),
    true
  )
}

function instance(name: string, facts: SystemFacts): SystemView {
  const one = blob(facts.number(1))
  return view(
    name,
    [
      ...(name.startsWith('GV') ? columns(NUMBER, { INST_ID: one }) : []),
      ...columns(NUMBER, { INSTANCE_NUMBER: one }),
      ...columns(varchar(64), { INSTANCE_NAME: "'orcl'", HOST_NAME: "'localhost'" }),
      ...columns(varchar(17), {
        VERSION: text(facts.release.version),
        VERSION_FULL: text(facts.release.fullVersion),
        STATUS: "'OPEN'",
        DATABASE_STATUS: "'ACTIVE'",
        EDITION: "'EE'"
      }),
      ...columns(DATE, { STARTUP_TIME: blob(facts.startedAt) })
    ],
    'FROM (SELECT 1)',
    true
  )
}

/** DUAL, the V$ views and others with names of their own. */
export const SPECIAL: Readonly<Record<string, (facts: SystemFacts) => SystemView>> = {
  DUAL: () => view('DUAL', columns(varchar(1), { DUMMY: "'X'" }), 'FROM (SELECT 1)'),
  V$TRANSACTION: (facts) => transactions('V$TRANSACTION', facts),
  GV$TRANSACTION: (facts) => transactions('GV$TRANSACTION', facts),
  V$LOCK: (facts) => locks('V$LOCK', facts),
  GV$LOCK: (facts) => locks('GV$LOCK', facts),
  V$ACTIVE_INSTANCES: activeInstances,
  V$OPTION: options,
  ALL_DEPENDENCIES: (facts) =>
    view(
      'ALL_DEPENDENCIES',
      columns(NAME, {
        OWNER: 'column1',
        NAME: 'column2',
        TYPE: 'column3',
        REFERENCED_OWNER: 'column4',
        REFERENCED_NAME: 'column5',
        REFERENCED_LINK_NAME: 'column6'
      }),
      rows(
        facts.dependencies.map((row) => row.map(text)),
        6
      )
    ),
  V$SESSION: (facts) => sessions('V$SESSION', facts),
  GV$SESSION: (facts) => sessions('GV$SESSION', facts),
  V$INSTANCE: (facts) => instance('V$INSTANCE', facts),
  GV$INSTANCE: (facts) => instance('GV$INSTANCE', facts),
  V$VERSION: ({ release }) =>
    view(
      'V$VERSION',
      columns(varchar(160), {
        BANNER: text(release.banner),
        BANNER_FULL: text(fullBanner(release)),
        BANNER_LEGACY: text(release.banner)
      }),
      'FROM (SELECT 1)'
    ),
  PRODUCT_COMPONENT_VERSION: ({ release }) =>
    view(
      'PRODUCT_COMPONENT_VERSION',
      columns(varchar(80), {
        PRODUCT: text(release.banner.replace(/Release.*/, '')),
        VERSION: text(release.version),
        VERSION_FULL: text(release.fullVersion),
        STATUS: "'Production'"
      }),
      'FROM (SELECT 1)'
    ),
  V$DATABASE: (facts) =>
    view(
      'V$DATABASE',
      [
        ...columns(varchar(30), {
          NAME: "'ORCL'",
          DB_UNIQUE_NAME: "'ORCL'",
          OPEN_MODE: "'READ WRITE'",
          DATABASE_ROLE: text(facts.role),
          LOG_MODE: "'NOARCHIVELOG'",
          FLASHBACK_ON: "'NO'"
        }),
        ...columns(NUMBER, { CURRENT_SCN: blob(facts.scn), DBID: blob(facts.number(1_234_567)) })
      ],
      'FROM (SELECT 1)',
      true
    ),
  NLS_SESSION_PARAMETERS: (facts) =>
    view(
      'NLS_SESSION_PARAMETERS',
      [
        ...columns(varchar(30), { PARAMETER: 'column1' }),
        ...columns(varchar(64), { VALUE: 'column2' })
      ],
      rows(
        [...facts.nls].map(([key, value]) => [text(key), text(value)]),
        2
      )
    ),
  SESSION_PRIVS: (facts) =>
    view(
      'SESSION_PRIVS',
      columns(varchar(40), { PRIVILEGE: 'privilege' }),
      `FROM (SELECT 'CREATE SESSION' AS privilege UNION SELECT privilege FROM d_grant WHERE owner = '' AND grantee IN (${text(facts.user)}, 'PUBLIC'))`
    )
}
