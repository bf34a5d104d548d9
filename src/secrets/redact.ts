import { withoutKnown } from './known-secrets.ts'
import { withoutOracleLogins, withoutUserInfo } from './logins.ts'
import { HIDDEN, Rewrite } from './rewrite.ts'
import { isSecretName } from './secret-names.ts'
import { withoutValues } from './secret-values.ts'

/**
 * I7: secrets out of texts. I8: every function of this room reads its text once, from left to right, so that
 * the time grows with the length whatever stands in it; no expression here could go back over what it has
 * read.
 */

/** Longest text that is shown or kept of a message; nobody reads on, and a status has to fit a record. */
const MOST_SHOWN = 32_768
/** Left off behind a cut, so that no half of a secret is shown that would have been found whole. */
const CUT_MARGIN = 4096

/** Hides secrets that are known, private keys, passwords in URLs, and values behind names of secrets. */
export function redact(text: string): string {
  const safe = withoutUserInfo(withoutOracleLogins(withoutPrivateKeys(withoutKnown(text))))
  return withoutValues(safe)
}

/** {@link redact}, and no longer than anybody reads: what is written, answered and kept of a message. */
export function shown(text: string): string {
  if (text.length <= MOST_SHOWN) return redact(text)
  const safe = redact(text.slice(0, 2 * MOST_SHOWN))
  const whole = text.length > 2 * MOST_SHOWN ? safe.length - CUT_MARGIN : safe.length
  return cut(safe, Math.min(MOST_SHOWN, whole), text.length)
}

/** The beginning of a text that holds no secret. */
export function cut(safe: string, end = MOST_SHOWN, length = safe.length): string {
  return end >= safe.length ? safe : `${safe.slice(0, end)}… (${length} characters)`
}

/** A name that somebody sent, short enough to be repeated in a message. */
export function cited(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}… (${text.length} characters)`
}

function withoutPrivateKeys(text: string): string {
  const rewrite = new Rewrite(text)
  let at = text.indexOf('-----BEGIN ')
  while (at >= 0) {
    const label = text.slice(at + 11, at + 60)
    const key = /^[A-Z0-9 ]*PRIVATE KEY-----/.exec(label)?.[0]
    const end = key === undefined ? at : text.indexOf('-----END ', at)
    if (key !== undefined)
      rewrite.replace(at + 11 + key.length, end < 0 ? text.length : end, HIDDEN)
    at = end < 0 ? -1 : text.indexOf('-----BEGIN ', end + 9)
  }
  return rewrite.end()
}

/** A reference to a config provider says where a secret is, not what it is. */
const REFERENCE = /^\$\{[^}]*\}$/

/**
 * The value of a setting as it may be shown: all of it hidden when the name says so, else without passwords
 * in it.
 */
export function redactSetting(name: string, value: string): string {
  if (!isSecretName(name))
    return value.includes('://') || value.includes('jdbc:') ? redact(value) : value
  return value === '' || REFERENCE.test(value) ? value : HIDDEN
}
