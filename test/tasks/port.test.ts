import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DeferredOffset } from '../../src/data/record.ts'
import { requirePlain } from '../support/cloned-tasks.ts'

describe('What crosses the border of a task', () => {
  it('is taken when its copy is faithful', () => {
    requirePlain(
      {
        kind: 'call',
        args: [{ partition: { table: 'orders' }, offset: { id: 9007199254740993n, at: null } }],
        config: new Map([['tasks.max', '1']]),
        key: Buffer.from('k')
      },
      'call'
    )
  })

  const cases: Readonly<Record<string, readonly [unknown, RegExp]>> = {
    'a function': [{ offset: { encode: () => ({}) } }, /^message\.offset\.encode is a function$/],
    'a getter': [
      {
        offsets: [
          {
            get late_seen(): string {
              return 'i1'
            }
          }
        ]
      },
      /^message\.offsets\[0\]\.late_seen is worked out when it is looked at$/
    ],
    'an object with a class': [
      new Map([['offset', new DeferredOffset(() => ({}))]]),
      /has a class$/
    ],
    'an error': [{ error: new Error('no') }, /^message\.error has a class$/],
    'a signal': [[AbortSignal.abort()], /^message\[0\] has a class$/]
  }
  for (const [name, [message, refused]] of Object.entries(cases)) {
    it(`is refused when it holds ${name}`, () => {
      assert.throws(() => requirePlain(message, 'message'), { message: refused })
    })
  }
})
