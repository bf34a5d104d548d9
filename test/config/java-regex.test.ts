import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { javaFind, javaFullMatch, javaRegex } from '../../src/config/java-regex.ts'
import { ConfigError } from '../../src/errors.ts'
import { adversarial, assertLinear } from '../support/work-of.ts'

const patterns = [
  'orders',
  'orders.*',
  'a|b',
  '(?i)orders-(EU|us)',
  'a(?i)b|c',
  'x(?i:y)z',
  '(?i)a(?-i)b',
  '(?s)a.b',
  '(?m)^a$',
  'a.b',
  '\\Qa.b*\\E+',
  '\\Qa',
  'a*+a',
  'a*+b',
  '(a|ab)(c|bcd)(d*)',
  '(?>a|ab)c',
  '(a+)+b',
  '(x*+)(y)\\2',
  '(?<first>a)(b)\\k<first>\\2',
  '(a)(b)\\1',
  '\\p{Alpha}+',
  '\\p{Lower}\\p{Upper}\\p{Digit}',
  '\\P{Alpha}',
  '\\pL+',
  '\\p{IsAlphabetic}+',
  '\\p{IsLatin}+',
  '\\p{Punct}',
  '\\p{Space}\\p{XDigit}',
  '[\\p{L}&&[^a]]+',
  '[a-z&&[^aeiou]]+',
  '[a-d[m-p]]+',
  '[^a-c]+',
  '[]a]+',
  '[a\\]\\-b]+',
  '[-a]+',
  '[a-]+',
  '[.$*(){}|/^]+',
  '[\\w.-]+',
  '[\\d\\s]+',
  '\\d{2,4}',
  '\\w+?x',
  'a{2}',
  'a{2,}',
  'a?+b',
  '(?=a)a',
  '(?!a).',
  '(?<=a)b',
  '(?:(?<=a)b|ab)',
  'a\\.b',
  'a\\x2eb',
  'a\\u002eb',
  '\\x{61}',
  '\\0141',
  '\\t',
  '\\bword\\b',
  '\\Aa\\z',
  'a\\Z',
  '\\h+',
  'a/b',
  'a-b_c',
  'é+',
  '😀+',
  '[😀é]+',
  '}',
  ']',
  'a\\-b',
  '^(?!__).*',
  'server1\\.inventory\\.(customers|orders)',
  '',
  '.*'
]
const inputs = [
  '',
  'orders',
  'orders-eu',
  'ORDERS-Us',
  'ordersX',
  'a',
  'b',
  'c',
  'C',
  'ab',
  'aB',
  'AB',
  'Ab',
  'aab',
  'abab',
  'aba',
  'abc',
  'abcd',
  'xYz',
  'xyz',
  'xyy',
  'xxyy',
  'a.b',
  'a.b*',
  'a.b**',
  'a\nb',
  'aXb',
  'a-b',
  'a/b',
  'a-b_c',
  'aaaa',
  'bA1',
  'é',
  'éé',
  'É',
  '😀😀',
  '.',
  '-',
  '!',
  ' f',
  '12',
  '123',
  '1 2',
  'mmm',
  'bcd',
  ']a',
  ']',
  '}',
  'a]b-',
  '.$*(){}|/^',
  '\t',
  'word',
  'server1.inventory.orders',
  '__offsets',
  'axx',
  'yx',
  'q',
  '\u00a0 ',
  'Ab1'
]
const broken = [
  '(',
  'a(b',
  '[a',
  '[',
  ')',
  'a)b',
  '*',
  'a**',
  '+a',
  'a{',
  'a{2',
  '{',
  '(?z)',
  '\\y',
  '[b-a]',
  '\\p{Nope}',
  'a|*',
  '(?<1>a)',
  '\\k<no>'
]

const oracle = `
import java.util.*; import java.util.regex.*; import java.nio.file.*; import java.nio.charset.StandardCharsets;
public class Match {
  static String text(String s) {
    StringBuilder out = new StringBuilder("\\"");
    for (char c : s.toCharArray()) out.append(String.format("\\\\u%04x", (int) c));
    return out.append('"').toString();
  }
  public static void main(String[] a) throws Exception {
    List<String> lines = Files.readAllLines(Path.of(a[0]), StandardCharsets.UTF_8);
    String[] all = new String[lines.size()];
    for (int i = 0; i < all.length; i++) all[i] = new String(Base64.getDecoder().decode(lines.get(i)), StandardCharsets.UTF_8);
    int patterns = Integer.parseInt(a[1]);
    StringJoiner out = new StringJoiner(",", "[", "]");
    for (int i = 0; i < patterns; i++) {
      try {
        Pattern p = Pattern.compile(all[i]);
        StringBuilder bits = new StringBuilder();
        for (int j = patterns; j < all.length; j++) { Matcher m = p.matcher(all[j]); bits.append(m.matches() ? 'M' : m.reset().find() ? 'f' : '-'); }
        out.add(text(bits.toString()));
      } catch (PatternSyntaxException e) { out.add(text("!" + e.getMessage())); }
    }
    System.out.println(out);
  }
}`

function askJava(of: readonly string[], texts: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'java-regex-'))
  try {
    const lines = [...of, ...texts].map((text) => Buffer.from(text).toString('base64'))
    writeFileSync(join(folder, 'input'), lines.join('\n') + '\n')
    writeFileSync(join(folder, 'Match.java'), oracle)
    const answer = execFileSync(
      'java',
      ['-Xmx128m', join(folder, 'Match.java'), join(folder, 'input'), String(of.length)],
      { encoding: 'utf8', timeout: 180_000 }
    )
    return JSON.parse(answer) as string[]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('Java regular expressions', () => {
  it('match and find what Java matches and finds', () => {
    const expected = askJava(patterns, inputs)
    patterns.forEach((pattern, index) => {
      const regex = javaRegex(pattern)
      const full = javaFullMatch(pattern)
      const ours = inputs.map((text) => (full(text) ? 'M' : regex.test(text) ? 'f' : '-')).join('')
      assert.equal(ours, expected[index], `pattern ${pattern} as ${regex.source}`)
    })
  })

  it('are refused where Java refuses them, in most cases with its words', () => {
    const expected = askJava(broken, [])
    const sameWords = new Set<string>()
    broken.forEach((pattern, index) => {
      assert.ok(expected[index]?.startsWith('!'), `Java takes ${pattern}`)
      assert.throws(
        () => javaRegex(pattern),
        (error) => {
          assert.ok(error instanceof ConfigError, String(error))
          if (`!${error.message}` === expected[index]) sameWords.add(pattern)
          return true
        },
        pattern
      )
    })
    for (const pattern of ['(', 'a(b', '[a', ')', 'a)b', '*', '{', 'a{', 'a{2', '(?z)'])
      assert.ok(sameWords.has(pattern), pattern)
  })

  it('are refused by name where this worker cannot follow Java', () => {
    for (const [pattern, words] of [
      ['(?x)a b', "Inline flag 'x' is not supported here"],
      ['\\G', 'Illegal/unsupported escape sequence'],
      ['\\X', 'Illegal/unsupported escape sequence'],
      ['\\p{InGreek}', 'Unknown character property name {InGreek}']
    ] as const) {
      assert.throws(
        () => javaRegex(pattern),
        (error) => {
          assert.ok(error instanceof ConfigError)
          assert.ok(error.message.startsWith(words), error.message)
          return true
        }
      )
    }
  })

  it('keep the numbers of their groups', () => {
    assert.deepEqual('orders-7'.replace(javaRegex('(.*)-(\\d+)'), '$2.$1'), '7.orders')
  })

  it('I8: match in time proportional to the text, where nothing needs to go back', () => {
    for (const pattern of [
      '(a+)+b',
      '(\\w+\\.?)+X',
      '(a|aa)*b',
      '(?i)(x+x+)+y',
      '[\\w&&\\p{L}]+b',
      '(\\pL+\\s?)*!'
    ]) {
      const matches = javaFullMatch(pattern)
      const isLinear = !pattern.includes('&&')
      if (isLinear) assertLinear(pattern, (length) => 'a'.repeat(length), matches)
      assert.equal(matches('aa'), false)
    }
    assert.equal(javaFullMatch('(a+)+b')('aab'), true)
  })

  it('I8: are given up when they go back without end, and not tried again', () => {
    const endless = (number: number) => javaFullMatch(`(a+)+b(?=${number})?`)
    const matches = endless(0)
    assert.equal(matches('aab'), true)
    assert.throws(() => matches('a'.repeat(60)), /took longer than 1000 ms on 'a+'/)
    const before = process.cpuUsage()
    for (let again = 0; again < 50; again++) {
      assert.throws(() => matches('a'.repeat(60)), /took longer than 1000 ms/)
      assert.throws(() => endless(0)('a'.repeat(60)), /took longer than 1000 ms/)
    }
    assert.ok(process.cpuUsage(before).user < 500_000)
    for (const number of [1, 2]) assert.throws(() => endless(number)('a'.repeat(60)))
    // What nobody has seen answer is no longer tried, what has answered goes on.
    assert.throws(() => endless(3)('a'.repeat(60)), /others have taken too long/)
    assert.throws(() => javaFind('(x)(y)?').exec('xy'), /others have taken too long/)
    assert.equal(javaFullMatch('(x)(y)?')('xy'), true)
  })

  it('I8: are refused when reading them would take long', () => {
    for (const pattern of [
      '('.repeat(5000),
      '['.repeat(5000),
      '(?i)'.repeat(2400),
      '(?i)|'.repeat(1900)
    ]) {
      assert.throws(() => javaRegex(pattern), ConfigError)
    }
    assert.throws(() => javaRegex('a'.repeat(10_001)), /at most 10000 characters/)
    for (const [name, text] of Object.entries(adversarial)) {
      assertLinear(`reading ${name}`, text, javaFullMatch, 2000)
    }
  })
})
