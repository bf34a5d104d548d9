import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, it } from 'node:test'
import { parseProperties } from '../../../../src/config/properties.ts'
import { ownKeys } from '../../../../src/connectors/jdbc/settings/own-keys.ts'
import { queryParts } from '../../../../src/connectors/jdbc/sql/query-text.ts'
import { jdbcSourceConfig } from '../../../../src/connectors/jdbc/settings/source-config.ts'
import { sourceSettings } from '../../../../src/connectors/jdbc/settings/source-settings.ts'

const root = resolve(import.meta.dirname, '../../../..')
const page = readFileSync(resolve(root, 'docs/jdbc-source.md'), 'utf8')
const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(
    ([, text = '']) => text
  )
/** What stands behind two blanks and a # explains the line. */
const withoutRemarks = (text: string): string => text.replace(/ {2,}#.*$/gm, '')

describe('the page of the JDBC source', () => {
  it('shows configurations that load', () => {
    const examples = blocks('properties')
    assert.equal(examples.length, 4)
    for (const example of examples) {
      const own = parseProperties(withoutRemarks(example))
      const config = new Map([
        ['name', 'shop'],
        ['connection.url', 'jdbc:oracle:thin:@//db:1521/SHOP'],
        ['mode', 'incrementing'],
        ['incrementing.column.name', 'ID'],
        ...own
      ])
      const unknown = [...own.keys()].filter(
        (key) => !Object.hasOwn(jdbcSourceConfig, key) && !/^(table\.settings|queries)\./.test(key)
      )
      assert.deepEqual(unknown, [])
      sourceSettings(config, jdbcSourceConfig)
    }
  })

  it('shows queries whose placeholders are known', () => {
    for (const query of blocks('sql')) assert.ok(queryParts(query).length > 1)
  })

  it('names every setting a group may have, and no other', () => {
    const [, sentence = ''] = /A group may have: (.*?)\. They mean/s.exec(page) ?? []
    const named = [...sentence.matchAll(/`([^`]+)`/g)].map(([, key]) => key)
    assert.deepEqual(new Set(named), new Set(Object.keys(ownKeys)))
  })
})
