import { type SilentServer, silentServer } from './silent-server.ts'

/**
 * The beginning of a session with a MySQL server that has no TLS and wants to be proved to by this plugin. To
 * the first answer of the plugin it says `then`; what follows is in `received`. Source: MySQL's client/server
 * protocol, connection phase.
 */
export function askingMysql(plugin: string, then: Buffer): Promise<SilentServer> {
  const step = new WeakMap<object, number>()
  return silentServer(
    (bytes, socket) => {
      const number = (step.get(socket) ?? 0) + 1
      step.set(socket, number)
      const sequence = (bytes[3] ?? 0) + 1
      if (number === 1) socket.write(packet(sequence, authSwitch(plugin)))
      else if (number === 2) socket.write(packet(sequence, then))
    },
    (socket) => socket.write(packet(0, greeting()))
  )
}

function packet(sequence: number, body: Buffer): Buffer {
  const head = Buffer.alloc(4)
  head.writeUIntLE(body.length, 0, 3)
  head[3] = sequence
  return Buffer.concat([head, body])
}

/** CLIENT_PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH and CONNECT_WITH_DB, but not SSL. */
const CAPABILITIES = 0x0008_8208

function greeting(): Buffer {
  const flags = Buffer.alloc(4)
  flags.writeUInt32LE(CAPABILITIES)
  return Buffer.concat([
    Buffer.from([10]),
    Buffer.from('8.0.36\0'),
    Buffer.from([1, 0, 0, 0]),
    Buffer.from('12345678\0'),
    flags.subarray(0, 2),
    Buffer.from([45, 2, 0]),
    flags.subarray(2, 4),
    Buffer.from([21]),
    Buffer.alloc(10),
    Buffer.from('901234567890\0'),
    Buffer.from('mysql_native_password\0')
  ])
}

function authSwitch(plugin: string): Buffer {
  return Buffer.concat([
    Buffer.from([0xfe]),
    Buffer.from(`${plugin}\0`),
    Buffer.from('12345678901234567890\0')
  ])
}
