import type { Endpoint } from './endpoint.ts'

/** The JVM worker lists methods in this order. */
const ORDER = ['HEAD', 'POST', 'DELETE', 'GET', 'OPTIONS', 'PUT', 'PATCH']

/** Methods by path, for OPTIONS and for telling 404 from 405. */
export type AllowedMethods = (path: string) => readonly string[] | null

export function allowedMethods(endpoints: readonly Endpoint[]): AllowedMethods {
  const resources = new Map<string, Set<string>>()
  for (const { method, path } of endpoints) {
    const methods = resources.get(path) ?? new Set(['OPTIONS'])
    resources.set(path, methods.add(method))
    if (method === 'GET') methods.add('HEAD')
  }
  const known = [...resources].map(([path, methods]) => ({
    segments: path.split('/').slice(1),
    methods: ORDER.filter((method) => methods.has(method))
  }))
  return (path) => {
    const segments = (path.length > 1 ? path.replace(/\/$/, '') : path).split('/').slice(1)
    const found = known.find(
      (resource) =>
        resource.segments.length === segments.length &&
        resource.segments.every((name, index) =>
          name.startsWith(':') ? segments[index] !== '' : name === segments[index]
        )
    )
    return found?.methods ?? null
  }
}
