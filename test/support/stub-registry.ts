import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

export interface RegistryRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** null: no answer at all, `cut`: the connection is closed. */
export type RegistryReply = { status: number; body: unknown } | 'silent' | 'cut'

export interface StubRegistry {
  /** host:port */
  readonly host: string
  readonly url: string
  readonly requests: RegistryRequest[]
  /** What is answered from now on. */
  reply: (request: RegistryRequest) => RegistryReply
}

/** An HTTP server that answers what a test wants of a registry that is not well. */
export async function stubRegistry(
  t: TestContext,
  reply: StubRegistry['reply']
): Promise<StubRegistry> {
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString('utf8')
    })
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const received = { method, path: url, headers, body }
      stub.requests.push(received)
      const answer = stub.reply(received)
      if (answer === 'silent') return
      if (answer === 'cut') {
        request.socket.destroy()
        return
      }
      response.writeHead(answer.status, { 'content-type': 'application/json' })
      response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body))
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const stub: StubRegistry = { host, url: `http://${host}`, requests: [], reply }
  t.after(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  )
  return stub
}
