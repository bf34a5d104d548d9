-- A few rows to begin with. Safe to run again: rows that exist are left alone.
USE shop;

INSERT IGNORE INTO customers (id, name, email) VALUES
  (1, 'Ada Lovelace', 'ada@example.com'),
  (2, 'Grace Hopper', 'grace@example.com'),
  (3, 'Annie Easley', NULL);

INSERT IGNORE INTO orders (id, customer_id, amount, note)
SELECT id, id, 10 * id + 0.99, CONCAT('first order of ', name) FROM customers WHERE id <= 3;
