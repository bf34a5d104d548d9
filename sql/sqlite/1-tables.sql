-- Sample tables for SQLite: customers and orders, each with the two columns an incremental source needs:
--   id          grows with each insert            (incrementing.column.name)
--   updated_at  grows with each insert and update (timestamp.column.name), UTC, to the millisecond
-- SQLite has no exact decimals, so an amount is kept in cents.

CREATE TABLE IF NOT EXISTS customers (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  name       VARCHAR(100) NOT NULL,
  email      VARCHAR(200),
  updated_at TIMESTAMP NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now'))
);

CREATE TABLE IF NOT EXISTS orders (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  customer_id  INTEGER NOT NULL REFERENCES customers (id),
  status       VARCHAR(20) NOT NULL DEFAULT 'new',
  amount_cents INTEGER NOT NULL,
  note         TEXT,
  updated_at   TIMESTAMP NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now'))
);

-- Each poll asks for the rows behind a (time, id) pair in that order. Without this index every poll sorts the whole table.
CREATE INDEX IF NOT EXISTS customers_changes ON customers (updated_at, id);
CREATE INDEX IF NOT EXISTS orders_changes ON orders (updated_at, id);

-- An update that leaves updated_at alone gets the present moment.
CREATE TRIGGER IF NOT EXISTS customers_touch AFTER UPDATE ON customers
WHEN NEW.updated_at = OLD.updated_at
BEGIN
  UPDATE customers SET updated_at = strftime('%Y-%m-%d %H:%M:%f', 'now') WHERE id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS orders_touch AFTER UPDATE ON orders
WHEN NEW.updated_at = OLD.updated_at
BEGIN
  UPDATE orders SET updated_at = strftime('%Y-%m-%d %H:%M:%f', 'now') WHERE id = NEW.id;
END;
