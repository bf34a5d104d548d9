import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import type { ConfigProviderFactory } from '../../src/config/config-provider.ts'
import { ConfigProviders } from '../../src/config/providers.ts'
import { ConfigError } from '../../src/errors.ts'
import { redact } from '../../src/secrets/redact.ts'
import { providerSettings } from '../../src/settings/worker/provider-settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'providers-'))
const inside = join(folder, 'inside')
mkdirSync(inside)
mkdirSync(join(inside, 'sub'))
writeFileSync(join(inside, 'db.properties'), 'password = p=1\nuser=scott\n')
writeFileSync(join(inside, 'token'), 'abc\n')
writeFileSync(join(folder, 'outside.properties'), 'password=outside\n')
writeFileSync(join(folder, 'inside-too.properties'), 'password=neighbour\n')
symlinkSync(join(folder, 'outside.properties'), join(inside, 'link.properties'))
after(() => rmSync(folder, { recursive: true }))

const PROVIDER = 'org.apache.kafka.common.config.provider.'
function providers(settings: Record<string, string> = {}): ConfigProviders {
  return new ConfigProviders(
    providerSettings(
      new Map(
        Object.entries({
          'config.providers': 'file,dir,env',
          'config.providers.file.class': `${PROVIDER}FileConfigProvider`,
          'config.providers.dir.class': `${PROVIDER}DirectoryConfigProvider`,
          'config.providers.env.class': `${PROVIDER}EnvVarConfigProvider`,
          ...settings
        })
      )
    ),
    { HOME: '/home/x', DB_PASSWORD: 'geheim' }
  )
}
const resolve = (text: string, settings?: Record<string, string>): string | undefined =>
  providers(settings)
    .resolve(new Map([['key', text]]))
    .get('key')
const limited = {
  'config.providers.file.param.allowed.paths': inside,
  'config.providers.dir.param.allowed.paths': inside,
  'config.providers.env.param.allowlist.pattern': 'DB_.*'
}

describe('config providers', () => {
  it('replace references anywhere in a value', () => {
    assert.equal(resolve(`\${file:${inside}/db.properties:password}`), 'p=1')
    assert.equal(resolve(`\${dir:${inside}:token}`), 'abc\n')
    assert.equal(resolve('${env:HOME}/${env:DB_PASSWORD}!'), '/home/x/geheim!')
    assert.equal(resolve('plain'), 'plain')
  })

  it('leave what they cannot replace exactly as it is', () => {
    for (const text of [
      '${nope:key}',
      '${env:NO_SUCH_VARIABLE}',
      `\${file:${inside}/db.properties:no.such.key}`,
      '${file:key}',
      '${${}}',
      '${}',
      '${env}',
      `\${dir:${inside}:sub}`,
      `\${dir:${inside}:..}`,
      `\${dir:${inside}:../outside.properties}`,
      '${env:constructor}',
      '${env:__proto__}'
    ]) {
      assert.equal(resolve(text), text)
    }
  })

  it('do not replace what a replacement brings in', () => {
    const one = new ConfigProviders(
      providerSettings(
        new Map([
          ['config.providers', 'env'],
          ['config.providers.env.class', `${PROVIDER}EnvVarConfigProvider`]
        ])
      ),
      { A: '${env:B}', B: 'b' }
    )
    assert.equal(one.resolve(new Map([['k', '${env:A}']])).get('k'), '${env:B}')
  })

  it('I7: read nothing outside of the allowed paths, by no name and no link', () => {
    assert.equal(resolve(`\${file:${inside}/db.properties:user}`, limited), 'scott')
    for (const path of [
      `${folder}/outside.properties`,
      `${inside}/../outside.properties`,
      `${inside}/link.properties`,
      `${folder}/inside-too.properties`,
      '/etc/passwd'
    ]) {
      const text = `\${file:${path}:password}`
      assert.equal(resolve(text, limited), text)
    }
    const linked = `\${dir:${inside}:link.properties}`
    assert.equal(resolve(linked, limited), linked)
    assert.equal(resolve(`\${dir:${inside}:token}`, limited), 'abc\n')
  })

  it('I7: give only the environment variables that are allowed', () => {
    assert.equal(resolve('${env:DB_PASSWORD}', limited), 'geheim')
    assert.equal(resolve('${env:HOME}', limited), '${env:HOME}')
  })

  it('say what is wrong with them', () => {
    assert.throws(() => resolve('${env:/path:HOME}'), {
      message: "Path is not supported for EnvVarConfigProvider, invalid value '/path'"
    })
    assert.throws(() => providers({ 'config.providers.env.class': 'x.Y' }), {
      message:
        'Invalid value x.Y for configuration config.providers.env.class: Could not load config provider class or one of its dependencies'
    })
    assert.throws(
      () => providers({ 'config.providers.file.param.allowed.paths': 'relative' }),
      (error) => error instanceof ConfigError && error.message === 'Path relative is not absolute'
    )
    assert.throws(
      () => providers({ 'config.providers.file.param.allowed.paths': '/no/such/place' }),
      { message: 'Path /no/such/place does not exist' }
    )
    assert.throws(() => resolve(`\${file:${inside}:key}`), /Could not read/)
  })

  it('name a file or a folder that is not there, where it may be read', () => {
    for (const settings of [{}, limited]) {
      assert.throws(() => resolve(`\${file:${inside}/later.properties:key}`, settings), {
        name: 'ConfigError',
        message: `Could not read ${inside}/later.properties: ENOENT: no such file or directory, open '${inside}/later.properties'`
      })
      assert.throws(() => resolve(`\${dir:${inside}/later:token}`, settings), {
        message: new RegExp(`^Could not list ${inside}/later: ENOENT`)
      })
    }
    assert.throws(
      () => resolve('${file:/no/such/file:key}'),
      /^ConfigError: Could not read \/no\/such\/file/
    )
  })

  it('I7: do not tell whether a file is there that may not be read', () => {
    symlinkSync(folder, join(inside, 'out'))
    for (const path of [
      '/no/such/file',
      `${folder}/none`,
      `${inside}/out/none`,
      `${inside}/../none`
    ]) {
      const [file, dir] = [`\${file:${path}:key}`, `\${dir:${path}:key}`]
      assert.equal(resolve(file, limited), file)
      assert.equal(resolve(dir, limited), dir)
    }
  })

  it('resolve the properties of the worker itself, and keep nulls', () => {
    const resolved = providers().resolve(
      new Map([
        ['group.id', '${env:HOME}'],
        ['empty', null]
      ])
    )
    assert.deepEqual(
      resolved,
      new Map([
        ['group.id', '/home/x'],
        ['empty', null]
      ])
    )
  })

  it('say how long their values may be used, where that is set, the shortest time first', () => {
    const ttl = (settings: Record<string, string>, ...texts: (string | null)[]): number | null =>
      providers(settings).ttlMs(new Map(texts.map((text, index) => [String(index), text])))
    const both = {
      'config.providers.file.param.ttl.ms': '5000',
      'config.providers.dir.param.ttl.ms': ' 60000 '
    }
    assert.equal(ttl({}, '${file:/a:b}', '${env:HOME}'), null)
    assert.equal(ttl(both, 'plain', null, '${env:HOME}'), null)
    assert.equal(ttl(both, '${dir:/a:b}'), 60_000)
    assert.equal(ttl(both, '${dir:/a:b} and ${file:/a:b}', '${dir:/a:c}'), 5000)
    for (const text of ['0', '-1', 'x', '1.5', '']) {
      assert.throws(() => ttl({ 'config.providers.file.param.ttl.ms': text }), {
        message: `Invalid value ${text} for configuration config.providers.file.param.ttl.ms: Value must be a number of milliseconds above 0`
      })
    }
  })

  it('may be plugins, which know for how long their values may be used', () => {
    const settings = new Map([
      ['config.providers', 'vault'],
      ['config.providers.vault.class', 'com.example.Vault'],
      ['config.providers.vault.param.address', 'here']
    ])
    const seen: string[][] = []
    const factory: ConfigProviderFactory = (params) => {
      seen.push([...params.keys()])
      return {
        get: (path, key) => `${path}-${key}`,
        ttlMs: (path) => (path === 'short' ? 700 : null)
      }
    }
    const own = (more: [string, string][] = []) =>
      new ConfigProviders(providerSettings(new Map([...settings, ...more])), {}, (name) =>
        name === 'com.example.Vault' ? factory : null
      )
    assert.equal(
      own()
        .resolve(new Map([['k', '${vault:a:b}']]))
        .get('k'),
      'a-b'
    )
    assert.equal(own().ttlMs(new Map([['k', '${vault:a:b}']])), null)
    assert.equal(own().ttlMs(new Map([['k', '${vault:short:b}']])), 700)
    const set = own([['config.providers.vault.param.ttl.ms', '900']])
    assert.equal(set.ttlMs(new Map([['k', '${vault:short:b}']])), 900)
    assert.ok(seen.every((keys) => keys.join() === 'address'))
  })

  it('I7: hide what stood behind a secret wherever a message repeats it', () => {
    providers().resolve(new Map([['connection.password', '${env:DB_PASSWORD}']]))
    assert.equal(redact('wrong word geheim for scott'), 'wrong word [hidden] for scott')
  })
})
