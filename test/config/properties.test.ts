import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { decodeProperties, parseProperties } from '../../src/config/properties.ts'

const nasty = [
  '',
  'a=b',
  'a = b ',
  'a:b',
  'a b',
  'a\tb',
  'a\fb',
  'a  =  : b',
  'a==b',
  'a=:b',
  'a:=b',
  'a',
  'a=',
  '=b',
  ':b',
  ' = b',
  '# comment\na=1\n! another\nb=2',
  '   # comment\\\na=1',
  'a=1\\\n  # not a comment\nb=2',
  'a=1\\\n\nb=2',
  'a=1\\\n   \n  2',
  'a=\\\r\n  x\r\nb=y\rc=z',
  'a=1\\\r\n\r\nb=2',
  'a=x\\\\\nb=y',
  'a=x\\\\\\\nb=y',
  'a=x\\',
  'a=x\\\n',
  'a=x\\\\',
  '\\\na=1',
  '\\\n#a=1\nb=2',
  '\\\n\\\na=1',
  '\\ a=1',
  'a\\=b=c',
  'a\\:b:c',
  'a\\ b c',
  '\\#a=1',
  'a=\\#1',
  'a=\\t\\n\\r\\f\\b\\q\\"',
  'a=\\u0041\\u00e9\\u20AC\\ud83d\\ude00',
  '\\u0061\\u003d=\\u003d',
  'a=\\\\u0041',
  'a=1\na=2\na=3',
  '__proto__=1\nconstructor=2',
  'a=b=c:d',
  'a = \\  b',
  'k\\\n  ey = v\\\n  al',
  '\f\ta=1',
  'a=1\n\n\n\r\r\nb=2\n',
  'a\u00a0b=c\u00a0',
  '# only a comment',
  '# comment\r\n\r\na=1',
  '#\\u00zz\na=1',
  'a=${file:/x:y}',
  'plugin.path=C:\\\\Kafka\\\\plugins',
  'a=\\\n#b\nc=d'
]

const oracle = `
import java.io.*; import java.nio.file.*; import java.util.*;
public class Load {
  static String text(String s) {
    StringBuilder out = new StringBuilder("\\"");
    for (char c : s.toCharArray()) out.append(String.format("\\\\u%04x", (int) c));
    return out.append('"').toString();
  }
  public static void main(String[] args) throws Exception {
    StringBuilder all = new StringBuilder("[");
    for (int i = 0; i < Integer.parseInt(args[1]); i++) {
      Properties p = new Properties();
      try (InputStream in = Files.newInputStream(Path.of(args[0], i + ".properties"))) { p.load(in); }
      StringJoiner one = new StringJoiner(",", "[", "]");
      for (String k : new TreeSet<>(p.stringPropertyNames())) one.add("[" + text(k) + "," + text(p.getProperty(k)) + "]");
      all.append(i == 0 ? "" : ",").append(one);
    }
    System.out.println(all.append("]"));
  }
}`

/** Small texts from the characters that matter, the same ones in every run. */
function* generated(count: number): Generator<string> {
  const alphabet = ['a', 'b', '=', ':', ' ', '\t', '\\', '\\', '\n', '\r', '#', '!', '\f', 'é']
  let state = 12345
  for (let made = 0; made < count; made++) {
    let text = ''
    for (let length = 0; length < 14; length++) {
      state = (state * 1103515245 + 12345) % 2147483648
      text += alphabet[Math.floor((state / 2147483648) * alphabet.length)]
    }
    yield text
  }
}

describe('properties', () => {
  it('reads whatever Java reads, the way Java reads it', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'properties-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const samples = [...nasty, ...generated(400)]
    samples.forEach((text, index) =>
      writeFileSync(join(folder, `${index}.properties`), Buffer.from(text, 'latin1'))
    )
    writeFileSync(join(folder, 'Load.java'), oracle)
    const answer = execFileSync(
      'java',
      ['-Xmx128m', join(folder, 'Load.java'), folder, String(samples.length)],
      { encoding: 'utf8', maxBuffer: 10_000_000, timeout: 180_000 }
    )
    const expected = JSON.parse(answer) as [string, string][][]
    samples.forEach((text, index) => {
      const ours = [...parseProperties(text)].sort(([a], [b]) => (a < b ? -1 : 1))
      assert.deepEqual(ours, expected[index], `sample ${JSON.stringify(text)}`)
    })
  })

  it('refuses a broken unicode escape', () => {
    for (const text of ['a=\\u12', 'a=\\u12G4', 'a=\\u', '\\uabc']) {
      assert.throws(() => parseProperties(text), { message: 'Malformed \\uxxxx encoding.' })
    }
  })

  it('keeps the file order of first mention', () => {
    assert.deepEqual([...parseProperties('b=1\na=2\nb=3').keys()], ['b', 'a'])
  })

  it('reads UTF-8 files as UTF-8 and all others as ISO-8859-1', () => {
    assert.equal(decodeProperties(Buffer.from('a=é€😀', 'utf8')), 'a=é€😀')
    assert.equal(decodeProperties(Buffer.from('a=é', 'latin1')), 'a=é')
    assert.equal(decodeProperties(Buffer.from('\ufeffa=b', 'utf8')), 'a=b')
  })
})
