import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { configPages, docsFolder } from '../../scripts/write-docs.ts'
import { builtinPlugins } from '../../src/builtin-plugins.ts'
import { configDef } from '../../src/config/config-def.ts'
import { configPage } from '../../src/config/document.ts'

describe('pages of the configuration reference', () => {
  it('say what the definitions say (else: npm run docs)', () => {
    const pages = configPages()
    const written = readdirSync(docsFolder).filter((name) => name.endsWith('.md'))
    assert.deepEqual(written.sort(), [...pages.keys()].sort())
    for (const [name, text] of pages) {
      assert.equal(readFileSync(join(docsFolder, name), 'utf8'), text, name)
    }
  })

  it('name every plugin that is shipped', () => {
    const all = [...configPages().values()].join('\n')
    for (const { className } of builtinPlugins()) assert.ok(all.includes(className), className)
  })

  it('show keys by group, with defaults and valid values, and nothing that is internal', () => {
    const page = configPage('Tables', 'Reads tables.', [
      {
        title: '',
        definition: configDef({
          mode: {
            type: 'string',
            oneOf: ['bulk', 'a|b'],
            importance: 'high',
            group: 'Mode',
            doc: 'How rows\nare found.'
          },
          'poll.ms': {
            type: 'int',
            default: 5,
            atLeast: 0,
            atMost: 9,
            importance: 'low',
            group: 'Pace',
            doc: 'Pause.'
          },
          password: {
            type: 'password',
            default: 'x',
            importance: 'high',
            group: 'Pace',
            doc: 'Secret.'
          },
          hidden: {
            type: 'string',
            default: '',
            importance: 'low',
            internal: true,
            doc: 'Never shown.'
          },
          old: { type: 'string', default: '', importance: 'low', noEffect: true, doc: 'Old.' }
        })
      }
    ])
    assert.deepEqual(page.split('\n').slice(1), [
      '',
      '# Tables',
      '',
      'Reads tables.',
      '',
      '## Mode',
      '',
      '| key | type | default | valid | importance | meaning |',
      '|---|---|---|---|---|---|',
      '| `mode` | string | required | `bulk`, `a\\|b` | high | How rows are found. |',
      '',
      '## Pace',
      '',
      '| key | type | default | valid | importance | meaning |',
      '|---|---|---|---|---|---|',
      '| `poll.ms` | int | `5` | at least 0, at most 9 | low | Pause. |',
      '| `password` | password | `[hidden]` |  | high | Secret. |',
      '',
      '## Accepted, without effect',
      '',
      'A JVM worker knows these; here they only make existing files load.',
      '',
      '| key | type | default | valid | importance | meaning |',
      '|---|---|---|---|---|---|',
      '| `old` | string | (empty) |  | low | Old. |',
      ''
    ])
  })
})
