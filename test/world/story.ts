/**
 * What happened, in order. Lines about rows name them, so that a story can be told of the rows that matter.
 */
export class Story {
  readonly #lines: { readonly atMs: number; readonly text: string; readonly row: string | null }[] =
    []
  readonly #nowMs: () => number

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  tell(text: string): void {
    this.#lines.push({ atMs: this.#nowMs(), text, row: null })
  }

  /** `row`: table and key. */
  tellOf(row: string, text: string): void {
    this.#lines.push({ atMs: this.#nowMs(), text, row })
  }

  /** Everything but what is told of rows other than these. */
  about(rows: readonly string[]): string {
    const wanted = new Set(rows)
    return this.#lines
      .filter(({ row }) => row === null || wanted.has(row))
      .map(({ atMs, text, row }) => `${time(atMs)} ${row === null ? '' : `${row}: `}${text}`)
      .join('\n')
  }
}

function time(ms: number): string {
  return (ms / 1000).toFixed(3).padStart(9)
}
