import { request } from 'node:http'

export interface RawAnswer {
  status: number
  headers: Readonly<Record<string, string | string[] | undefined>>
  text: string
}

/** Sends exactly this, without the courtesies of fetch (no default headers, no path clean-up, any method). */
export async function exchange(
  base: string,
  what: {
    method: string
    path: string
    headers?: Readonly<Record<string, string>>
    body?: string | Uint8Array
  },
  timeoutMs = 100_000
): Promise<RawAnswer> {
  const { hostname, port } = new URL(base)
  const body = what.body === undefined ? undefined : Buffer.from(what.body)
  return await new Promise((resolve, reject) => {
    const outgoing = request(
      {
        hostname,
        port,
        method: what.method,
        path: what.path,
        agent: false,
        timeout: timeoutMs,
        headers: {
          ...what.headers,
          ...(body === undefined ? {} : { 'content-length': body.length })
        }
      },
      (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('error', reject)
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            text: Buffer.concat(chunks).toString('utf8')
          })
        )
      }
    )
    outgoing.on('timeout', () =>
      outgoing.destroy(
        new Error(`${what.method} ${what.path}: no answer from ${base} in ${timeoutMs} ms`)
      )
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
