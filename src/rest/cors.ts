/** Cross-origin answers. Without `access.control.allow.origin` there are none. */
export interface CorsOptions {
  /** Allowed origins, or `*` for any. */
  origins: readonly string[]
  methods: readonly string[]
}

const MAX_AGE_SECONDS = '60'

/** Null when no origin is allowed. */
export function corsOptions(
  origins: readonly string[],
  methods: readonly string[]
): CorsOptions | null {
  if (origins.length === 0) return null
  return { origins, methods: methods.length === 0 ? ['GET', 'POST', 'HEAD'] : methods }
}

/** Headers for a request of `origin`; a preflight also learns the methods. The browser does the refusing. */
export function corsHeaders(
  cors: CorsOptions,
  origin: string | undefined,
  preflight: boolean
): Record<string, string> {
  const vary = { vary: 'Origin' }
  if (origin === undefined) return vary
  if (!cors.origins.includes('*') && !cors.origins.includes(origin)) return vary
  return {
    ...vary,
    'access-control-allow-origin': origin,
    ...(preflight
      ? {
          'access-control-allow-methods': cors.methods.join(','),
          'access-control-allow-headers': 'Content-Type',
          'access-control-max-age': MAX_AGE_SECONDS
        }
      : {})
  }
}
