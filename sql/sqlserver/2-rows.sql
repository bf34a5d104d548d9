-- A few rows to begin with. Safe to run again: nothing happens when there are customers already.
IF NOT EXISTS (SELECT 1 FROM dbo.customers)
  INSERT INTO dbo.customers (name, email) VALUES
    (N'Ada Lovelace', N'ada@example.com'),
    (N'Grace Hopper', N'grace@example.com'),
    (N'Annie Easley', NULL);

IF NOT EXISTS (SELECT 1 FROM dbo.orders)
  INSERT INTO dbo.orders (customer_id, amount, note)
  SELECT id, 10 * id + 0.99, CONCAT(N'first order of ', name) FROM dbo.customers;
