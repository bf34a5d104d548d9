-- Sample tables for SQL Server 2016 and later and Azure SQL. Run in the database the connector will read.
--
-- Each table has the two columns an incremental source needs:
--   id          grows with each insert            (incrementing.column.name)
--   updated_at  grows with each insert and update (timestamp.column.name), UTC
-- Take datetime2, not datetime: datetime is rounded to 1/300 of a second, so what is stored differs from what is asked for.

CREATE TABLE dbo.customers (
  id         bigint IDENTITY(1, 1) PRIMARY KEY,
  name       nvarchar(100) NOT NULL,
  email      nvarchar(200) NULL,
  updated_at datetime2(7) NOT NULL DEFAULT SYSUTCDATETIME()
);

CREATE TABLE dbo.orders (
  id          bigint IDENTITY(1, 1) PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES dbo.customers (id),
  status      nvarchar(20) NOT NULL DEFAULT 'new',
  amount      decimal(12, 2) NOT NULL,
  note        nvarchar(2000) NULL,
  updated_at  datetime2(7) NOT NULL DEFAULT SYSUTCDATETIME()
);

-- Each poll asks for the rows behind a (time, id) pair in that order. Without this index every poll sorts the whole table.
CREATE INDEX customers_changes ON dbo.customers (updated_at, id);
CREATE INDEX orders_changes ON dbo.orders (updated_at, id);
GO

CREATE TRIGGER dbo.customers_touch ON dbo.customers AFTER UPDATE AS
BEGIN
  SET NOCOUNT ON;
  IF TRIGGER_NESTLEVEL(@@PROCID) > 1 RETURN;
  UPDATE c SET updated_at = SYSUTCDATETIME() FROM dbo.customers c JOIN inserted i ON i.id = c.id;
END;
GO

CREATE TRIGGER dbo.orders_touch ON dbo.orders AFTER UPDATE AS
BEGIN
  SET NOCOUNT ON;
  IF TRIGGER_NESTLEVEL(@@PROCID) > 1 RETURN;
  UPDATE o SET updated_at = SYSUTCDATETIME() FROM dbo.orders o JOIN inserted i ON i.id = o.id;
END;
GO
