import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import {
  mappedColumns,
  parseColumnMapping,
  parseColumnsMapping,
  tablePattern
} from '../../../../src/connectors/jdbc/settings/table-pattern.ts'
import { ConfigError } from '../../../../src/errors.ts'
import { runJava } from '../../../support/run-java.ts'
import { adversarial, assertLinear } from '../../../support/work-of.ts'

const names = [
  'public.orders',
  'public.order',
  'orders',
  'public.größe',
  'public.Orders',
  'public.a\nb',
  'a',
  'aa',
  'ab',
  'b',
  '',
  '.',
  'größe',
  'ORDERS',
  'public.x_1',
  'k',
  'K',
  '\u212a',
  'ſ',
  's',
  '😀',
  'ß',
  'a b',
  '\\',
  'public.customer-1',
  'é',
  '\ufffd',
  "it's",
  '"a.b".c',
  '表.単位'
]
const expressions = String.raw`
  public.orders|.*orders|\w+|\w+\.\w+|(?i)PUBLIC\.orders|\Qpublic.orders\E|\Qpublic.orders|public\.[[:alpha:]]+|public\.[[:^alpha:]]+|[[:word:]]+|[[:foo:]]+
  public\.\pL+|public\.gr\p{L}+|\p{Greek}+|\p{Latin}+|\PL|\p{^L}|\Apublic\.orders\z|\Apublic\.orders\Z|public.gr\x{F6}.*|\x61|\x{1F600}
  public\.(?P<n>orders)|public\.(?<n>orders)|public\.o(?U)r.*|\p{Alpha}|or.*+|(?>a)|(?x)a b|(?s).*|(?m)^a$|(?-s).*|(?i:A)|(?i)k|(?i)s|(?i)ß|a{2}|a{2,}|a{,2}
  a{1001}|a{1000}|a**|a*?|a+?|a??|(a|a)|[a|a]|[]a]|[^]a]|[b-a]|[a-\d]|\y|\1|(a)\1|\8|\07|\011|\0|\cA|\C|\B|\b|\bpublic\b.*|\a|\e|\f\n\r\t\v|(?=a)a|(?!a)b
  (?<=a)b|(?<!a)b|(?#x)a|(?)a|(?i|(?P=n)|(?P<n>a)(?P<n>b)|(?P<1>a)|[[:alpha:][:digit:]]+|[[=a=]]|[[.a.]]|[a&&b]|()|*a|+|?|^*|$*|(?i)größe|[à-ü]+.*|[^\n]*
  \Q\E|\E|a\E|\Qa\Q\E|x{2}{3}|{|}|{1}|a{|a{1|a{1,|a{a}|\pN|\p{Lu}.*|\p{IsLatin}|\p{javaLowerCase}|\p{Any}|\pX|\p{|\p|\x|\xZ|\x{|\x{110000}|\u0061|.{1,3}
  (((((a)))))|(?U)a*|(?s)public.a.b|public.a.b|[[:ascii:]]+|\d+|\D+|\s|\S+|\W|\h|\R|\X|\N|\G|\K|(?<n>a|(?P<n|(?P<n>|(?P|(?a)|[-a]|[a-]|[--a]|[a-a-z]|[\w-z]|\_|\-|\.
  (?i)[A-Z]+|[[:ALPHA:]]|a{0}|a{0,0}|(?:)|(?i)(?-i)A|(?ims-U)a|(?-)a|(?i-)a|(?--i)a|\p{Han}+\..*
`
  .trim()
  .split(/\n\s*/)
  .flatMap((line) => line.split('|'))
const alternatives = [
  '',
  'a|b|',
  '|a',
  '(|a)',
  'public\\.(orders|größe)',
  '(a|ab)(c|b)?',
  'a)',
  '(a',
  '[a'
]

void describe('Expressions for names of tables', () => {
  void it('match, and are refused, as those of the JVM connector', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'table-patterns-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const all = [...expressions, ...alternatives]
    const file = (name: string, texts: readonly string[]): string => {
      const lines = texts.map((text) => `${Buffer.from(text).toString('base64')}\n`)
      writeFileSync(join(folder, name), lines.join(''))
      return join(folder, name)
    }
    const expected = await runJava('TablePatterns.java', [file('names', names), file('all', all)])
    assert.equal(expected.length, all.length)
    for (const [index, expression] of all.entries()) {
      const java = expected[index] ?? ''
      if (java.startsWith('!')) {
        assert.throws(
          () => tablePattern(expression),
          (error) =>
            error instanceof ConfigError &&
            error.message === `Invalid regular expression: ${expression}`,
          expression
        )
      } else {
        const pattern = tablePattern(expression)
        const bits = names.map((name) => (pattern.test(name) ? '1' : '0')).join('')
        assert.equal(`=${bits}`, java, expression)
      }
    }
  })

  void it('I8: take time in proportion to a name, and to themselves', () => {
    for (const evil of [
      '(\\w+\\.?)+X',
      '(a*)*b',
      '(a|aa)+$',
      '(.*)*(.*)*(.*)*x',
      '(a|b)*a(a|b){900}'
    ]) {
      const pattern = tablePattern(evil)
      assertLinear(
        `matching ${evil}`,
        (length) => 'a'.repeat(length),
        (name) => pattern.test(name)
      )
    }
    for (const [name, text] of Object.entries(adversarial)) {
      const matched = (expression: string) => tablePattern(expression).test('a'.repeat(200))
      assertLinear(`reading ${name}`, text, matched, 2000)
    }
    assert.throws(() => tablePattern('a'.repeat(10_001)), /10001 characters, more than 10000/)
    assert.throws(() => tablePattern('(a{1000}){1000}'), /Invalid regular expression/)
  })

  void it('choose the columns of a table', () => {
    const mappings = [
      parseColumnsMapping('public\\.or.*:[c1|c2]'),
      parseColumnMapping('\\Qa.b\\E:id')
    ]
    assert.deepEqual(mappedColumns(mappings, 'public.orders', 'timestamp'), ['c1', 'c2'])
    assert.deepEqual(mappedColumns(mappings, 'a.b', 'timestamp'), ['id'])
    assert.throws(() => mappedColumns(mappings, 'axb', 'timestamp'), /does not match any/)
    assert.throws(() => parseColumnMapping('(:id'), /Invalid regular expression: \(/)
  })
})
