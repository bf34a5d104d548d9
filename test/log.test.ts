import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Loggers } from '../src/log.ts'

function written(): { lines: string[]; loggers: Loggers } {
  const lines: string[] = []
  return { lines, loggers: new Loggers({ write: (line) => void lines.push(line) }) }
}

void describe('The log', () => {
  void it('I7: hides secrets in every fact, however deep it stands', () => {
    const { lines, loggers } = written()
    loggers.get('a').warn('no password=hunter2', {
      'my.api.key': 'hunter2',
      config: { 'connection.password': 'hunter2', list: [{ pwd: 'hunter2' }] },
      map: new Map([['sasl.jaas.config', 'hunter2']]),
      url: 'jdbc:mysql://u:hunter2@h/d',
      error: new Error('token=hunter2', { cause: new Error('secret=hunter2') })
    })
    loggers
      .get('a')
      .with({ nested: { 'x.api_key': 'hunter2' } })
      .info('x')
    assert.equal(lines.length, 2)
    for (const line of lines) assert.doesNotMatch(line, /hunter2/)
    assert.match(lines[0] ?? '', /"err":\{"type":"Error","message":"token=\[hidden\]"/)
  })

  void it('I8: writes no more of a line than anybody reads', () => {
    const { lines, loggers } = written()
    loggers.get('a').warn('a'.repeat(1_000_000), { url: 'b'.repeat(1_000_000) })
    assert.ok((lines[0] ?? '').length < 70_000)
  })

  void it('I8: takes so many names it does not know, and no longer ones', () => {
    const { loggers } = written()
    loggers.get('org.example.Known')
    for (let at = 0; at < 1001; at++) loggers.setLevel(`x${at}`, 'DEBUG', 1)
    const refusal = { code: 'BAD_REQUEST', message: /one too many/ }
    assert.throws(() => loggers.setLevel('x1001', 'DEBUG', 1), refusal)
    assert.deepEqual(loggers.setLevel('x1', 'INFO', 2), ['x1', ...tens('x1')])
    assert.deepEqual(loggers.setLevel('org.example.Known', 'INFO', 2), ['org.example.Known'])
    assert.ok(loggers.setLevel('root', 'WARN', 2).includes('root'))
    assert.throws(() => loggers.setLevel('.'.repeat(1001), 'DEBUG', 1), { code: 'BAD_REQUEST' })
    assert.equal(loggers.level('.'.repeat(1_000_000)), null)
  })
})

/** Names of the thousand that begin like this one. */
function tens(start: string): string[] {
  return Array.from({ length: 1001 }, (_, at) => `x${at}`)
    .filter((name) => name !== start && name.startsWith(start))
    .sort()
}
