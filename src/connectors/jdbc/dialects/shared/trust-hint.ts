const NOT_TRUSTED =
  /self[- ]signed certificate|unable to (?:get (?:local )?issuer|verify the first) certificate|certificate has expired/i
const OTHER_NAME = /altnames|does not match certificate/i

/** The way out of an error of TLS, in the words of the driver's properties; null for every other error. */
export function trustHint(
  message: string,
  ways: { readonly trust: string; readonly name: string; readonly any: string }
): string | null {
  if (NOT_TRUSTED.test(message))
    return `${ways.trust} names whom to trust, ${ways.any} takes any certificate`
  if (OTHER_NAME.test(message)) return `${ways.name} leaves the name in the certificate aside`
  return null
}
