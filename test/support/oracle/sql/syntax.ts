import type { SqlType } from './sql-type.ts'

/** An expression as it is written; names are folded to what they mean. */
export type Expression = { readonly position: number } & (
  | { readonly kind: 'column'; readonly path: readonly string[] }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'null' }
  | { readonly kind: 'bind'; readonly index: number }
  | { readonly kind: 'moment'; readonly type: 'DATE' | 'TIMESTAMP'; readonly text: string }
  | { readonly kind: 'interval'; readonly months: number }
  | { readonly kind: 'duration'; readonly nanos: bigint }
  | { readonly kind: 'negate'; readonly operand: Expression }
  | { readonly kind: 'not'; readonly operand: Expression }
  | {
      readonly kind: 'binary'
      readonly operator: BinaryOperator
      readonly left: Expression
      readonly right: Expression
    }
  | { readonly kind: 'isNull'; readonly operand: Expression; readonly negated: boolean }
  | {
      readonly kind: 'in'
      readonly operand: Expression
      readonly choices: readonly Expression[] | Query
      readonly negated: boolean
    }
  | {
      readonly kind: 'between'
      readonly operand: Expression
      readonly low: Expression
      readonly high: Expression
      readonly negated: boolean
    }
  | {
      readonly kind: 'like'
      readonly operand: Expression
      readonly pattern: Expression
      readonly escape: Expression | null
      readonly negated: boolean
    }
  | { readonly kind: 'exists'; readonly query: Query }
  | {
      readonly kind: 'case'
      readonly operand: Expression | null
      readonly branches: readonly { readonly when: Expression; readonly result: Expression }[]
      readonly otherwise: Expression | null
    }
  | Call
  | { readonly kind: 'cast'; readonly operand: Expression; readonly type: SqlType }
  | { readonly kind: 'atZone'; readonly operand: Expression; readonly zone: Expression | null }
  | { readonly kind: 'query'; readonly query: Query }
  | { readonly kind: 'tuple'; readonly items: readonly Expression[] }
)

export interface Call {
  readonly kind: 'call'
  readonly name: string
  readonly args: readonly Expression[]
  readonly star: boolean
  readonly distinct: boolean
  readonly over: {
    readonly partition: readonly Expression[]
    readonly order: readonly OrderItem[]
  } | null
  readonly position: number
}

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>='
export type BinaryOperator = '+' | '-' | '*' | '/' | '||' | Comparison | 'AND' | 'OR'

export interface OrderItem {
  readonly expression: Expression
  readonly descending: boolean
  readonly nullsFirst: boolean | null
}

export interface Query {
  readonly with: readonly { readonly name: string; readonly query: Query }[]
  readonly body: QueryBody
  readonly order: readonly OrderItem[]
  readonly offset: Expression | null
  /** null: all rows. */
  readonly fetch: { readonly rows: Expression; readonly withTies: boolean } | null
  readonly forUpdate: boolean
}

export type QueryBody =
  | Block
  | {
      readonly kind: 'set'
      readonly operator: 'UNION' | 'UNION ALL' | 'INTERSECT' | 'EXCEPT'
      readonly left: QueryBody
      readonly right: QueryBody
    }

export interface Block {
  readonly kind: 'block'
  readonly distinct: boolean
  readonly items: readonly SelectItem[]
  readonly from: readonly FromItem[]
  readonly where: Expression | null
  readonly group: readonly Expression[]
  readonly having: Expression | null
}

export type SelectItem =
  | { readonly star: true; readonly path: readonly string[]; readonly position: number }
  | {
      readonly star: false
      readonly expression: Expression
      readonly alias: string | null
      readonly text: string
    }

export type FromItem =
  | {
      readonly kind: 'table'
      readonly path: readonly string[]
      readonly alias: string | null
      readonly asOfScn: Expression | null
      readonly position: number
    }
  | { readonly kind: 'query'; readonly query: Query; readonly alias: string | null }
  | {
      readonly kind: 'join'
      readonly type: 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | 'CROSS'
      readonly left: FromItem
      readonly right: FromItem
      readonly on: Expression | null
    }

export interface ColumnDefinition {
  readonly name: string
  readonly type: SqlType
  readonly notNull: boolean
  readonly default: Expression | null
  readonly defaultText: string | null
  readonly identity: 'ALWAYS' | 'BY DEFAULT' | null
}

export interface ConstraintDefinition {
  readonly name: string | null
  readonly type: 'P' | 'U' | 'R' | 'C'
  readonly columns: readonly string[]
  readonly condition: string | null
  /** Of a foreign key: the table it points to. */
  readonly references?: readonly string[]
}

export interface SetClause {
  readonly column: readonly string[]
  /** null: DEFAULT. */
  readonly value: Expression | null
}

export type StatementSyntax =
  | { readonly kind: 'query'; readonly query: Query }
  | {
      readonly kind: 'insert'
      readonly table: readonly string[]
      readonly columns: readonly (readonly string[])[] | null
      /** A null value is DEFAULT. */
      readonly source: readonly (Expression | null)[] | Query
    }
  | {
      readonly kind: 'update'
      readonly table: readonly string[]
      readonly alias: string | null
      readonly set: readonly SetClause[]
      readonly where: Expression | null
    }
  | {
      readonly kind: 'delete'
      readonly table: readonly string[]
      readonly alias: string | null
      readonly where: Expression | null
    }
  | {
      readonly kind: 'merge'
      readonly table: readonly string[]
      readonly alias: string | null
      readonly source: FromItem
      readonly on: Expression
      readonly update: {
        readonly set: readonly SetClause[]
        readonly where: Expression | null
      } | null
      readonly insert: {
        readonly columns: readonly (readonly string[])[] | null
        readonly values: readonly (Expression | null)[]
      } | null
    }
  | {
      readonly kind: 'createTable'
      readonly name: readonly string[]
      readonly temporary: boolean
      readonly columns: readonly ColumnDefinition[]
      readonly constraints: readonly ConstraintDefinition[]
      readonly query: Query | null
    }
  | {
      readonly kind: 'createIndex'
      readonly name: readonly string[]
      readonly unique: boolean
      readonly table: readonly string[]
      readonly columns: readonly (string | null)[]
    }
  | {
      readonly kind: 'createView'
      readonly name: readonly string[]
      readonly replace: boolean
      readonly materialized: boolean
      readonly columns: readonly string[]
      readonly query: Query
      readonly text: string
    }
  | {
      readonly kind: 'createSynonym'
      readonly name: readonly string[]
      readonly replace: boolean
      readonly isPublic: boolean
      readonly target: readonly string[]
      readonly link: string | null
    }
  | { readonly kind: 'createUser'; readonly name: string; readonly password: string }
  | {
      readonly kind: 'grant'
      readonly privilege: string
      readonly object: readonly string[] | null
      readonly users: readonly string[]
      readonly revoke: boolean
    }
  | {
      readonly kind: 'drop'
      readonly type: string
      readonly name: readonly string[]
      readonly isPublic: boolean
    }
  | { readonly kind: 'truncate'; readonly table: readonly string[] }
  | {
      readonly kind: 'alterTable'
      readonly table: readonly string[]
      readonly action:
        | { readonly type: 'add'; readonly columns: readonly ColumnDefinition[] }
        | { readonly type: 'constrain'; readonly constraint: ConstraintDefinition }
        | { readonly type: 'drop'; readonly columns: readonly string[] }
        | { readonly type: 'rename'; readonly from: string; readonly to: string }
        | { readonly type: 'renameTable'; readonly to: string }
        | { readonly type: 'modify'; readonly columns: readonly ColumnChange[] }
    }
  | { readonly kind: 'alterSession'; readonly settings: readonly (readonly [string, string])[] }
  | {
      readonly kind: 'alterUser'
      readonly name: string
      readonly change: { readonly password?: string; readonly lock?: boolean }
    }
  | { readonly kind: 'comment' }
  | { readonly kind: 'lock' }
  | { readonly kind: 'setTransaction'; readonly mode: string }
  | { readonly kind: 'commit' }
  | { readonly kind: 'rollback' }
  | { readonly kind: 'savepoint' | 'rollbackTo'; readonly name: string }
  | { readonly kind: 'sleep'; readonly seconds: number }

export interface ColumnChange {
  readonly name: string
  readonly type: SqlType | null
  readonly notNull: boolean | null
}
