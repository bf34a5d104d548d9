/**
 * As Confluent's `scrub.invalid.names`: form-encoded, what is still no letter, digit or `_` becomes `_`, and
 * a character that may not begin a name gets an `x` before it.
 */
export function formEncodedName(name: string, mayBegin: RegExp): string {
  const encoded = name
    .toWellFormed()
    .replace(/[^A-Za-z0-9_.*-]/gu, (char) =>
      char === ' ' ? '+' : Buffer.from(char).toString('hex').toUpperCase().replace(/../g, '%$&')
    )
  return `${mayBegin.test(encoded) ? '' : 'x'}${encoded}`.replace(/[^A-Za-z0-9_]/g, '_')
}
