import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  environmentOverrides,
  heapLimitMib,
  parseCommandLine
} from '../../src/launch/command-line.ts'

describe('the command line', () => {
  it('runs a worker of a cluster, with the sample file when none is named', () => {
    assert.deepEqual(parseCommandLine(['--distributed', 'a.properties'], {}), {
      kind: 'distributed',
      file: 'a.properties',
      overrides: new Map()
    })
    const command = parseCommandLine(['--distributed'], {})
    assert.equal(
      command.kind === 'distributed' && command.file,
      'worker-config/connect-distributed.properties'
    )
  })

  it('takes an empty file name as "no file, only overrides"', () => {
    const command = parseCommandLine(['--distributed', '', '-o', 'group.id=a=b'], {})
    assert.deepEqual(command, {
      kind: 'distributed',
      file: '',
      overrides: new Map([['group.id', 'a=b']])
    })
  })

  it('runs one worker by itself with connector files', () => {
    assert.deepEqual(
      parseCommandLine(['--standalone', 'w.properties', 'a.json', 'b.properties'], {}),
      {
        kind: 'standalone',
        file: 'w.properties',
        connectors: ['a.json', 'b.properties'],
        overrides: new Map()
      }
    )
  })

  it('says what is wrong with a wrong use', () => {
    const wrong = [
      [],
      ['x'],
      ['--standalone'],
      ['--distributed', 'a', 'b'],
      ['--distributed', '--standalone'],
      ['--what'],
      ['--distributed', '-o', 'x']
    ]
    for (const argv of wrong)
      assert.equal(parseCommandLine(argv, {}).kind, 'usage-error', argv.join(' '))
  })

  it('turns CONNECT_ variables into keys when asked to', () => {
    const env = {
      CONNECT_BOOTSTRAP_SERVERS: 'k:9092',
      CONNECT_A__B___C: 'x',
      CONNECT_LOG4J_ROOT_LOGLEVEL: 'DEBUG',
      PATH: '/bin'
    }
    assert.deepEqual(
      [...environmentOverrides(env)],
      [
        ['bootstrap.servers', 'k:9092'],
        ['a-b_c', 'x']
      ]
    )
    const command = parseCommandLine(['--distributed', 'f', '--env'], env)
    assert.equal(
      command.kind === 'distributed' && command.overrides.get('bootstrap.servers'),
      'k:9092'
    )
    assert.equal(
      command.kind === 'distributed' && parseCommandLine(['--distributed', 'f'], env).kind,
      'distributed'
    )
  })

  it('reads the heap limit of the JVM scripts', () => {
    assert.equal(heapLimitMib('-Xms256M -Xmx2G'), 2048)
    assert.equal(heapLimitMib(undefined), null)
    assert.throws(() => heapLimitMib('-Xmx2X'), /KAFKA_HEAP_OPTS/)
  })
})
