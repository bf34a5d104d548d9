import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net'
import { type TlsOptions, createServer as createTlsServer } from 'node:tls'

/**
 * A loopback proxy in front of a Kafka broker that can be cut or stalled. Brokers tell clients where to
 * connect; the proxy puts its own port into those answers (same host, same length), so that every connection
 * of a client goes through it.
 */
export interface TcpProxy {
  /** host:port to give to clients. */
  readonly address: string
  /** Connections accepted so far. */
  readonly accepted: number
  /** Breaks all connections and lets none stay open until `resume`. */
  cut(): void
  /** Breaks all connections once; new ones work. */
  breakConnections(): void
  /** Bytes stop flowing in both directions, connections stay open. */
  stall(): void
  /** Requests still reach the broker, its answers wait until `resume`. */
  holdAnswers(): void
  resume(): void
  /**
   * The next request of this kind (Kafka's api key) still reaches the broker, but its connection breaks
   * before an answer comes back. `cut`: from then on nothing works, as after `cut()`.
   */
  loseAnswer(apiKey: number, after?: 'cut'): void
  /** The same of the next piece of a client's stream that `matches`, whatever protocol it is. */
  loseAnswerTo(matches: (piece: Buffer) => boolean): void
  /**
   * Calls `listener` with each request that starts in a chunk of its own: Kafka's api key, the client's id,
   * all its bytes so far.
   */
  onRequest(listener: RequestListener): void
  close(): Promise<void>
}

type RequestListener = (apiKey: number, clientId: string, bytes: Buffer) => void

/**
 * `target`: host:port of the broker, as it advertises itself. With `tls` clients must speak TLS to the proxy.
 * `isBroker` false: another server, whose answers are left as they are.
 */
export async function startTcpProxy(
  target: string,
  tls?: TlsOptions,
  isBroker = true
): Promise<TcpProxy> {
  const separator = target.lastIndexOf(':')
  const host = target.slice(0, separator)
  const port = Number(target.slice(separator + 1))
  const pairs = new Set<readonly [Socket, Socket]>()
  let accepted = 0
  let state: 'open' | 'cut' | 'stalled' | 'mute' = 'open'
  let own = 0
  let listener: RequestListener = () => undefined
  let losing: { apiKey: number; cut: boolean } | null = null
  let losingTo: ((piece: Buffer) => boolean) | null = null

  const onConnection = (client: Socket): void => {
    accepted++
    if (state === 'cut') {
      client.destroy()
      return
    }
    const broker = connect({ host, port })
    const pair = [client, broker] as const
    pairs.add(pair)
    const rewrite = isBroker ? portRewriter(host, port, own) : (chunk: Buffer) => chunk
    let mute = false
    client.on('data', (chunk: Buffer) => {
      // Clients write each request by itself: INT32 length, INT16 api key.
      if (losing !== null && chunk.length > 6 && chunk.readInt16BE(4) === losing.apiKey) {
        mute = true
        if (losing.cut) state = 'cut'
        losing = null
      }
      if (losingTo?.(chunk) === true) {
        mute = true
        losingTo = null
      }
      // Then INT16 version, INT32 correlation id and the client's id behind its INT16 length.
      const idEnd = chunk.length > 14 ? 14 + chunk.readInt16BE(12) : Number.POSITIVE_INFINITY
      if (idEnd <= chunk.length) {
        listener(chunk.readInt16BE(4), chunk.toString('utf8', 14, idEnd), chunk)
      }
      broker.write(chunk)
    })
    broker.on('data', (chunk: Buffer) => {
      if (mute && state === 'cut') breakConnections()
      else if (mute) client.destroy()
      else client.write(rewrite(chunk))
    })
    for (const socket of pair) {
      // The other side learns of a broken connection by losing its own.
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        pairs.delete(pair)
        for (const each of pair) each.destroy()
      })
      if (state === 'stalled') socket.pause()
    }
    if (state === 'mute') broker.pause()
  }

  const server: Server =
    tls === undefined ? createServer(onConnection) : createTlsServer(tls, onConnection)
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  own = (server.address() as AddressInfo).port

  const breakConnections = (): void => {
    for (const [client, broker] of pairs) {
      client.destroy()
      broker.destroy()
    }
  }
  return {
    address: `${host}:${own}`,
    get accepted() {
      return accepted
    },
    cut() {
      state = 'cut'
      breakConnections()
    },
    breakConnections,
    stall() {
      state = 'stalled'
      for (const pair of pairs) for (const socket of pair) socket.pause()
    },
    holdAnswers() {
      state = 'mute'
      for (const [, broker] of pairs) broker.pause()
    },
    resume() {
      state = 'open'
      for (const pair of pairs) for (const socket of pair) socket.resume()
    },
    loseAnswer(apiKey, after) {
      losing = { apiKey, cut: after === 'cut' }
    },
    loseAnswerTo(matches) {
      losingTo = matches
    },
    onRequest(given) {
      listener = given
    },
    async close() {
      breakConnections()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
    }
  }
}

/** In front of a database, whose answers are left as they are. */
export async function startDatabaseProxy(target: string): Promise<TcpProxy> {
  return await startTcpProxy(target, undefined, false)
}

/**
 * Replaces `host` followed by INT32 `port` by the same host and `own`, also where a chunk ends in the middle
 * of it.
 */
function portRewriter(host: string, port: number, own: number): (chunk: Buffer) => Buffer {
  const from = Buffer.concat([Buffer.from(host), int32(port)])
  const to = Buffer.concat([Buffer.from(host), int32(own)])
  let kept = Buffer.alloc(0)
  return (chunk) => {
    const bytes = Buffer.concat([kept, chunk])
    for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at + to.length)) {
      to.copy(bytes, at)
    }
    const end = bytes.length - openMatch(bytes, from)
    kept = bytes.subarray(end)
    return bytes.subarray(0, end)
  }
}

/** How many bytes at the end could be the beginning of the pattern. */
function openMatch(bytes: Buffer, pattern: Buffer): number {
  for (let length = Math.min(pattern.length - 1, bytes.length); length > 0; length--) {
    if (bytes.subarray(bytes.length - length).equals(pattern.subarray(0, length))) return length
  }
  return 0
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
