-- What the connector's account needs, and nothing more. Run as an administrator in the database that holds the tables.

-- An account of its own, so that it can be limited and seen in sys.dm_exec_sessions.
CREATE LOGIN connect_reader WITH PASSWORD = 'Change-me-1';
CREATE USER connect_reader FOR LOGIN connect_reader;

-- To read exactly these tables. The catalog views show everybody the tables they may read.
GRANT SELECT ON OBJECT::dbo.customers TO connect_reader;
GRANT SELECT ON OBJECT::dbo.orders TO connect_reader;

-- Readers and writers block each other under SQL Server's default locking. Row versions end that, for the whole database:
--   ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT ON;
-- or, for this connector alone (transaction.isolation.mode=SQL_SERVER_SNAPSHOT):
--   ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON;

-- Recommended: lets the connector see which transactions are still open (run it in master; in Azure SQL: VIEW DATABASE STATE). With it no row
-- is lost that is committed after later ones were read; without it only those are found that are committed within late.commit.window.ms.
--   GRANT VIEW SERVER STATE TO connect_reader;

-- Never needed: db_datareader, db_owner, any right to write.
