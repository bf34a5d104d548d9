import type { Schema } from './schema.ts'

export interface Header {
  readonly key: string
  readonly schema: Schema | null
  readonly value: unknown
}

/** Record headers in order; a key may occur several times. */
export type Headers = readonly Header[]

export const NO_HEADERS: Headers = []
