import assert from 'node:assert/strict'
import { type IncomingMessage, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, describe, it } from 'node:test'
import { inspect } from 'node:util'
import { type Clock, systemClock } from '../../../src/clock.ts'
import { OAuthTokenSource } from '../../../src/kafka/client/oauth-token.ts'
import { until } from '../../support/until.ts'

interface Asked {
  readonly authorization: string | undefined
  readonly body: string
}

async function startEndpoint(
  t: TestContext,
  answer: (count: number) => { status: number; body: unknown } | null
): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = []
  const server = createServer(async (request: IncomingMessage, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    asked.push({ authorization: request.headers.authorization, body })
    const next = answer(asked.length)
    if (next === null) return
    response.writeHead(next.status, { connection: 'close' })
    response.end(JSON.stringify(next.body))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`, asked }
}

const sourceFor = (
  endpoint: string,
  readTimeoutMs = 2000,
  clock: Clock = systemClock
): OAuthTokenSource =>
  new OAuthTokenSource(clock, {
    endpoint,
    clientId: 'worker',
    clientSecret: 's3cret',
    scope: 'kafka',
    connectTimeoutMs: 50,
    readTimeoutMs,
    retryBackoffMs: 1
  })

describe('OAuthTokenSource', () => {
  it('asks by the client-credentials grant and keeps the token while it lives', async (t) => {
    const { url, asked } = await startEndpoint(t, (count) => ({
      status: 200,
      body: { access_token: `token-${count}`, expires_in: 3600 }
    }))
    const source = sourceFor(url)
    const both = await Promise.all([source.token(), source.token()])
    assert.deepEqual(both, [{ value: 'token-1' }, { value: 'token-1' }])
    assert.deepEqual(await source.token(), { value: 'token-1' })
    assert.deepEqual(asked, [
      {
        authorization: `Basic ${Buffer.from('worker:s3cret').toString('base64')}`,
        body: 'grant_type=client_credentials&scope=kafka'
      }
    ])
  })

  it('asks anew when the token has no life left', async (t) => {
    const { url } = await startEndpoint(t, (count) => ({
      status: 200,
      body: { access_token: `token-${count}` }
    }))
    const source = sourceFor(url)
    assert.equal((await source.token()).value, 'token-1')
    assert.equal((await source.token()).value, 'token-2')
  })

  it('tries again when the endpoint has trouble', async (t) => {
    const { url } = await startEndpoint(t, (count) =>
      count < 3 ? { status: 503, body: {} } : { status: 200, body: { access_token: 'late' } }
    )
    assert.equal((await sourceFor(url).token()).value, 'late')
  })

  it('I7: a refusal names the endpoint and neither secret nor answer', async (t) => {
    const { url, asked } = await startEndpoint(t, () => ({ status: 401, body: 's3cret' }))
    await assert.rejects(sourceFor(url).token(), (error: Error) => {
      assert.match(error.message, /token endpoint http:\/\/127.* answered 401/)
      assert.doesNotMatch(inspect(error), /s3cret|d29ya2Vy/)
      return true
    })
    assert.equal(asked.length, 1)
  })

  it('I8: an endpoint that never answers is given up', async (t) => {
    const { url, asked } = await startEndpoint(t, () => null)
    const waits: number[] = []
    const limitMs = 10_050
    // The time of a request is over as soon as the endpoint has it, however slow the machine is.
    const clock: Clock = {
      ...systemClock,
      async sleep(ms) {
        waits.push(ms)
        const requests = waits.filter((wait) => wait === limitMs).length
        if (ms === limitMs) await until(() => asked.length === requests, 'request at the endpoint')
      }
    }
    await assert.rejects(sourceFor(url, 10_000, clock).token(), { code: 'KAFKA_UNAVAILABLE' })
    assert.deepEqual(waits, [limitMs, 1, limitMs, 2, limitMs])
    assert.equal(asked.length, 3)
  })
})
