const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Where a row lies: data object, file, block and row of the block. */
export interface RowAddress {
  readonly object: number
  readonly file: number
  readonly block: number
  readonly row: number
}

/** The address of the row with this number in a table; the text sorts in the order of the numbers. */
export function rowAddress(object: number, rowNumber: number): RowAddress {
  return { object, file: 1, block: Math.floor(rowNumber / 4096), row: rowNumber % 4096 }
}

/** The 18 characters of a ROWID: OOOOOOFFFBBBBBBRRR. */
export function rowidText({ object, file, block, row }: RowAddress): string {
  return digits(object, 6) + digits(file, 3) + digits(block, 6) + digits(row, 3)
}

/** null when the text is no ROWID. */
export function parseRowid(text: string): RowAddress | null {
  if (!/^[A-Za-z0-9+/]{18}$/.test(text)) return null
  const part = (start: number, end: number): number => {
    let value = 0
    for (let index = start; index < end; index++)
      value = value * 64 + ALPHABET.indexOf(text.charAt(index))
    return value
  }
  return { object: part(0, 6), file: part(6, 9), block: part(9, 15), row: part(15, 18) }
}

function digits(value: number, length: number): string {
  let text = ''
  for (let rest = value; text.length < length; rest = Math.floor(rest / 64)) {
    text = (ALPHABET[rest % 64] ?? '') + text
  }
  return text
}
