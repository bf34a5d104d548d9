-- What the connector's account needs, and nothing more. Run as a DBA in the pluggable database that holds the tables.

-- An account of its own, so that it can be limited, audited and seen in V$SESSION. It owns nothing and needs no quota.
CREATE USER connect_reader IDENTIFIED BY "change-me";

-- To log in. One session per task and one for the connector are used.
GRANT CREATE SESSION TO connect_reader;

-- To read exactly these tables. READ (12.1.0.2 and later) is SELECT without the right to lock rows with FOR UPDATE.
GRANT READ ON shop.customers TO connect_reader;
GRANT READ ON shop.orders TO connect_reader;

-- A view is granted like a table, and needs nothing on the tables beneath it. A synonym gives no rights: grant its table.
-- Instead of a grant for each table, for a whole schema (23ai and later): GRANT READ ANY TABLE ON SCHEMA shop TO connect_reader;

-- Not needed: the dictionary views (ALL_TABLES, ALL_TAB_COLUMNS, ALL_IND_COLUMNS, …) show everybody what they may read, and no more:
-- a table without a grant is reported as missing.
-- Recommended: lets the connector see which transactions are still open, on every instance of a cluster. With it no row is lost that
-- is committed after later ones were read; without it only those are found that are committed within late.commit.window.ms.
GRANT SELECT ON sys.gv_$transaction TO connect_reader;
-- The same where there is one instance only, instead: GRANT SELECT ON sys.v_$transaction TO connect_reader;
-- Recommended where statements that stamp rows with SYSDATE or SYSTIMESTAMP run for long before their first change (UPDATE, MERGE,
-- INSERT … SELECT): lets the connector see them by the locks on their tables.
GRANT SELECT ON sys.gv_$lock TO connect_reader;
-- Never needed: SELECT ANY TABLE, SELECT ANY DICTIONARY, SELECT_CATALOG_ROLE, LOGMINING, EXECUTE_CATALOG_ROLE, DBA.

-- The account reads tables of another owner: name the owner in the connector (schema.pattern=SHOP, table.whitelist=SHOP.ORDERS).

-- The transactions of the connector are SET TRANSACTION READ ONLY: they lock nothing, and nobody waits for them.

-- A profile keeps a mistake small, and must not end sessions that are in use (ORA-02396, which the connector survives by a new session):
--   CREATE PROFILE connect_reader LIMIT SESSIONS_PER_USER 20 IDLE_TIME UNLIMITED PASSWORD_LIFE_TIME UNLIMITED;
--   ALTER USER connect_reader PROFILE connect_reader;
-- Count a session for each task, one for the connector, and one more for each configuration that is being validated.

-- Long first loads need undo that lasts as long as the longest query, or they end with ORA-01555. Ask for it before the first load:
--   ALTER SYSTEM SET undo_retention = 3600
