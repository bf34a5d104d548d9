import mysql from 'mysql2/promise'
import pg from 'pg'
import { driver } from '../../test/support/oracle/oracle-client.ts'
import type { TableAddress } from '../oracle-table-server.ts'
import { LAST_IDS_FROM, PARTITIONS } from './topics.ts'

interface Arrived {
  /** Whether there is a row. */
  readonly any: boolean
  /** Whether the last record of each partition is there. */
  readonly all: boolean
}

/** A database that is written to. */
export interface Target {
  readonly name: string
  /** The tests' server of its protocol: checks refuse no row there, and how others fare tells nothing. */
  readonly isStandIn?: boolean
  /** Keys of a connector that say where it is; `parameters` are added to the URL for a JVM's driver. */
  connection(parameters: string): Record<string, string>
  /** For the parameter by which a JVM's driver makes one statement of many. */
  readonly rewrites: string
  createTable(table: string, hasKey: boolean): Promise<void>
  arrived(table: string): Promise<Arrived>
  count(table: string): Promise<number>
  dropTable(table: string): Promise<void>
  close(): Promise<void>
}

const LAST_IDS = `${LAST_IDS_FROM} AND ${2 * LAST_IDS_FROM}`

export async function postgresTarget(address: string): Promise<Target> {
  const client = new pg.Client({ connectionString: address, connectionTimeoutMillis: 10_000 })
  await client.connect()
  const one = async (sql: string): Promise<Record<string, unknown>> => {
    const { rows } = await client.query<Record<string, unknown>>(sql)
    return rows[0] ?? {}
  }
  const { host, pathname, username, password } = new URL(address)
  return {
    name: 'PostgreSQL',
    rewrites: '?reWriteBatchedInserts=true',
    connection: (parameters) => ({
      'connection.url': `jdbc:postgresql://${host}${pathname}${parameters}`,
      'connection.user': decodeURIComponent(username),
      'connection.password': decodeURIComponent(password)
    }),
    async createTable(table, hasKey) {
      await client.query(`CREATE TABLE ${table} (
        id bigint NOT NULL${hasKey ? ' PRIMARY KEY' : ''}, customer varchar(40) NOT NULL,
        amount numeric(12, 2) NOT NULL CHECK (amount >= 0), status varchar(40), created_at timestamp(3) NOT NULL,
        updated_at timestamp(3) NOT NULL, note varchar(100))`)
      // Finds the last rows of a table without a key, and has no others in it.
      if (!hasKey) await client.query(`CREATE INDEX ON ${table} (id) WHERE id >= ${LAST_IDS_FROM}`)
    },
    async arrived(table) {
      const { any, last } = await one(
        `SELECT EXISTS (SELECT 1 FROM ${table}) AS any, (SELECT count(*) FROM ${table} WHERE id >= ${LAST_IDS_FROM}) AS last`
      )
      return { any: any === true, all: Number(last) === PARTITIONS }
    },
    count: async (table) => Number((await one(`SELECT count(*) AS rows FROM ${table}`))['rows']),
    async dropTable(table) {
      await client.query(`DROP TABLE IF EXISTS ${table}`)
    },
    close: () => client.end()
  }
}

export async function mariaDbTarget(address: string): Promise<Target> {
  const { hostname, port, username, password } = new URL(address)
  const database = `bench_${process.pid}`
  const login = { user: decodeURIComponent(username), password: decodeURIComponent(password) }
  const client = await mysql.createConnection({ host: hostname, port: Number(port), ...login })
  await client.query(`CREATE DATABASE ${database}`)
  await client.query(`USE ${database}`)
  const one = async (sql: string): Promise<Record<string, unknown>> => {
    const [rows] = await client.query<mysql.RowDataPacket[]>(sql)
    return rows[0] ?? {}
  }
  return {
    name: 'MariaDB',
    rewrites: '?rewriteBatchedStatements=true',
    connection: (parameters) => ({
      'connection.url': `jdbc:mysql://${hostname}:${port}/${database}${parameters}`,
      'connection.user': login.user,
      'connection.password': login.password
    }),
    // Every table of InnoDB lies in the order of a key, also one without.
    async createTable(table) {
      await client.query(`CREATE TABLE ${table} (
        id bigint PRIMARY KEY, customer varchar(40) NOT NULL,
        amount decimal(12, 2) NOT NULL CHECK (amount >= 0), status varchar(40), created_at datetime(3) NOT NULL,
        updated_at datetime(3) NOT NULL, note varchar(100))`)
    },
    async arrived(table) {
      const { any, last } = await one(
        `SELECT EXISTS (SELECT 1 FROM ${table}) AS \`any\`, (SELECT count(*) FROM ${table} WHERE id BETWEEN ${LAST_IDS}) AS last`
      )
      return { any: Number(any) === 1, all: Number(last) === PARTITIONS }
    },
    count: async (table) => Number((await one(`SELECT count(*) AS n FROM ${table}`))['n']),
    async dropTable(table) {
      await client.query(`DROP TABLE IF EXISTS ${table}`)
    },
    async close() {
      await client.query(`DROP DATABASE ${database}`)
      await client.end()
    }
  }
}

export async function oracleTarget(address: TableAddress): Promise<Target> {
  const { connectString, user, password } = address
  const client = await driver.getConnection({ connectString, user, password })
  const number = async (sql: string): Promise<number> => {
    const { rows = [] } = await client.execute(sql)
    return Number(rows[0]?.[0])
  }
  return {
    name: 'Oracle',
    isStandIn: true,
    rewrites: '',
    connection: () => ({
      'connection.url': `jdbc:oracle:thin:@//${connectString}`,
      'connection.user': user,
      'connection.password': password
    }),
    async createTable(table, hasKey) {
      await client.execute(`CREATE TABLE ${table} (
        id NUMBER(19)${hasKey ? ' PRIMARY KEY' : ' NOT NULL'}, customer VARCHAR2(40) NOT NULL,
        amount NUMBER(12, 2) NOT NULL CHECK (amount >= 0), status VARCHAR2(40), created_at TIMESTAMP(3) NOT NULL,
        updated_at TIMESTAMP(3) NOT NULL, note VARCHAR2(100))`)
      if (!hasKey) await client.execute(`CREATE INDEX ${table}_ids ON ${table} (id)`)
    },
    async arrived(table) {
      const last = await number(`SELECT COUNT(*) FROM ${table} WHERE id BETWEEN ${LAST_IDS}`)
      const any = last > 0 ? last : await number(`SELECT COUNT(*) FROM ${table} WHERE ROWNUM <= 1`)
      return { any: any > 0, all: last === PARTITIONS }
    },
    count: (table) => number(`SELECT COUNT(*) FROM ${table}`),
    async dropTable(table) {
      await client.execute(`DROP TABLE ${table}`)
    },
    close: () => client.close()
  }
}
