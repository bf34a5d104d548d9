import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { advertised, type Listener, parseListener } from '../../../src/settings/worker/listeners.ts'
import { parseHeaderRules } from '../../../src/settings/worker/response-headers.ts'

const listeners = (...texts: string[]): Listener[] => texts.map(parseListener)
const settings = (
  of: Listener[],
  own: { listener?: string; hostName?: string; port?: number } = {}
) => ({ listeners: of, listener: null, hostName: null, port: null, ...own })

describe('listeners', () => {
  it('are advertised by the host they are bound to and the port they got', () => {
    assert.deepEqual(
      advertised(settings(listeners('http://worker-1:0')), () => 8123),
      { url: 'http://worker-1:8123/', workerId: 'worker-1:8123' }
    )
  })

  it('are advertised as the operator says', () => {
    assert.deepEqual(
      advertised(
        settings(listeners('http://:8083', 'https://:8443'), {
          listener: 'HTTPS',
          hostName: 'connect.example',
          port: 443
        }),
        (listener) => listener.port
      ),
      { url: 'https://connect.example:443/', workerId: 'connect.example:443' }
    )
  })

  it('prefer http, and find the listener of the protocol', () => {
    const both = listeners('https://a:8443', 'http://b:8083')
    assert.equal(advertised(settings(both), ({ port }) => port).url, 'http://b:8083/')
    assert.equal(
      advertised(settings(both, { listener: 'https' }), ({ port }) => port).url,
      'https://a:8443/'
    )
    assert.equal(
      advertised(settings(listeners('https://a:8443')), ({ port }) => port).url,
      'https://a:8443/'
    )
  })

  it('have brackets around IPv6 addresses', () => {
    assert.deepEqual(
      advertised(settings(listeners('http://[::1]:8083')), ({ port }) => port),
      { url: 'http://[::1]:8083/', workerId: '[::1]:8083' }
    )
  })

  it('on all interfaces are advertised by an address of this machine', () => {
    const { workerId } = advertised(settings(listeners('http://:8083')), ({ port }) => port)
    assert.match(workerId, /^\d+\.\d+\.\d+\.\d+:8083$/)
  })
})

describe('response headers', () => {
  it('are rules separated by commas, with quotes around commas', () => {
    assert.deepEqual(
      parseHeaderRules('set X-A: b,"add Cache-Control: no-cache, no-store", SETDATE Expires:0'),
      [
        { action: 'set', name: 'X-A', value: 'b' },
        { action: 'add', name: 'Cache-Control', value: 'no-cache, no-store' },
        { action: 'setDate', name: 'Expires', value: '0' }
      ]
    )
    assert.deepEqual(parseHeaderRules(''), [])
  })
})
