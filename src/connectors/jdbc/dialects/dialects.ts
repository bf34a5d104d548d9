import type { Dialect } from '../database.ts'
import { postgresDialect } from './postgres.ts'
import { sqliteDialect } from './sqlite.ts'

/** Every database the source can read. The first whose sub-protocol fits a URL serves it. */
export const dialects: readonly Dialect[] = [postgresDialect, sqliteDialect]
