import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import { createServer as createSecureServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

interface RegistryRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** `silent`: no answer at all; `cut`: the connection is closed. */
type RegistryReply = { status: number; body: unknown } | 'silent' | 'cut'

export interface StubRegistry {
  /** host:port */
  readonly host: string
  readonly url: string
  readonly requests: RegistryRequest[]
  /** What is answered from now on. */
  reply: (request: RegistryRequest) => RegistryReply
}

/** A server that answers what a test wants of a registry that is not well; with `tls` over https. */
export async function stubRegistry(
  t: TestContext,
  reply: StubRegistry['reply'],
  tls?: ServerOptions
): Promise<StubRegistry> {
  const answer: RequestListener = (request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString('utf8')
    })
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const received = { method, path: url, headers, body }
      stub.requests.push(received)
      const wanted = stub.reply(received)
      if (wanted === 'silent') return
      if (wanted === 'cut') {
        request.socket.destroy()
        return
      }
      response.writeHead(wanted.status, { 'content-type': 'application/json' })
      response.end(typeof wanted.body === 'string' ? wanted.body : JSON.stringify(wanted.body))
    })
  }
  const server = tls === undefined ? createServer(answer) : createSecureServer(tls, answer)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const scheme = tls === undefined ? 'http' : 'https'
  const stub: StubRegistry = { host, url: `${scheme}://${host}`, requests: [], reply }
  t.after(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  )
  return stub
}
