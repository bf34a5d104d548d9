-- What the connector's account needs, and nothing more. Run as the owner of the tables or a superuser.

-- An account of its own, so that it can be limited and seen in pg_stat_activity. One connection per task and one for the
-- connector are used; a limit keeps a mistake from exhausting the server.
CREATE ROLE connect LOGIN PASSWORD 'change-me' CONNECTION LIMIT 10;

-- To open the database and to see the schema (names other than public: repeat the second line for each).
DO $$ BEGIN EXECUTE format('GRANT CONNECT ON DATABASE %I TO connect', current_database()); END $$;
GRANT USAGE ON SCHEMA public TO connect;

-- To read exactly these tables. The catalogs show it the names of all others as well: name the tables in the connector (table.whitelist), for a
-- pattern or a list of all tables takes those it may not read too, and says so of each.
GRANT SELECT ON customers, orders TO connect;

-- For tables created later by the same owner, if new tables should be picked up without asking:
-- ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO connect;

-- Which transactions are still open everybody may see; for how long they have been, in the connector's status: GRANT pg_monitor TO connect;

-- Never needed: INSERT, UPDATE, DELETE, CREATE, REPLICATION, membership in other roles.
-- A read-only default makes that visible:
ALTER ROLE connect SET default_transaction_read_only = on;
