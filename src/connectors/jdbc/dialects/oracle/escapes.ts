import type { JdbcEscapes } from '../../database/database.ts'

/** Functions of JDBC that Oracle has under another name, as its driver's documentation lists them. */
export const oracleEscapes: JdbcEscapes = {
  doubledQuestionMarks: false,
  functions: new Map(
    Object.entries({
      char: 'chr(',
      lcase: 'lower(',
      ucase: 'upper(',
      substring: 'substr(',
      ceiling: 'ceil(',
      log: 'ln(',
      truncate: 'trunc(',
      ifnull: 'nvl(',
      curdate: 'current_date',
      now: 'sysdate',
      user: 'user'
    })
  )
}
