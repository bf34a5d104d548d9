import type { Bound } from '../sql/query-text.ts'
import { queryParts } from '../sql/query-text.ts'
import type { QueryShape } from './bound-query.ts'

/** What stands for a single bound in the text. */
type SingleBounds = (bound: Bound) => string

/**
 * The query with a condition on its rows, still without order: where its placeholder stands, in parentheses
 * and each time anew, so that binds are in the order of the text; else behind its text. `condition` may be
 * empty: no row is left out. `single` null: there is nothing single bounds could be, and a query that has
 * them cannot be asked this.
 */
export function selectWhere(
  shape: QueryShape,
  condition: (of: QueryShape) => string,
  single: SingleBounds | null
): string {
  const parts = queryParts(shape.select)
  if (parts.length === 1) {
    const text = condition(shape)
    return text === '' ? shape.select : `${shape.select} WHERE ${text}`
  }
  return parts
    .map((part) => {
      if (typeof part === 'string') return part
      if (part.kind === 'bounds') {
        const text = condition(part.of === null ? shape : columnsOf(shape, part.of))
        return `(${text === '' ? '1=1' : text})`
      }
      if (single !== null) return single(part.kind)
      throw new Error(`the query has \${${part.kind}} where \${bounds} would be needed`)
    })
    .join('')
}

function columnsOf(shape: QueryShape, table: string): QueryShape {
  const { timestamps, id } = shape
  return {
    ...shape,
    timestamps: timestamps.map(({ sql, column }) => ({ sql: `${table}.${sql}`, column })),
    id: id === null ? null : { ...id, sql: `${table}.${id.sql}` }
  }
}
