/** What JDBC calls the kind of a relation `c` in a schema `n`. */
export const TABLE_TYPES = `CASE WHEN n.nspname IN ('pg_catalog', 'information_schema') THEN CASE WHEN c.relkind = 'v' THEN 'SYSTEM VIEW' ELSE 'SYSTEM TABLE' END
  WHEN c.relpersistence = 't' THEN CASE WHEN c.relkind = 'v' THEN 'TEMPORARY VIEW' ELSE 'TEMPORARY TABLE' END
  ELSE CASE c.relkind WHEN 'r' THEN 'TABLE' WHEN 'p' THEN 'PARTITIONED TABLE' WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE' END END`

/** Any privilege will do, as for the JDBC driver. */
export const ALLOWED = `has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, REFERENCES, TRIGGER')`

/**
 * The type below all domains, with its modifier; a domain on the way may forbid null, and an enum has an
 * object id of its own.
 */
const BASE_TYPE = (oid: string, typmod: string): string => `CROSS JOIN LATERAL (
  WITH RECURSIVE base AS (
    SELECT t.oid, t.typtype, t.typbasetype, t.typtypmod, t.typnotnull, ${typmod} AS typmod FROM pg_catalog.pg_type t WHERE t.oid = ${oid}
    UNION ALL
    SELECT t.oid, t.typtype, t.typbasetype, t.typtypmod, t.typnotnull OR base.typnotnull, base.typtypmod
    FROM base JOIN pg_catalog.pg_type t ON t.oid = base.typbasetype WHERE base.typtype = 'd')
  SELECT CASE WHEN typtype = 'e' THEN '25' ELSE base.oid END AS oid, base.typmod, base.typnotnull FROM base WHERE typtype <> 'd') AS base`

/** Columns of a table by its schema and name. */
export const DESCRIBE_TABLE = `
SELECT a.attname, base.oid, base.typmod, format_type(a.atttypid, a.atttypmod), a.attnotnull OR base.typnotnull,
       a.attidentity <> '' OR COALESCE(pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%', false),
       array_position(k.conkey, a.attnum)
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
${BASE_TYPE('a.atttypid', 'a.atttypmod')}
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_catalog.pg_constraint k ON k.conrelid = a.attrelid AND k.contype = 'p'
WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum`

/** A result says the types below domains; whether its column can be null only the table's column knows. */
export const DESCRIBE_FIELDS = `
SELECT format_type(f.oid, f.typmod), a.attnotnull OR own.typnotnull, base.oid
FROM unnest($1::oid[], $2::int4[], $3::oid[], $4::int2[]) WITH ORDINALITY AS f(oid, typmod, tableid, attnum, place)
${BASE_TYPE('f.oid', 'f.typmod')}
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = f.tableid AND a.attnum = f.attnum AND f.attnum > 0
LEFT JOIN pg_catalog.pg_type own ON own.oid = a.atttypid
ORDER BY f.place`
