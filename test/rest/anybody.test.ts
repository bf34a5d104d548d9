import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { BASIC_AUTH_EXTENSION } from '../../src/settings/worker/rest-keys.ts'
import { until } from '../support/until.ts'
import { adversarial, assertLinearRequest } from '../support/work-of.ts'
import { call, type RestWorker, startRestWorker } from './rest-worker.ts'

const LONG = 60_000

void describe('Anybody who reaches the port of a worker with basic auth', () => {
  let dir: string
  let worker: RestWorker
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'rest-anybody-'))
    await writeFile(join(dir, 'users'), 'admin=secret\n')
    worker = await startRestWorker(
      {
        'rest.extension.classes': BASIC_AUTH_EXTENSION,
        'rest.basic.auth.file': join(dir, 'users')
      },
      { workerBodyLimitBytes: 1_000_000 }
    )
  })
  after(async () => {
    await worker.stop()
    await rm(dir, { recursive: true })
  })
  const tasks = () => `${worker.base}/connectors/x/tasks`
  const signed = {
    'x-connect-authorization': 'AAAA',
    'x-connect-request-signature-algorithm': 'HmacSHA256'
  }

  void it('I8: makes it work in proportion to what he sends', async () => {
    const forms: [string, (text: string) => string][] = [
      ['a body', (text) => text],
      ['a key', (text) => `[{${JSON.stringify(text)}:[]}]`],
      ['a value', (text) => `[{"a":${JSON.stringify(text)}}]`]
    ]
    for (const [name, text] of Object.entries(adversarial)) {
      for (const [form, body] of forms) {
        await assertLinearRequest(
          `${form} of ${name}`,
          (length) => body(text(length)),
          async (sent) => {
            const answer = await call(tasks(), 'POST', sent, signed)
            assert.ok([204, 400, 413].includes(answer.status), answer.text)
            assert.ok(answer.text.length < 40_000)
          },
          LONG
        )
      }
    }
  })

  void it('I8: makes it work in proportion to his headers', async () => {
    for (const [name, text] of Object.entries(adversarial)) {
      const header = (length: number) =>
        text(length)
          .replaceAll(/[^\x20-\x7e]/g, 'x')
          .trim()
      for (const field of ['authorization', 'accept', 'content-type', 'origin', 'user-agent']) {
        await assertLinearRequest(
          `${field} of ${name}`,
          (length) => (field === 'authorization' ? `Basic ${header(length)}` : header(length)),
          async (sent) => {
            const answer = await call(`${worker.base}/connectors`, 'GET', undefined, {
              [field]: sent
            })
            assert.ok(answer.status >= 400 && answer.status < 500, answer.text)
          },
          3000
        )
      }
      await assertLinearRequest(
        `a path of ${name}`,
        (length) => encodeURI(text(length / 4)).slice(0, length),
        async (path) => {
          const answer = await call(`${worker.base}/${path}`)
          assert.ok(answer.status >= 400 && answer.status < 500, answer.text)
        },
        3000
      )
    }
  })

  void it('I8: holds no more of it than a bound, however slowly he sends', async () => {
    const sockets: Socket[] = []
    const halfSent = async (bytes: number): Promise<Socket> => {
      const socket = connect(worker.bound[0]?.port ?? 0, '127.0.0.1')
      socket.on('error', () => {})
      await once(socket, 'connect')
      socket.write(
        `POST /connectors/x/tasks HTTP/1.1\r\nhost: x\r\ncontent-length: 900000\r\n\r\n${'x'.repeat(bytes)}`
      )
      sockets.push(socket)
      return socket
    }
    const small = (text: string) => async () => (await call(tasks(), 'POST', text, signed)).status
    try {
      const first = await halfSent(899_000)
      await halfSent(899_000)
      // Two million bytes are the bound: these two leave room for about 200,000.
      await until(async () => (await small('x'.repeat(300_000))()) === 503, 'refused for a while')
      assert.equal(await small('{}')(), 400)
      const login = { authorization: `Basic ${Buffer.from('admin:secret').toString('base64')}` }
      const config = JSON.stringify({ 'connector.class': 'Lines', a: 'x'.repeat(300_000) })
      const put = await call(`${worker.base}/connectors/b/config`, 'PUT', config, login)
      assert.equal(put.status, 201, 'clients have a bound of their own')
      first.destroy()
      await until(async () => (await small('x'.repeat(300_000))()) === 400, 'taken again')
    } finally {
      for (const socket of sockets) socket.destroy()
    }
  })

  void it('I8: is refused a body beyond the limit, also when he does not tell its length', async () => {
    const body = 'x'.repeat(1_100_000)
    assert.equal((await call(tasks(), 'POST', body, signed)).status, 413)
    const socket = connect(worker.bound[0]?.port ?? 0, '127.0.0.1')
    socket.on('error', () => {})
    const seen: Buffer[] = []
    socket.on('data', (chunk: Buffer) => seen.push(chunk))
    socket.write(
      'POST /connectors/x/tasks HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n'
    )
    const piece = `${(50_000).toString(16)}\r\n${'x'.repeat(50_000)}\r\n`
    for (let sent = 0; sent < 24; sent++) socket.write(piece)
    await once(socket, 'close')
    assert.match(Buffer.concat(seen).toString(), /^HTTP\/1\.1 413 /)
  })

  void it('I8: cannot keep connections open without end, nor more than a number', async () => {
    const idle = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const socket = connect(worker.bound[0]?.port ?? 0, '127.0.0.1')
        socket.on('error', () => {})
        await once(socket, 'connect')
        socket.write('GET /connectors HTTP/1.1\r\nhost:')
        return socket
      })
    )
    try {
      assert.equal((await call(`${worker.base}/connectors`)).status, 401)
    } finally {
      for (const socket of idle) socket.destroy()
    }
  })

  void it('is answered in the length of what a person reads', async () => {
    const answer = await call(tasks(), 'POST', `[{"${'a'.repeat(800_000)}":[]}]`, signed)
    assert.equal(answer.status, 400)
    assert.ok(answer.text.length < 1000, String(answer.text.length))
    assert.match(answer.text, /The value of 'a+… \(800000 characters\)' must be a string/)
  })
})
