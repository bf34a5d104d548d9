import assert from 'node:assert/strict'
import { mkdtemp, readFile, readdir, rm, symlink, lstat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { FileOffsetStore } from '../../src/storage/file-offset-store.ts'
import { decodeJavaMap, encodeJavaMap } from '../../src/storage/java-map-file.ts'
import { recordingLog } from '../support/recording-log.ts'
import { runJava } from '../support/run-java.ts'

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'offsets-'))
  t.after(() => rm(path, { recursive: true }))
  return path
}

async function started(file: string): Promise<FileOffsetStore> {
  const store = new FileOffsetStore(file, systemClock, recordingLog().log)
  await store.start()
  return store
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

void describe('The offset file of a standalone worker', () => {
  void it('starts empty without a file and keeps what was stored for the next start', async (t) => {
    const file = join(await folder(t), 'offsets')
    const store = await started(file)
    assert.deepEqual(await store.all('c'), [])
    const partition = { protocol: '1', table: '资产' }
    await store.set('c', [{ partition, offset: { incrementing: 9007199254740993n } }], 5000)
    await store.stop()
    const again = await started(file)
    assert.deepEqual(await again.get('c', [{ table: '资产', protocol: '1' }, { table: 'x' }]), [
      { incrementing: 9007199254740993n },
      null
    ])
    await again.set('c', [{ partition, offset: null }], 5000)
    assert.deepEqual(await (await started(file)).all('c'), [])
  })

  void it('writes many at once in order, and leaves no temporary file', async (t) => {
    const path = await folder(t)
    const store = await started(join(path, 'offsets'))
    const sets = Array.from({ length: 20 }, (_, id) =>
      store.set('c', [{ partition: { p: id % 3 }, offset: { id } }], 5000)
    )
    await Promise.all(sets)
    assert.deepEqual(await readdir(path), ['offsets'])
    const again = await started(join(path, 'offsets'))
    assert.deepEqual(await again.get('c', [{ p: 0 }, { p: 1 }]), [{ id: 18 }, { id: 19 }])
  })

  void it('goes on with a file a JVM worker wrote', async (t) => {
    const file = join(await folder(t), 'offsets')
    const entries: string[] = []
    for (let i = 0; i < 50; i++) {
      entries.push(base64(`["orders",{"protocol":"1","table":"t${i}"}]`))
      entries.push(i === 7 ? '-' : base64(`{"incrementing":${i},"d":1.0E10}`))
    }
    await runJava('OffsetFile.java', ['write', file, ...entries])
    const store = await started(file)
    assert.equal((await store.all('orders')).length, 49)
    const partitions = [
      { table: 't49', protocol: '1' },
      { table: 't7', protocol: '1' }
    ]
    assert.deepEqual(await store.get('orders', partitions), [{ incrementing: 49, d: 1e10 }, null])
  })

  void it('writes a file a JVM worker goes on with', async (t) => {
    const file = join(await folder(t), 'offsets')
    const store = await started(file)
    const offsets = Array.from({ length: 40 }, (_, id) => ({
      partition: { protocol: '1', table: `t${id}` },
      offset: { incrementing: id }
    }))
    await store.set('orders', offsets, 5000)
    const keys = [
      '["orders",{"protocol":"1","table":"t0"}]',
      '["orders",{"protocol":"1","table":"t39"}]'
    ]
    assert.deepEqual(
      await runJava('OffsetFile.java', ['read', file, ...keys.map(base64), base64('["x",{}]')]),
      [base64('{"incrementing":0}'), base64('{"incrementing":39}'), '-']
    )
  })

  void it('takes a file cut short anywhere for an empty one', async (t) => {
    const file = join(await folder(t), 'offsets')
    const whole = encodeJavaMap([
      { key: Buffer.from('["c",{}]'), value: Buffer.from('{}') },
      { key: Buffer.from('["d",{}]'), value: null }
    ])
    for (let length = 0; length < whole.length; length++) {
      await writeFile(file, whole.subarray(0, length))
      assert.deepEqual(await (await started(file)).all('c'), [], `${length} bytes`)
    }
    await writeFile(file, whole)
    assert.equal((await (await started(file)).all('c')).length, 1)
  })

  void it('refuses a file that holds something else, and leaves it alone', async (t) => {
    const file = join(await folder(t), 'offsets')
    for (const content of [
      '{"json":true}',
      'aced00057372',
      encodeJavaMap([]).toString('latin1').replace('HashMap', 'TreeMap')
    ]) {
      await writeFile(file, Buffer.from(content, 'latin1'))
      await assert.rejects(started(file), /The offset file .* cannot be read/)
      assert.equal((await readFile(file)).toString('latin1'), content)
    }
  })

  void it('understands references to arrays met before', () => {
    const bytes = encodeJavaMap([{ key: Buffer.from('k'), value: Buffer.from('v') }])
    // The value becomes a reference to the key, handle 3.
    const value = Buffer.from('757100 7e0002 00000001 76'.replaceAll(' ', ''), 'hex')
    const at = bytes.indexOf(value)
    const shared = Buffer.concat([
      bytes.subarray(0, at),
      Buffer.from('71007e0003', 'hex'),
      bytes.subarray(at + value.length)
    ])
    assert.deepEqual(decodeJavaMap(shared), [{ key: Buffer.from('k'), value: Buffer.from('k') }])
  })

  void it('replaces the file behind a link, not the link', async (t) => {
    const path = await folder(t)
    await writeFile(join(path, 'real'), encodeJavaMap([]))
    await symlink(join(path, 'real'), join(path, 'link'))
    const store = await started(join(path, 'link'))
    await store.set('c', [{ partition: {}, offset: { id: 1 } }], 5000)
    assert.equal((await lstat(join(path, 'link'))).isSymbolicLink(), true)
    assert.equal((await (await started(join(path, 'real'))).all('c')).length, 1)
  })

  void it('says which file cannot be written', async (t) => {
    const file = join(await folder(t), 'missing', 'offsets')
    const store = await started(file)
    await assert.rejects(
      store.set('c', [{ partition: {}, offset: {} }], 5000),
      /offset file .*missing.* cannot be written/
    )
  })
})
