/** Lower case of the letters of ASCII alone, as PostgreSQL folds names. */
export function asciiLower(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** Upper case letter by letter, as Oracle folds names: what has no single capital stays (`ß`). */
export function letterUpper(name: string): string {
  return name.replace(/\p{Ll}/gu, (letter) => {
    const upper = letter.toUpperCase()
    return upper.length === letter.length ? upper : letter
  })
}
