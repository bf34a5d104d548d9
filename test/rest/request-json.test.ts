import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConnectError } from '../../src/errors.ts'
import { jsonText } from '../../src/rest/json-answer.ts'
import { adversarial, assertLinear } from '../support/work-of.ts'
import { JsonNumber } from '../../src/data/json-reader.ts'
import { parseJson } from '../../src/rest/request-json.ts'

const parse = (text: string) => parseJson(Buffer.from(text))
const refused = (body: string | Uint8Array, message: RegExp) =>
  assert.throws(
    () => parseJson(Buffer.from(body)),
    (error: unknown) =>
      error instanceof ConnectError && error.status === 400 && message.test(error.message)
  )

describe('JSON of a request', () => {
  it('reads what JSON can say', () => {
    const value = parse(' {"a":[1,true,false,null,"x\\n\\u00e9\\ud83d\\ude00"],"b":{}} \n')
    assert.deepEqual(
      value,
      new Map<string, unknown>([
        ['a', [new JsonNumber('1'), true, false, null, 'x\né😀']],
        ['b', new Map()]
      ])
    )
  })

  it('keeps any key as a plain key, in order, the last of equal ones winning', () => {
    const value = parse('{"__proto__":"p","2":"two","1":"one","constructor":"c","2":"again"}')
    assert.ok(value instanceof Map)
    assert.deepEqual([...value.keys()], ['__proto__', '2', '1', 'constructor'])
    assert.equal(value.get('2'), 'again')
    assert.equal(({} as { p?: string }).p, undefined)
  })

  it('I5: keeps numbers as they were written', () => {
    assert.deepEqual(parse('1.50'), new JsonNumber('1.50'))
    assert.equal(new JsonNumber('9007199254740993').value(), 9007199254740993n)
    assert.equal(new JsonNumber('-9007199254740993').value(), -9007199254740993n)
    assert.equal(new JsonNumber('42').value(), 42)
    assert.equal(new JsonNumber('1e3').value(), 1000)
  })

  it('skips a byte order mark and takes an empty body for none', () => {
    assert.deepEqual(parse('\ufeff"x"'), 'x')
    assert.equal(parse(''), undefined)
    assert.equal(parse(' \r\n\t'), undefined)
  })

  it('says what is wrong and where, without repeating the text', () => {
    refused('{"a":1', /the end of the text at line 1, column 7 where ',' or '}' was expected/)
    refused('{"a":1,}', /the character "}" at line 1, column 8 where a field name/)
    refused('{\n "a" 1}', /line 2, column 6 where ':' was expected/)
    refused('[1,]', /where a value was expected/)
    refused('{} {}', /text after the end/)
    refused('"a', /does not end/)
    refused('"a\u0001b"', /control character/)
    refused('"\\x"', /wrong escape/)
    refused('"\\u12"', /wrong escape|does not end/)
    refused('nul', /a value was expected/)
    refused('01', /text after the end/)
    refused('NaN', /a value was expected/)
    refused(Uint8Array.from([0x22, 0xe9, 0x22]), /not valid UTF-8/)
  })

  it('stops at a depth of 1000 instead of overflowing the stack', () => {
    refused('['.repeat(100_000), /nesting deeper than 1000/)
    refused('{"a":'.repeat(100_000), /nesting deeper than 1000/)
    assert.ok(Array.isArray(parse(`${'['.repeat(900)}${']'.repeat(900)}`)))
  })

  it('I5: answers exact numbers and plain keys', () => {
    const value = new Map<string, unknown>([
      ['__proto__', 'p'],
      ['n', 9007199254740993n]
    ])
    assert.equal(jsonText(value), '{"__proto__":"p","n":9007199254740993}')
  })

  it('reads strings of any length, and refuses numbers that would take long to read', () => {
    const long = 'x'.repeat(20_000_000)
    assert.equal(parse(`"${long}"`), long)
    assert.equal(parse(`"${long}\\n"`), `${long}\n`)
    refused('9'.repeat(1001), /a number of more than 1000 characters at line 1, column 1/)
    refused(`1e${'9'.repeat(1_000_000)}`, /a number of more than 1000 characters/)
    refused('['.repeat(100_000), /nesting deeper than 1000/)
    refused('{"a":'.repeat(100_000), /nesting deeper than 1000/)
  })

  it('I8: takes time in proportion to its length, whatever it holds', () => {
    for (const [name, text] of Object.entries(adversarial)) {
      assertLinear(`parseJson ${name}`, text, parse)
      assertLinear(`a string of ${name}`, (length) => JSON.stringify(text(length)), parse)
      assertLinear(`a list of ${name}`, (length) => `[${text(length)}`, parse)
    }
  })
})
