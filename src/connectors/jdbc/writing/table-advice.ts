import type { TargetTable } from '../database/writing.ts'
import type { BoundPlan } from './table-plan.ts'

/** What an operator should know of a table before rows are written to it: sentences without its name. */
export function tableAdvice({ rules: settings, target, set, columns: bound }: BoundPlan): string[] {
  const { table, keyColumns } = target
  const { insertMode } = settings.records
  const advice: string[] = []
  const keys = keyColumns.map(({ name }) => name)
  if (insertMode === 'upsert' && table.kind !== 'view' && !isUnique(table, keys)) {
    advice.push(
      `no primary key and no unique key has just the columns ${keys.join(', ')}; some databases refuse an upsert then`
    )
  }
  if (insertMode === 'upsert' && table.kind === 'view') {
    advice.push(
      `it is a view: an upsert needs a primary or unique key of just the columns ${keys.join(', ')} in the table below it, which is not looked at; some databases add rows without one`
    )
  }
  const isReduced = settings.order === 'keyed'
  const others = table.uniqueKeys.filter((columns) => !sameNames(columns, keys))
  if (isReduced && others.length > 0) {
    advice.push(
      `there are other unique keys (${others.map((columns) => columns.join(', ')).join('; ')}); rows that swap such values need write.order=arrival`
    )
  }
  if (isReduced && table.hasTriggers) {
    advice.push(
      'its triggers see one change of a row for several records; write.order=arrival makes each'
    )
  }
  if (table.cannotRollBack !== undefined) {
    advice.push(`what was written stays when a batch fails, since it has ${table.cannotRollBack}`)
  }
  const lacking = insertMode === 'update' ? [] : neverFilled(table, [...keyColumns, ...set.columns])
  if (lacking.length > 0) {
    advice.push(`records have no value for ${lacking.join(', ')}, which must not be null`)
  }
  for (const { writer } of bound) {
    if (writer.neverFits !== null) advice.push(writer.neverFits)
  }
  return advice
}

function isUnique({ primaryKey, uniqueKeys }: TargetTable, keys: readonly string[]): boolean {
  return [primaryKey, ...uniqueKeys].some((columns) => sameNames(columns, keys))
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name))
}

function neverFilled({ columns }: TargetTable, written: readonly unknown[]): string[] {
  return columns
    .filter(
      (column) =>
        !written.includes(column) &&
        !column.isNullable &&
        !column.hasDefault &&
        !column.isGenerated &&
        column.identity === null
    )
    .map(({ name }) => name)
}
