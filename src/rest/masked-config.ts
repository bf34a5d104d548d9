/** Keys whose values `rest.config.mask=true` hides in answers. */
const SECRET_KEY = /password|passwd|secret|token|credential|jaas|api[._-]?key|user\.info/i
/** A reference to a config provider is no secret. */
const REFERENCE = /^\$\{[^}]*\}$/

export const HIDDEN = '[hidden]'

/** A configuration as it may be shown (I7). Off by default: clients compare what they read with what they wrote. */
export function maskedConfig(
  config: ReadonlyMap<string, string | null>
): ReadonlyMap<string, string | null> {
  return new Map(
    [...config].map(([key, value]) => {
      const hide = value !== null && SECRET_KEY.test(key) && !REFERENCE.test(value)
      return [key, hide ? HIDDEN : value]
    })
  )
}
