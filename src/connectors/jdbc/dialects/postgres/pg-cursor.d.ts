/** What we use of pg-cursor, which comes without types. */
declare module 'pg-cursor' {
  import type { FieldDef, QueryResult, Submittable } from 'pg'

  export default class Cursor implements Submittable {
    constructor(
      text: string,
      values: readonly unknown[],
      config: {
        rowMode: 'array'
        types: { getTypeParser(oid: number, format?: string): (value: string) => unknown }
      }
    )
    submit(connection: unknown): void
    read(
      rows: number,
      callback: (
        error: Error | null | undefined,
        rows: unknown[][],
        result: QueryResult & { fields: FieldDef[] }
      ) => void
    ): void
    close(): Promise<void>
  }
}
