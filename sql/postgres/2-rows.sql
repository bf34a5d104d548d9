-- A few rows to begin with. Safe to run again: nothing happens when there are customers already.
INSERT INTO customers (name, email)
SELECT * FROM (VALUES
  ('Ada Lovelace', 'ada@example.com'),
  ('Grace Hopper', 'grace@example.com'),
  ('Annie Easley', NULL)) AS first (name, email)
WHERE NOT EXISTS (SELECT 1 FROM customers);

INSERT INTO orders (customer_id, amount, note)
SELECT id, 10 * id + 0.99, 'first order of ' || name FROM customers
WHERE NOT EXISTS (SELECT 1 FROM orders);
