import { type AddressInfo, createServer, type Socket } from 'node:net'

export interface SilentServer {
  readonly port: number
  /** What each connection has sent so far. */
  readonly received: readonly Buffer[][]
  close(): Promise<void>
}

/** Takes connections and says nothing, or what `greet` says at first and `answer` to the bytes that come. */
export async function silentServer(
  answer: (bytes: Buffer, socket: Socket) => void = () => undefined,
  greet: (socket: Socket) => void = () => undefined
): Promise<SilentServer> {
  const sockets = new Set<Socket>()
  const received: Buffer[][] = []
  const server = createServer((socket) => {
    sockets.add(socket)
    const chunks: Buffer[] = []
    received.push(chunks)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (bytes) => {
      chunks.push(bytes)
      answer(bytes, socket)
    })
    greet(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    received,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    }
  }
}
