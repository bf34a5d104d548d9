import { OracleError } from '../oracle-error.ts'
import { AGGREGATES } from './functions.ts'
import type { Block, Expression } from './syntax.ts'

/** The parts that AND joins. */
export function conjuncts(condition: Expression | null): Expression[] {
  if (condition === null) return []
  if (condition.kind === 'binary' && condition.operator === 'AND') {
    return [...conjuncts(condition.left), ...conjuncts(condition.right)]
  }
  return [condition]
}

export function joined(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
}

/**
 * The number of rows that a test of ROWNUM lets through; null when it is another test. ORA-03001 for tests of
 * ROWNUM this server lacks.
 */
export function rowLimit(test: Expression): Expression | null {
  if (
    test.kind !== 'binary' ||
    test.left.kind !== 'column' ||
    test.left.path.join('.') !== 'ROWNUM'
  )
    return null
  const { operator, right, position } = test
  if (operator === '<=' || operator === '=') return right
  if (operator !== '<') throw new OracleError(3001, [], position)
  const one: Expression = { kind: 'number', text: '1', position }
  return { kind: 'binary', operator: '-', left: right, right: one, position }
}

function children(expression: Expression): Expression[] {
  switch (expression.kind) {
    case 'negate':
    case 'not':
    case 'isNull':
    case 'cast':
      return [expression.operand]
    case 'atZone':
      return expression.zone === null ? [expression.operand] : [expression.operand, expression.zone]
    case 'binary':
      return [expression.left, expression.right]
    case 'between':
      return [expression.operand, expression.low, expression.high]
    case 'like':
      return [expression.operand, expression.pattern]
    case 'in':
      return 'body' in expression.choices
        ? [expression.operand]
        : [expression.operand, ...expression.choices]
    case 'case':
      return [
        ...(expression.operand === null ? [] : [expression.operand]),
        ...expression.branches.flatMap(({ when, result }) => [when, result]),
        ...(expression.otherwise === null ? [] : [expression.otherwise])
      ]
    case 'call':
      return [...expression.args]
    case 'tuple':
      return [...expression.items]
    case 'bind':
    case 'column':
    case 'duration':
    case 'exists':
    case 'interval':
    case 'moment':
    case 'null':
    case 'number':
    case 'query':
    case 'string':
      return []
  }
}

export function hasAggregate(expression: Expression): boolean {
  if (expression.kind === 'call' && AGGREGATES.has(expression.name) && expression.over === null)
    return true
  return children(expression).some(hasAggregate)
}

/** ORA-00937 and ORA-00979: what is selected beside groups must be one of them, or made of them. */
export function checkGroups(block: Block): void {
  const grouped = block.group.length > 0
  const aggregates = block.items.some((item) => !item.star && hasAggregate(item.expression))
  if (!grouped && !aggregates && block.having === null) return
  const keys = new Set(block.group.map(signature))
  for (const item of block.items) {
    if (item.star) throw new OracleError(grouped ? 979 : 937, [], item.position)
    const loose = looseColumn(item.expression, keys)
    if (loose !== null) throw new OracleError(grouped ? 979 : 937, [], loose.position)
  }
}

function looseColumn(expression: Expression, keys: ReadonlySet<string>): Expression | null {
  if (keys.has(signature(expression))) return null
  if (expression.kind === 'call' && AGGREGATES.has(expression.name)) return null
  if (expression.kind === 'column')
    return /^(SYSDATE|SYSTIMESTAMP|USER)$/.test(expression.path.join('.')) ? null : expression
  for (const child of children(expression)) {
    const loose = looseColumn(child, keys)
    if (loose !== null) return loose
  }
  return null
}

/** The expression without where it stands. */
function signature(expression: Expression): string {
  return JSON.stringify(expression, (key, value: unknown) => {
    if (key === 'position') return undefined
    return typeof value === 'bigint' ? String(value) : value
  })
}
