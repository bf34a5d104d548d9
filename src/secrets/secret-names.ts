/**
 * What names of settings call a secret. The one list: redaction, masked answers, providers and log fields ask
 * it.
 */
const WORDS =
  'password|passwd|passphrase|pwd|secret|token|credential|jaas\\.config|user\\.info|keystore\\.key|hexkey|masked' +
  '|certificate\\.chain|truststore\\.certificates|(?:api|access|private|client)[._-]?key'

/** Settings about a secret that hold none: where it lies, how it is got or written, who it belongs to. */
const ABOUT =
  /(?:url|uri|endpoint|file|path|location|class|callback|type|source|mode|encoding|algorithm|authentication|index|[._-]id|expiredpasswords|defaultgsscredential)$/i

const SECRET_WORD = new RegExp(WORDS, 'i')

/** Whether nobody should see the value of a setting of that name (I7). */
export function isSecretName(name: string): boolean {
  return SECRET_WORD.test(name) && !ABOUT.test(name)
}

/** Finds each place in a text where the name of a secret may stand. */
export const secretWords = (): RegExp => new RegExp(WORDS, 'gi')
