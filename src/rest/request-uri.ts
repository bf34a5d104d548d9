/** Request targets as Jetty understands them: what is cut off, what is refused. */

/** The target for the router: an absolute form loses its origin, path segments lose their `;parameters`. */
export function routerTarget(url: string): string {
  const target = /^https?:\/\/[^/?]*(.*)$/i.exec(url)?.[1] ?? url
  const question = target.indexOf('?')
  const path = question === -1 ? target : target.slice(0, question)
  const query = question === -1 ? '' : target.slice(question)
  const steady = path.replaceAll(/;[^/]*/g, '')
  return `${steady.startsWith('/') ? steady : `/${steady}`}${query}`
}

/**
 * Why the path is refused, null when it is fine. Jetty refuses what two readers could take for two different
 * paths. `isConnector` is asked about the second segment: a connector whose name needs such characters can be
 * created, so (unlike in the JVM worker) it can also be reached.
 */
export function uriProblem(url: string, isConnector: (name: string) => boolean): string | null {
  const path = routerTarget(url).split('?', 1)[0] ?? ''
  if (/%(?![0-9a-f]{2})|%00/i.test(path)) return 'Bad Request'
  const segments = path.split('/').slice(1)
  if (segments.slice(0, -1).includes('') || (segments.length > 1 && path.endsWith('//'))) {
    return 'Ambiguous URI empty segment'
  }
  for (const [index, segment] of segments.entries()) {
    const problem = segmentProblem(segment)
    if (problem === null) continue
    const named = index === 1 && segments[0] === 'connectors' && problem !== BAD_UTF_8
    if (!named || !isConnector(decodeURIComponent(segment))) return problem
  }
  return null
}

const BAD_UTF_8 = 'Bad UTF-8 encoding'

function segmentProblem(segment: string): string | null {
  if (!segment.includes('%')) return null
  let decoded: string
  try {
    decoded = decodeURIComponent(segment)
  } catch {
    return BAD_UTF_8
  }
  if (/%2f/i.test(segment)) return 'Ambiguous URI path separator'
  if (/%25/.test(segment)) return 'Ambiguous URI path encoding'
  if (decoded === '.' || decoded === '..') return 'Ambiguous URI path segment'
  // oxlint-disable-next-line no-control-regex
  if (/[\\\u0000-\u001f\u007f]/.test(decoded)) return 'Suspicious Path Character'
  return null
}

/**
 * `/connectors/<name>` for a Location header: path characters stay readable, as the JVM worker writes them.
 * Half a surrogate pair, which no address can hold, is written as the replacement character the name is
 * stored with.
 */
export function connectorPath(name: string): string {
  const encoded = encodeURIComponent(name.toWellFormed()).replaceAll(
    /%(2C|3A|3B|3D|40|26|24|2B|2F)/g,
    (escape) => decodeURIComponent(escape)
  )
  return `/connectors/${encoded}`
}
