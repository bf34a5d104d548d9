"""Asks the test server through python-oracledb what the tests ask it through the driver for Node: a second reading of the protocol.

Usage: python_check.py <host:port/service> <user> <password> <major version>. Prints "ok" at the end; an assertion fails otherwise.
"""

import datetime
import decimal
import sys

import oracledb

connect_string, user, password, major = sys.argv[1:5]
oracledb.defaults.fetch_decimals = True


def code_of(action):
    try:
        action()
    except oracledb.Error as error:
        return error.args[0].full_code
    raise AssertionError("an error was expected")


def check_logon():
    with oracledb.connect(user=user, password=password, dsn=connect_string) as connection:
        assert connection.version.startswith(f"{major}."), connection.version
        connection.ping()
    wrong = lambda: oracledb.connect(user=user, password="wrong", dsn=connect_string)
    assert code_of(wrong) == "ORA-01017"
    nowhere = connect_string.split("/")[0] + "/NOPE"
    code = code_of(lambda: oracledb.connect(user=user, password=password, dsn=nowhere))
    assert code in ("DPY-6001", "DPY-6005"), code


def check_values(cursor):
    cursor.execute("SELECT 1, 'a', NULL, 1/4, :1, TO_CHAR(:2, 'YYYY-MM-DD') FROM DUAL", ["ä", datetime.datetime(2024, 2, 29)])
    assert cursor.fetchall() == [(1, "a", None, decimal.Decimal("0.25"), "ä", "2024-02-29")]
    cursor.execute(
        """CREATE TABLE py_types (n NUMBER, w NUMBER(38), v VARCHAR2(20), c CHAR(3), nv NVARCHAR2(9), d DATE,
        t TIMESTAMP(6), tz TIMESTAMP(6) WITH TIME ZONE, ds INTERVAL DAY TO SECOND, ym INTERVAL YEAR TO MONTH,
        r RAW(9), f BINARY_FLOAT, b BINARY_DOUBLE, cl CLOB, bl BLOB, nc NCLOB)"""
    )
    big = decimal.Decimal("99999999999999999999999999999999999999")
    moment = datetime.datetime(2024, 2, 29, 12, 13, 14, 123456)
    gap = datetime.timedelta(days=-3, hours=-4, microseconds=-5)
    text, data = "订单" * 20000, b"\x05" * 70000
    values = [decimal.Decimal("-.001"), big, "x", "a", "订", moment, moment, moment, gap,
              oracledb.IntervalYM(1, 2), b"\0\xff", 1.5, -2.5, text, data, "n"]
    cursor.setinputsizes(None, None, None, None, oracledb.DB_TYPE_NVARCHAR, oracledb.DB_TYPE_DATE, oracledb.DB_TYPE_TIMESTAMP,
                         oracledb.DB_TYPE_TIMESTAMP, None, None, None, oracledb.DB_TYPE_BINARY_FLOAT,
                         oracledb.DB_TYPE_BINARY_DOUBLE, oracledb.DB_TYPE_CLOB, oracledb.DB_TYPE_BLOB, oracledb.DB_TYPE_NCLOB)
    cursor.execute(f"INSERT INTO py_types VALUES ({', '.join(':' + str(n) for n in range(1, 17))})", values)
    cursor.execute("SELECT n, w, v, c, nv, d, t, tz, ds, ym, r, f, b FROM py_types")
    (row,) = cursor.fetchall()
    second = moment.replace(microsecond=0)
    assert row == (values[0], big, "x", "a  ", "订", second, moment, moment, gap, values[9], b"\0\xff", 1.5, -2.5), row
    kinds = [(column.name, column.type_code, column.precision, column.scale) for column in cursor.description[:2]]
    assert kinds == [("N", oracledb.DB_TYPE_NUMBER, 0, -127), ("W", oracledb.DB_TYPE_NUMBER, 38, 0)], kinds
    cursor.execute("SELECT cl, bl, nc FROM py_types")
    (lobs,) = cursor.fetchall()
    assert [lob.read() for lob in lobs] == [text, data, "n"]
    assert lobs[0].size() == len(text) and lobs[0].read(2, 3) == text[1:4]
    oracledb.defaults.fetch_lobs = False
    try:
        cursor.execute("SELECT cl, bl, nc FROM py_types WHERE 1 = 1")
        assert cursor.fetchall() == [(text, data, "n")]
    finally:
        oracledb.defaults.fetch_lobs = True
    cursor.execute("DROP TABLE py_types")


def check_rows(connection, cursor):
    cursor.execute("CREATE TABLE py_rows (id NUMBER(9) PRIMARY KEY, note VARCHAR2(20))")
    cursor.executemany("INSERT INTO py_rows VALUES (:1, :2)", [(n, None if n % 3 == 0 else f"n{n}") for n in range(2500)])
    connection.commit()
    for size, prefetch in [(1000, 0), (7, 3), (500, 2501)]:
        cursor.arraysize, cursor.prefetchrows = size, prefetch
        cursor.execute("SELECT id FROM py_rows ORDER BY id")
        assert [number for (number,) in cursor] == list(range(2500))
    for low in (10, 20):
        cursor.execute("SELECT id FROM py_rows WHERE id BETWEEN :low AND :high ORDER BY id", low=low, high=low + 1)
        assert [number for (number,) in cursor] == [low, low + 1]
    cursor.executemany("INSERT INTO py_rows VALUES (:1, :2)", [(1, "x"), (9001, "y")], batcherrors=True)
    assert [(error.offset, error.full_code) for error in cursor.getbatcherrors()] == [(0, "ORA-00001")]
    connection.rollback()
    cursor.execute("SELECT COUNT(*) FROM py_rows")
    assert cursor.fetchone() == (2500,)
    for sql, code in [("SELECT * FROM py_rows LIMIT 5", "ORA-00933"), ("SELECT * FROM nope", "ORA-00942"),
                      ('SELECT "id" FROM py_rows', "ORA-00904"), ("SELECT 'x' + 1 FROM DUAL", "ORA-01722")]:
        assert code_of(lambda: cursor.execute(sql)) == code, sql
    cursor.execute("DROP TABLE py_rows")


def check_rowids(cursor):
    """ROWIDs beside a LOB, which is defined: both drivers ask for them as text, and read them in their own form."""
    address = "AAAR3qAAEAAAACHAAA"
    cursor.execute("CREATE TABLE py_addresses (r ROWID, u UROWID, c CLOB)")
    cursor.execute("INSERT INTO py_addresses VALUES (:1, :2, :3)", [address, address, "x"])
    oracledb.defaults.fetch_lobs = False
    cursor.execute("SELECT r, u, c FROM py_addresses")
    assert cursor.fetchall() == [(address, address, "x")]
    oracledb.defaults.fetch_lobs = True
    cursor.execute("DROP TABLE py_addresses")


def check_booleans(cursor):
    cursor.execute("CREATE TABLE py_booleans (b BOOLEAN)")
    for value in ("TRUE", "FALSE", "NULL"):
        cursor.execute(f"INSERT INTO py_booleans VALUES ({value})")
    cursor.execute("SELECT b FROM py_booleans")
    assert cursor.fetchall() == [(True,), (False,), (None,)]
    cursor.execute("DROP TABLE py_booleans")


def main():
    check_logon()
    with oracledb.connect(user=user, password=password, dsn=connect_string) as connection:
        with connection.cursor() as cursor:
            check_values(cursor)
            check_rows(connection, cursor)
            check_rowids(cursor)
            if int(major) >= 23:
                check_booleans(cursor)
        connection.call_timeout = 100
        with connection.cursor() as cursor:
            assert code_of(lambda: cursor.execute("BEGIN DBMS_SESSION.SLEEP(20); END;")) == "DPY-4024"
            connection.call_timeout = 0
            cursor.execute("SELECT 3 FROM DUAL")
            assert cursor.fetchone() == (3,)
    print("ok")


main()
