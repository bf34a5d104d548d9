import { hasPlaceholders } from '../sql/query-text.ts'
import { endsInComment } from '../queries/table-query.ts'
import type { QueryShape } from '../queries/bound-query.ts'
import type { TableSettings } from '../settings/table-settings.ts'

/** How rows of late transactions are found; see docs/guarantees.md for what each promises. */
export interface Level {
  readonly name: 'off' | 'ordered' | 'transactions' | 'window' | 'transactions+window'
  readonly why: string
  /** Less than what the configuration asks for: an operator should know. */
  readonly degraded: boolean
}

/** The level as far as the configuration decides it; null: open transactions have to be asked for. */
export function configuredLevel(
  { lateCommits }: Pick<TableSettings, 'lateCommits'>,
  { mode, dialect, select, writersElsewhere = null }: QueryShape
): Level | null {
  const { guard, windowMs } = lateCommits
  if (mode === 'bulk') return level('off', 'mode bulk reads everything at each poll')
  if (guard === 'off') return level('off', 'late.commit.guard is off')
  if (endsInComment(select) && !hasPlaceholders(select)) {
    return level('off', 'the query ends in a comment, which swallows conditions')
  }
  if (guard !== 'window' && writersElsewhere !== null) {
    return degradedLevel(writersElsewhere, windowMs)
  }
  const { commitsInOrder } = dialect
  if (commitsInOrder !== undefined && guard === 'auto') {
    // In order they may be, but two of them can carry the same time.
    return mode === 'incrementing'
      ? level('ordered', commitsInOrder)
      : level(
          'window',
          `${commitsInOrder}; times may be equal, so the last ${windowMs} ms are read again`
        )
  }
  if (guard === 'window' || commitsInOrder !== undefined) {
    return level('window', `late.commit.guard is ${guard}; the last ${windowMs} ms are read again`)
  }
  return null
}

export function transactionsLevel(source: string, alsoWindow: boolean): Level {
  return alsoWindow
    ? level('transactions+window', `${source} shows open transactions; late.commit.guard is both`)
    : level('transactions', `${source} shows open transactions`)
}

export function degradedLevel(why: string, windowMs: number): Level {
  return {
    ...level(
      'window',
      `open transactions cannot be seen (${why}); the last ${windowMs} ms are read again`
    ),
    degraded: true
  }
}

function level(name: Level['name'], why: string): Level {
  return { name, why, degraded: false }
}
