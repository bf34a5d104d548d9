import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { Endpoint, RestContext } from '../../src/rest/endpoint.ts'
import { isInternal } from '../../src/rest/basic-auth.ts'
import { restServerOptions } from '../../src/rest/rest-server-options.ts'
import { roles, rolesOf } from '../../src/rest/roles.ts'
import { pluginEndpoints } from '../../src/rest/routes/connector-plugins.ts'
import { connectorEndpoints } from '../../src/rest/routes/connectors.ts'
import { historyEndpoints } from '../../src/rest/routes/history.ts'
import { loggerEndpoints } from '../../src/rest/routes/loggers.ts'
import { metricsEndpoints } from '../../src/rest/routes/metrics.ts'
import { offsetEndpoints } from '../../src/rest/routes/offsets.ts'
import { rootEndpoints } from '../../src/rest/routes/root.ts'
import { startFromEndpoints } from '../../src/rest/routes/start-from.ts'
import { taskEndpoints } from '../../src/rest/routes/tasks.ts'
import { BASIC_AUTH_EXTENSION } from '../../src/settings/worker/rest-keys.ts'
import { call, type Reply, restConfig, type RestWorker, startRestWorker } from './rest-worker.ts'

/** Every endpoint that a client may ask; what they answer is not asked here. */
const endpoints: readonly Endpoint[] = [
  rootEndpoints,
  connectorEndpoints,
  taskEndpoints,
  offsetEndpoints,
  startFromEndpoints,
  historyEndpoints,
  pluginEndpoints,
  loggerEndpoints,
  metricsEndpoints
].flatMap((make) => make({} as RestContext))

const USERS = ['viewer', 'operator', 'editor', 'team', 'guest', 'nobody']
const ROLES = `viewer=viewer
operator=operator
editor=editor
team=editor orders-.*
guest=viewer lines
`

describe('Roles', () => {
  let dir: string
  let worker: RestWorker
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'rest-roles-'))
    await writeFile(join(dir, 'users'), USERS.map((user) => `${user}=secret\n`).join(''))
    await writeFile(join(dir, 'roles'), ROLES)
    worker = await startRestWorker({
      'rest.extension.classes': BASIC_AUTH_EXTENSION,
      'rest.basic.auth.file': join(dir, 'users'),
      'rest.roles.file': join(dir, 'roles'),
      'rest.metrics.enable': 'true'
    })
  })
  after(async () => {
    await worker.stop()
    await rm(dir, { recursive: true })
  })

  beforeEach(() => {
    const { known, calls } = worker.herder
    known.clear()
    calls.length = 0
    for (const name of ['lines', 'orders-1', 'other']) {
      const config = new Map([
        ['name', name],
        ['connection.password', 'hunter2']
      ])
      known.set(name, { config, state: 'RUNNING', offsets: [] })
    }
  })

  const as = async (user: string, method: string, path: string, body?: string): Promise<Reply> =>
    await call(`${worker.base}${path}`, method, body, {
      authorization: `Basic ${Buffer.from(`${user}:secret`).toString('base64')}`
    })

  /** As a client would ask it, of a connector of that name. */
  const asked = async (user: string, { method, path, reads }: Endpoint, connector: string) => {
    const target = path
      .replace(':connector', connector)
      .replace(':task', '0')
      .replace(':plugin', 'Lines')
      .replace(':logger', 'root')
    return await as(user, method, target, reads === true ? '{}' : undefined)
  }

  for (const endpoint of endpoints) {
    for (const role of roles) {
      const { method, path, needs } = endpoint
      const may = roles.indexOf(role) >= roles.indexOf(needs)
      it(`${role}: ${may ? 'may' : 'may not'} ${method} ${path}`, async () => {
        const { status, json } = await asked(role, endpoint, 'lines')
        if (may) return assert.ok(status !== 401 && status !== 403, String(status))
        assert.equal(status, 403)
        assert.deepEqual(json, {
          error_code: 403,
          message: `Account ${role} may not ${method} ${path}: its role is ${role}, and this takes ${needs}`
        })
        assert.deepEqual(worker.herder.calls, [])
      })
    }
  }

  it('are for the connectors whose names match', async () => {
    for (const endpoint of endpoints.filter(({ path }) => path.includes(':connector'))) {
      const { method, path } = endpoint
      const { status, json } = await asked('team', endpoint, 'lines')
      assert.equal(status, 403, `${method} ${path}`)
      assert.deepEqual(json, {
        error_code: 403,
        message: `Account team may not ${method} ${path}: its role is not for connector lines`
      })
      assert.notEqual((await asked('team', endpoint, 'orders-9')).status, 403, `${method} ${path}`)
    }
  })

  it('show nobody a connector that is not his, and let him create none', async () => {
    const all = (await as('viewer', 'GET', '/connectors')).json as string[]
    assert.deepEqual(all, ['lines', 'orders-1', 'other'])
    assert.deepEqual((await as('guest', 'GET', '/connectors')).json, ['lines'])
    const expanded = (await as('guest', 'GET', '/connectors?expand=status')).json
    assert.deepEqual(Object.keys(expanded as object), ['lines'])
    assert.deepEqual((await as('team', 'GET', '/connectors')).json, ['orders-1'])
    const create = (name: string) =>
      as(
        'team',
        'POST',
        '/connectors',
        JSON.stringify({ name, config: { 'connector.class': 'L' } })
      )
    const refused = await create('lines-2')
    assert.equal(refused.status, 403)
    assert.match(refused.text, /Account team may not POST \/connectors: .* connector lines-2/)
    assert.notEqual((await create('orders-2')).status, 403)
    assert.equal((await as('guest', 'GET', '/metrics')).status, 403)
    assert.equal((await as('guest', 'PUT', '/admin/loggers/root', '{}')).status, 403)
  })

  it('let in no account without one, unless a line is for all others', async () => {
    const { status, text } = await as('nobody', 'GET', '/connectors')
    assert.deepEqual(
      [status, JSON.parse(text)],
      [
        403,
        {
          error_code: 403,
          message: 'Account nobody may not GET /connectors: there is no role for it'
        }
      ]
    )
    const file = join(dir, 'with-others')
    await writeFile(file, 'admin=editor\n*=viewer\n')
    assert.deepEqual(
      ['admin', 'somebody', null].map((account) => rolesOf(file)(account)?.role),
      ['editor', 'viewer', 'viewer']
    )
  })

  it('are nobody to whom an empty users file opens the door', async (t) => {
    await writeFile(join(dir, 'nobody'), '')
    const open = await startRestWorker({
      'rest.extension.classes': BASIC_AUTH_EXTENSION,
      'rest.basic.auth.file': join(dir, 'nobody'),
      'rest.roles.file': join(dir, 'roles')
    })
    t.after(() => open.stop())
    const headers = { authorization: `Basic ${Buffer.from('editor:x').toString('base64')}` }
    const { status, text } = await call(`${open.base}/connectors`, 'GET', undefined, headers)
    assert.equal(status, 403)
    assert.match(text, /Who has no account may not GET \/connectors: there is no role for it/)
  })

  it('I7: show secrets of a configuration to nobody who may not change it', async () => {
    for (const path of [
      '/connectors/lines/config',
      '/connectors/lines',
      '/connectors?expand=info'
    ]) {
      assert.ok((await as('editor', 'GET', path)).text.includes('hunter2'), path)
      for (const role of ['viewer', 'operator'] as const) {
        assert.ok(!(await as(role, 'GET', path)).text.includes('hunter2'), `${role} ${path}`)
      }
    }
  })

  it('are refused at the start when their file means nothing', async () => {
    const wrong = async (text: string): Promise<RegExp | string> => {
      const file = join(dir, 'wrong')
      await writeFile(file, text)
      try {
        rolesOf(file)
        return 'taken'
      } catch (error) {
        return (error as Error).message.replace(dir, '')
      }
    }
    assert.match(String(await wrong('a=admin\n')), /wrong has 'admin' for account a: a role/)
    assert.match(String(await wrong('a=viewer x y\n')), /for account a: a role/)
    assert.match(String(await wrong('a=viewer (\n')), /no Java regular expression for account a/)
    assert.throws(() => rolesOf(join(dir, 'nowhere')), /nowhere cannot be read/)
    const config = restConfig({ 'rest.roles.file': join(dir, 'roles') })
    assert.throws(() => restServerOptions(config), /rest\.roles\.file gives roles to accounts/)
  })

  it('are those of the documentation', () => {
    const page = readFileSync(resolve(import.meta.dirname, '../../docs/running.md'), 'utf8')
    const documented = [...page.matchAll(/^\| `([A-Z]+ \/\S*)` \| (\w+) \|$/gm)].map(
      ([, what, role]) => `${what} ${role}`
    )
    const real = endpoints.map(({ method, path, needs }) => `${method} ${path} ${needs}`)
    assert.deepEqual(documented.toSorted(), real.toSorted())
    assert.ok(
      endpoints.every(({ method, path }) => !isInternal(method, path.replace(':connector', 'x')))
    )
  })
})
