import { DATE, NUMBER, varchar } from '../sql/sql-type.ts'
import type { SystemView } from './objects.ts'
import { columns, FLAG, LONG, NAME, view } from './system-facts.ts'

/** Which rows a view shows, by their owner and table. */
type Scope = (owner: string, table: string) => string

function tabColumns(scope: Scope): SystemView {
  const list = [
    ...columns(NAME, {
      OWNER: 'owner',
      TABLE_NAME: 'table_name',
      COLUMN_NAME: 'name',
      DATA_TYPE: 'type'
    }),
    ...columns(FLAG, { DATA_TYPE_MOD: 'NULL' }),
    ...columns(NAME, { DATA_TYPE_OWNER: 'NULL' }),
    ...columns(NUMBER, { DATA_LENGTH: 'length', DATA_PRECISION: 'precision', DATA_SCALE: 'scale' }),
    ...columns(FLAG, { NULLABLE: 'nullable' }),
    ...columns(NUMBER, { COLUMN_ID: 'position', DEFAULT_LENGTH: 'NULL' }),
    ...columns(LONG, { DATA_DEFAULT: 'standard' }),
    ...columns(varchar(44), { CHARACTER_SET_NAME: 'form' }),
    ...columns(NUMBER, { CHAR_COL_DECL_LENGTH: 'characters', CHAR_LENGTH: 'characters' }),
    ...columns(FLAG, {
      CHAR_USED: 'used',
      HIDDEN_COLUMN: "'NO'",
      VIRTUAL_COLUMN: "'NO'",
      USER_GENERATED: "'YES'",
      IDENTITY_COLUMN: "CASE WHEN identity IS NULL THEN 'NO' ELSE 'YES' END",
      DEFAULT_ON_NULL: "'NO'"
    }),
    ...columns(NUMBER, { SEGMENT_COLUMN_ID: 'position', INTERNAL_COLUMN_ID: 'position' })
  ]
  return view('', list, `FROM d_column d WHERE ${scope('d.owner', 'd.table_name')}`)
}

/** Views whose names begin with ALL_, USER_ or DBA_. */
export const DICTIONARY: Readonly<Record<string, (scope: Scope) => SystemView>> = {
  TABLES: (scope) =>
    view(
      '',
      [
        ...columns(NAME, {
          OWNER: 'owner',
          TABLE_NAME: 'name',
          TABLESPACE_NAME: "'USERS'",
          CLUSTER_NAME: 'NULL',
          IOT_NAME: 'NULL'
        }),
        ...columns(varchar(12), { STATUS: "'VALID'", IOT_TYPE: 'NULL' }),
        ...columns(NUMBER, { NUM_ROWS: 'NULL', BLOCKS: 'NULL', AVG_ROW_LEN: 'NULL' }),
        ...columns(DATE, { LAST_ANALYZED: 'NULL' }),
        ...columns(FLAG, {
          PARTITIONED: "'NO'",
          TEMPORARY: 'temporary',
          SECONDARY: "'N'",
          NESTED: "'NO'",
          DROPPED: "'NO'",
          READ_ONLY: "'NO'",
          EXTERNAL: "'NO'"
        })
      ],
      `FROM d_table d WHERE ${scope('d.owner', 'd.name')}`
    ),
  VIEWS: (scope) =>
    view(
      '',
      [
        ...columns(NAME, { OWNER: 'owner', VIEW_NAME: 'name' }),
        ...columns(NUMBER, { TEXT_LENGTH: 'length' }),
        ...columns(LONG, { TEXT: 'text' }),
        ...columns(FLAG, { READ_ONLY: "'N'" })
      ],
      `FROM d_view d WHERE materialized = 'N' AND ${scope('d.owner', 'd.name')}`
    ),
  MVIEWS: (scope) =>
    view(
      '',
      [
        ...columns(NAME, { OWNER: 'owner', MVIEW_NAME: 'name', CONTAINER_NAME: 'name' }),
        ...columns(LONG, { QUERY: 'text' }),
        ...columns(varchar(9), { REFRESH_MODE: "'DEMAND'", REFRESH_METHOD: "'FORCE'" })
      ],
      `FROM d_view d WHERE materialized = 'Y' AND ${scope('d.owner', 'd.name')}`
    ),
  OBJECTS: (scope) =>
    view(
      '',
      [
        ...columns(NAME, { OWNER: 'owner', OBJECT_NAME: 'name', SUBOBJECT_NAME: 'NULL' }),
        ...columns(NUMBER, { OBJECT_ID: 'id', DATA_OBJECT_ID: 'id' }),
        ...columns(varchar(23), { OBJECT_TYPE: 'type' }),
        ...columns(DATE, { CREATED: 'created', LAST_DDL_TIME: 'created' }),
        ...columns(varchar(7), { STATUS: "'VALID'" }),
        ...columns(FLAG, {
          TEMPORARY: 'temporary',
          GENERATED: "'N'",
          SECONDARY: "'N'",
          ORACLE_MAINTAINED: "CASE owner WHEN 'SYS' THEN 'Y' ELSE 'N' END"
        })
      ],
      `FROM d_object d WHERE ${scope('d.owner', 'd.name')}`
    ),
  TAB_COLUMNS: tabColumns,
  TAB_COLS: tabColumns,
  TAB_IDENTITY_COLS: (scope) =>
    view(
      '',
      [
        ...columns(NAME, { OWNER: 'owner', TABLE_NAME: 'table_name', COLUMN_NAME: 'name' }),
        ...columns(varchar(10), { GENERATION_TYPE: 'identity' })
      ],
      `FROM d_column d WHERE identity IS NOT NULL AND ${scope('d.owner', 'd.table_name')}`
    ),
  /** There are none. */
  TRIGGERS: () =>
    view(
      '',
      columns(NAME, {
        OWNER: 'owner',
        TRIGGER_NAME: 'name',
        TABLE_OWNER: 'owner',
        TABLE_NAME: 'name'
      }),
      'FROM d_table d WHERE 0'
    ),
  CONSTRAINTS: (scope) =>
    view(
      '',
      [
        ...columns(NAME, { OWNER: 'owner', CONSTRAINT_NAME: 'name' }),
        ...columns(FLAG, { CONSTRAINT_TYPE: 'type' }),
        ...columns(NAME, {
          TABLE_NAME: 'table_name',
          R_OWNER: 'r_owner',
          R_CONSTRAINT_NAME: 'r_name'
        }),
        ...columns(LONG, { SEARCH_CONDITION: 'condition' }),
        ...columns(varchar(4000), { SEARCH_CONDITION_VC: 'condition' }),
        ...columns(varchar(14), {
          STATUS: "'ENABLED'",
          VALIDATED: "'VALIDATED'",
          GENERATED: 'generated',
          DEFERRABLE: "'NOT DEFERRABLE'"
        }),
        ...columns(NAME, {
          INDEX_OWNER: "CASE WHEN type IN ('P', 'U') THEN owner END",
          INDEX_NAME: "CASE WHEN type IN ('P', 'U') THEN name END"
        })
      ],
      `FROM d_constraint d WHERE ${scope('d.owner', 'd.table_name')}`
    ),
  CONS_COLUMNS: (scope) =>
    view(
      '',
      [
        ...columns(NAME, {
          OWNER: 'owner',
          CONSTRAINT_NAME: 'name',
          TABLE_NAME: 'table_name',
          COLUMN_NAME: 'column_name'
        }),
        ...columns(NUMBER, { POSITION: 'position' })
      ],
      `FROM d_constraint_column d WHERE ${scope('d.owner', 'd.table_name')}`
    ),
  INDEXES: (scope) =>
    view(
      '',
      [
        ...columns(NAME, {
          OWNER: 'owner',
          INDEX_NAME: 'name',
          TABLE_OWNER: 'table_owner',
          TABLE_NAME: 'table_name'
        }),
        ...columns(varchar(27), { INDEX_TYPE: "'NORMAL'", TABLE_TYPE: "'TABLE'" }),
        ...columns(varchar(9), { UNIQUENESS: 'uniqueness', STATUS: "'VALID'" }),
        ...columns(FLAG, { PARTITIONED: "'NO'" }),
        ...columns(varchar(9), { VISIBILITY: "'VISIBLE'" })
      ],
      `FROM d_index d WHERE ${scope('d.table_owner', 'd.table_name')}`
    ),
  IND_COLUMNS: (scope) =>
    view(
      '',
      [
        ...columns(NAME, {
          INDEX_OWNER: 'owner',
          INDEX_NAME: 'name',
          TABLE_OWNER: 'table_owner',
          TABLE_NAME: 'table_name'
        }),
        ...columns(varchar(4000), { COLUMN_NAME: 'column_name' }),
        ...columns(NUMBER, { COLUMN_POSITION: 'position' }),
        ...columns(varchar(4), { DESCEND: "'ASC'" })
      ],
      `FROM d_index_column d WHERE ${scope('d.table_owner', 'd.table_name')}`
    ),
  SYNONYMS: (scope) =>
    view(
      '',
      columns(NAME, {
        OWNER: 'owner',
        SYNONYM_NAME: 'name',
        TABLE_OWNER: 'target_owner',
        TABLE_NAME: 'target_name',
        DB_LINK: 'link'
      }),
      `FROM d_synonym d WHERE ${scope('d.owner', 'd.name')} OR owner = 'PUBLIC'`
    ),
  USERS: () =>
    view(
      '',
      [
        ...columns(NAME, { USERNAME: 'name' }),
        ...columns(NUMBER, { USER_ID: 'id' }),
        ...columns(DATE, { CREATED: 'created' }),
        ...columns(FLAG, { ORACLE_MAINTAINED: "CASE name WHEN 'SYS' THEN 'Y' ELSE 'N' END" })
      ],
      'FROM d_user'
    )
}
