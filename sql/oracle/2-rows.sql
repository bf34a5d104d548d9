-- A few rows to begin with. Safe to run again: nothing happens when there are customers already.
INSERT INTO customers (name, email)
SELECT name, email FROM (
  SELECT 'Ada Lovelace' AS name, 'ada@example.com' AS email FROM dual UNION ALL
  SELECT 'Grace Hopper', 'grace@example.com' FROM dual UNION ALL
  SELECT 'Annie Easley', NULL FROM dual)
WHERE NOT EXISTS (SELECT 1 FROM customers);

INSERT INTO orders (customer_id, amount, note)
SELECT id, 10 * id + 0.99, 'first order of ' || name FROM customers
WHERE NOT EXISTS (SELECT 1 FROM orders);

COMMIT;
