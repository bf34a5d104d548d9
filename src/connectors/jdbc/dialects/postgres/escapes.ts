import type { JdbcEscapes } from '../../database/database.ts'

/**
 * As pgjdbc 42.7 (org.postgresql.jdbc.EscapedFunctions2) replaces them; functions of the same name and
 * meaning are not listed.
 */
export const postgresEscapes: JdbcEscapes = {
  doubledQuestionMarks: true,
  functions: new Map(
    Object.entries({
      ceiling: 'ceil(',
      // Null when one of the two is null, as with the operator that the driver writes.
      concat: 'textcat(',
      log: 'ln(',
      log10: 'log(',
      power: 'pow(',
      truncate: 'trunc(',
      char: 'chr(',
      lcase: 'lower(',
      ucase: 'upper(',
      space: "repeat(' ', ",
      substring: 'substr(',
      curdate: 'current_date',
      curtime: 'current_time',
      dayofmonth: 'extract(day from ',
      dayofyear: 'extract(doy from ',
      hour: 'extract(hour from ',
      minute: 'extract(minute from ',
      month: 'extract(month from ',
      quarter: 'extract(quarter from ',
      second: 'extract(second from ',
      week: 'extract(week from ',
      year: 'extract(year from ',
      ifnull: 'coalesce(',
      database: 'current_database()',
      user: 'user'
    })
  )
}
