/**
 * A LIKE pattern in which `%` alone stands for any text, and everything else for itself. `special`: what else
 * has a meaning in LIKE.
 */
export function likeName(name: string, escape: string, special = '_'): string {
  return name.replace(/[!\\_%[]/g, (mark) =>
    mark === escape || special.includes(mark) ? escape + mark : mark
  )
}

/** A LIKE pattern of everything that begins like this. */
export function likePrefix(prefix: string, escape: string, special = '_'): string {
  return `${likeName(prefix, escape, `%${special}`)}%`
}
