-- Sample tables for MySQL 8 and MariaDB 10.5 and later, in a database of their own.
--
-- Each table has the two columns an incremental source needs:
--   id          grows with each insert            (incrementing.column.name)
--   updated_at  grows with each insert and update (timestamp.column.name), to the microsecond
-- No trigger is needed: ON UPDATE keeps updated_at. TIMESTAMP is stored in UTC whatever the session's time zone is; a DATETIME column
-- holds local time and wants `db.timezone` in the connector.

CREATE DATABASE IF NOT EXISTS shop CHARACTER SET utf8mb4;
USE shop;

CREATE TABLE IF NOT EXISTS customers (
  id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name       VARCHAR(100) NOT NULL,
  email      VARCHAR(200),
  updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  -- Each poll asks for the rows behind a (time, id) pair in that order. Without this index every poll sorts the whole table.
  INDEX customers_changes (updated_at, id)
);

CREATE TABLE IF NOT EXISTS orders (
  id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  customer_id BIGINT NOT NULL,
  status      VARCHAR(20) NOT NULL DEFAULT 'new',
  amount      DECIMAL(12, 2) NOT NULL,
  note        TEXT,
  updated_at  TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  INDEX orders_changes (updated_at, id),
  FOREIGN KEY (customer_id) REFERENCES customers (id)
);
