-- What the connector's account needs, and nothing more. Run as an administrator. Replace '%' by the worker's address.

-- An account of its own, so that it can be limited and seen in the process list. One connection per task and one for the
-- connector are used; a limit keeps a mistake from exhausting the server.
CREATE USER IF NOT EXISTS 'connect'@'%' IDENTIFIED BY 'change-me' WITH MAX_USER_CONNECTIONS 10;

-- To read exactly these tables; information_schema then shows these tables and no others.
GRANT SELECT ON shop.customers TO 'connect'@'%';
GRANT SELECT ON shop.orders TO 'connect'@'%';

-- Recommended: lets the connector see which transactions are still open. With it no row is lost that is committed after later ones were
-- read; without it only those are found that are committed within late.commit.window.ms.
GRANT PROCESS ON *.* TO 'connect'@'%';

-- Never needed: INSERT, UPDATE, DELETE, LOCK TABLES, RELOAD, REPLICATION CLIENT, REPLICATION SLAVE.
