/** What a text with `${…}` in it is made of: what stands between, and what `placeholder` makes of each. */
export function partsOf<P>(text: string, placeholder: (name: string) => P): (string | P)[] {
  const parts: (string | P)[] = []
  let from = 0
  for (const match of text.matchAll(/\$\{([^}]{0,200})\}/g)) {
    parts.push(text.slice(from, match.index), placeholder(match[1] ?? ''))
    from = match.index + match[0].length
  }
  parts.push(text.slice(from))
  return parts.filter((part) => part !== '')
}
