-- A few rows to begin with. Safe to run again: nothing happens when there are customers already.
INSERT INTO customers (name, email)
SELECT column1, column2 FROM (VALUES
  ('Ada Lovelace', 'ada@example.com'),
  ('Grace Hopper', 'grace@example.com'),
  ('Annie Easley', NULL))
WHERE NOT EXISTS (SELECT 1 FROM customers);

INSERT INTO orders (customer_id, status, amount_cents, note)
SELECT id, 'new', 1000 * id + 99, 'first order of ' || name FROM customers
WHERE NOT EXISTS (SELECT 1 FROM orders);
