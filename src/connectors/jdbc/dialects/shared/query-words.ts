/**
 * Strings and comments, in which nothing is named; quoted names, in the quotes of any database; and plain
 * names.
 */
const TOKEN =
  /'(?:[^']|'')*'|--[^\n]*|\/\*[\s\S]*?\*\/|"((?:[^"]|"")*)"|`((?:[^`]|``)*)`|\[((?:[^\]]|\]\])*)\]|[\p{L}_][\p{L}\p{N}_$#]*/gu

/** More are not looked up: who writes a longer query is not guessed at. */
const MOST_WORDS = 2000

/**
 * Every word of a query that may name a table: quoted ones as they are, others as written and in both cases.
 */
export function queryWords(query: string): string[] {
  const words = new Set<string>()
  for (const match of query.matchAll(TOKEN)) {
    if (words.size >= MOST_WORDS) break
    const [text, double, back, bracket] = match
    const quoted =
      double?.replaceAll('""', '"') ?? back?.replaceAll('``', '`') ?? bracket?.replaceAll(']]', ']')
    if (quoted !== undefined) words.add(quoted)
    else if (/^[\p{L}_]/u.test(text)) {
      for (const word of [text, text.toLowerCase(), text.toUpperCase()]) words.add(word)
    }
  }
  return [...words]
}
