import { timestampSchema } from '../../../data/logical-types.ts'
import { Schema } from '../../../data/schema.ts'
import { ConfigError, DataError } from '../../../errors.ts'
import type { TargetColumn } from '../database/writing.ts'
import type { SoftDelete } from '../settings/delete-mode.ts'
import {
  type ValueWriter,
  valueWriter,
  type WrittenValueRules
} from '../written-values/value-writer.ts'
import type { PlannedColumn } from './record-plan.ts'
import type { UnwrappedRecord } from './unwrapped-record.ts'

/** The column that marks rows as deleted. Its `read` answers the record itself. */
export function markColumn({ column, value }: SoftDelete): PlannedColumn {
  return {
    name: column,
    schema: value === null ? Schema.OPTIONAL_BOOLEAN : Schema.OPTIONAL_STRING,
    timestampDigits: null,
    read: (from) => from
  }
}

/**
 * Writes the mark of a record: that it deletes its row, or that the row is there. ConfigError for a column
 * that cannot tell these apart.
 */
export function markWriter(
  column: TargetColumn,
  { value }: SoftDelete,
  rules: WrittenValueRules
): ValueWriter {
  const { here, gone } = forms(column, value, rules)
  if (here === null && !column.isNullable) {
    throw new ConfigError(
      `delete.mode: column ${column.name} (${column.databaseType}) has to allow null, which says that a row is not deleted`
    )
  }
  return {
    neverFits: null,
    write(from) {
      const record = from as UnwrappedRecord
      return record.kind === 'write' ? here : gone(record)
    }
  }
}

interface Forms {
  readonly here: unknown
  gone(record: UnwrappedRecord): unknown
}

function forms(column: TargetColumn, value: string | null, rules: WrittenValueRules): Forms {
  if (value !== null) {
    const form = valueWriter(Schema.OPTIONAL_STRING, column, rules).write(value)
    return { here: null, gone: () => form }
  }
  switch (column.type.kind) {
    case 'boolean':
      return { here: false, gone: () => true }
    case 'integer':
    case 'float':
      return { here: 0, gone: () => 1 }
    case 'decimal':
      return { here: '0', gone: () => '1' }
    case 'timestamp':
    case 'date': {
      const { write } = valueWriter(timestampSchema({ optional: true }), column, {
        ...rules,
        roundsExcess: true
      })
      return { here: null, gone: (record) => write(timeOf(record, column)) }
    }
    case 'array':
    case 'bits':
    case 'bytes':
    case 'enum':
    case 'json':
    case 'other':
    case 'string':
    case 'time':
    case 'uuid':
      throw new ConfigError(
        `delete.mode: for column ${column.name} (${column.databaseType}) it has to say which text marks a row as deleted: soft:${column.name}=text`
      )
  }
}

function timeOf({ record }: UnwrappedRecord, { name }: TargetColumn): number {
  if (record.timestamp !== null) return Number(record.timestamp)
  throw new DataError(`Column ${name} gets the time of a deletion, and the record has none`, {
    column: name
  })
}
