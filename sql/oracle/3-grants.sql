-- What the connector's account needs, and nothing more. Run as a DBA in the pluggable database that holds the tables.

-- An account of its own, so that it can be limited, audited and seen in V$SESSION. It owns nothing and needs no quota.
CREATE USER connect_reader IDENTIFIED BY "change-me";

-- To log in. One session per task and one for the connector are used.
GRANT CREATE SESSION TO connect_reader;

-- To read exactly these tables. READ (12.1.0.2 and later) is SELECT without the right to lock rows with FOR UPDATE.
GRANT READ ON shop.customers TO connect_reader;
GRANT READ ON shop.orders TO connect_reader;

-- Not needed: the dictionary views (ALL_TABLES, ALL_TAB_COLUMNS, …) show everybody what they may read.
-- Never needed: SELECT ANY TABLE, SELECT ANY DICTIONARY, SELECT_CATALOG_ROLE, LOGMINING, EXECUTE_CATALOG_ROLE, DBA.

-- The account reads tables of another owner: name the owner in the connector (schema.pattern=SHOP, table.whitelist=SHOP.ORDERS).

-- Long first loads need undo that lasts as long as the longest query, or they end with ORA-01555. Ask for it before the first load:
--   ALTER SYSTEM SET undo_retention = 3600
