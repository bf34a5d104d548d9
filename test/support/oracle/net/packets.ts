import type { Socket } from 'node:net'

export const PACKET = { CONNECT: 1, ACCEPT: 2, REFUSE: 4, DATA: 6, MARKER: 12 } as const
const HEADER = 8
const END_OF_FILE = 0x40

export interface PacketHandler {
  /** A whole CONNECT packet, header included. */
  onConnect(packet: Buffer): void
  /** What a DATA packet carries behind its flags. */
  onData(payload: Buffer): void
  /** 1: break, 2: reset, 3: interrupt. */
  onMarker(kind: number): void
  onClose(): void
}

/** TNS packets over a socket. Lengths are 16 bits wide until {@link largeLengths}, then 32. */
export class PacketSocket {
  readonly #socket: Socket
  readonly #handler: PacketHandler
  #received: Buffer = Buffer.alloc(0)
  #large = false
  /** Largest packet, header included. */
  unit = 8192

  constructor(socket: Socket, handler: PacketHandler) {
    this.#socket = socket
    this.#handler = handler
    socket.setNoDelay(true)
    socket.on('data', (bytes) => this.#receive(bytes))
    // Whatever broke the connection, what follows is its close.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => handler.onClose())
  }

  largeLengths(): void {
    this.#large = true
  }

  get closed(): boolean {
    return this.#socket.destroyed
  }

  send(type: number, body: Uint8Array): void {
    if (this.closed) return
    const packet = Buffer.alloc(HEADER + body.length)
    if (this.#large) packet.writeUInt32BE(packet.length, 0)
    else packet.writeUInt16BE(packet.length, 0)
    packet[4] = type
    packet.set(body, HEADER)
    this.#socket.write(packet)
  }

  /** An answer, cut into DATA packets. */
  sendData(bytes: Buffer): void {
    const most = this.unit - HEADER - 2
    for (let start = 0; start === 0 || start < bytes.length; start += most) {
      const piece = bytes.subarray(start, start + most)
      this.send(PACKET.DATA, Buffer.concat([Buffer.alloc(2), piece]))
    }
  }

  sendMarker(kind: number): void {
    this.send(PACKET.MARKER, Uint8Array.of(1, 0, kind))
  }

  end(): void {
    this.#socket.end()
  }

  /** Closes at once, as if the network had broken. */
  destroy(): void {
    this.#socket.resetAndDestroy()
  }

  #receive(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes])
    while (this.#received.length >= HEADER && !this.closed) {
      const length = this.#large ? this.#received.readUInt32BE(0) : this.#received.readUInt16BE(0)
      if (length < HEADER) {
        this.#socket.destroy()
        return
      }
      if (this.#received.length < length) return
      const packet = this.#received.subarray(0, length)
      this.#received = this.#received.subarray(length)
      this.#dispatch(packet)
    }
  }

  #dispatch(packet: Buffer): void {
    const body = packet.subarray(HEADER)
    if (packet[4] === PACKET.CONNECT) this.#handler.onConnect(packet)
    else if (packet[4] === PACKET.MARKER) this.#handler.onMarker(body[2] ?? 0)
    else if (packet[4] !== PACKET.DATA) this.#socket.destroy()
    else if ((body.readUInt16BE(0) & END_OF_FILE) !== 0) this.#socket.end()
    else this.#handler.onData(body.subarray(2))
  }
}
