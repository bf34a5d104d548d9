import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { describe, it } from 'node:test'
import { checkConfig, configDef, parseConfig, Password } from '../../src/config/config-def.ts'
import { ValueProblem } from '../../src/config/config-value.ts'
import { keyInfos, valueInfo } from '../../src/config/config-infos.ts'
import { inRange, rangeText } from '../../src/config/version-range.ts'
import { ConfigError } from '../../src/errors.ts'

const definition = configDef({
  text: { type: 'string', importance: 'high', doc: '' },
  words: { type: 'string', default: 'a', oneOf: ['a', 'b'], importance: 'low', doc: '' },
  loose: { type: 'string', default: 'a', oneOfIgnoreCase: ['A', 'B'], importance: 'low', doc: '' },
  filled: { type: 'string', default: 'x', nonEmpty: true, importance: 'low', doc: '' },
  yes: { type: 'boolean', default: false, importance: 'low', doc: '' },
  count: { type: 'int', default: 3, atLeast: 1, atMost: 9, importance: 'low', doc: '' },
  small: { type: 'short', default: 3, importance: 'low', doc: '' },
  big: { type: 'long', default: 3, importance: 'low', doc: '' },
  ratio: { type: 'double', default: 0.5, atLeast: 0, importance: 'low', doc: '' },
  names: { type: 'list', default: [], importance: 'low', doc: '' },
  unique: { type: 'list', default: ['x'], distinct: true, importance: 'low', doc: '' },
  some: { type: 'list', default: ['x'], nonEmpty: true, importance: 'low', doc: '' },
  aliases: { type: 'list', default: [], aliases: true, importance: 'low', doc: '' },
  letters: { type: 'list', default: [], oneOf: ['a', 'b'], importance: 'low', doc: '' },
  secret: { type: 'password', default: null, importance: 'high', doc: '' },
  secretCode: {
    type: 'password',
    default: null,
    importance: 'high',
    doc: '',
    check: (value: Password | null) => (value?.value === 'bad' ? 'too easy' : null)
  },
  even: {
    type: 'int',
    default: 2,
    importance: 'low',
    doc: '',
    check: (value: number, all: ReadonlyMap<string, unknown>) =>
      value % 2 === 0 || all.get('yes') === true ? null : 'must be even'
  }
})

const errorsOf = (name: string, value: string | null): string[] =>
  checkConfig(
    definition,
    new Map([
      ['text', 'x'],
      [name, value]
    ])
  ).get(name)?.errors ?? ['missing']
const invalid = (name: string, value: string, problem: string): string =>
  `Invalid value ${value} for configuration ${name}: ${problem}`

describe('configuration definitions', () => {
  for (const [name, value, errors] of [
    ['words', 'A', [invalid('words', 'A', 'String must be one of: a, b')]],
    ['words', null, [invalid('words', 'null', 'String must be one of: a, b')]],
    ['loose', 'c', [invalid('loose', 'c', 'String must be one of (case insensitive): A, B')]],
    ['loose', null, [invalid('loose', 'null', 'String must be one of (case insensitive): A, B')]],
    ['filled', ' ', [invalid('filled', '', 'String must be non-empty')]],
    ['filled', null, []],
    ['yes', 'yes', [invalid('yes', 'yes', 'Expected value to be either true or false')]],
    ['count', '0', [invalid('count', '0', 'Value must be at least 1')]],
    ['count', '10', [invalid('count', '10', 'Value must be no more than 9')]],
    ['count', null, [invalid('count', 'null', 'Value must be non-null')]],
    [
      'count',
      '1e3',
      [
        invalid('count', '1e3', 'Not a number of type INT'),
        invalid('count', 'null', 'Value must be non-null')
      ]
    ],
    ['small', '32768', [invalid('small', '32768', 'Not a number of type SHORT')]],
    [
      'big',
      '-9223372036854775809',
      [invalid('big', '-9223372036854775809', 'Not a number of type LONG')]
    ],
    ['big', '1 000', [invalid('big', '1 000', 'Not a number of type LONG')]],
    ['ratio', '-0.5', [invalid('ratio', '-0.5', 'Value must be at least 0.0')]],
    ['unique', 'a,a', ["Configuration 'unique' values must not be duplicated."]],
    ['unique', 'a,', ["Configuration 'unique' values must not be empty."]],
    ['unique', null, ["Configuration 'unique' values must not be null."]],
    [
      'some',
      '',
      ["Configuration 'some' must not be empty. Valid values include: any non-empty value"]
    ],
    ['aliases', 'a,a', [invalid('aliases', '[a, a]', 'Duplicate alias provided.')]],
    ['aliases', null, [invalid('aliases', 'null', 'entry must be non null')]],
    ['letters', 'a,c', [invalid('letters', '[a, c]', 'String must be one of: a, b')]],
    ['secretCode', 'bad', [invalid('secretCode', '[hidden]', 'too easy')]],
    ['even', '3', [invalid('even', '3', 'must be even')]],
    ['text', '', []],
    ['names', ' a , b ,', []]
  ] as [string, string | null, string[]][]) {
    it(`say of ${name}=${value}: ${errors[0] ?? 'fine'}`, () => {
      assert.deepEqual(errorsOf(name, value), errors)
    })
  }

  it('parse values as Kafka does', () => {
    const values = parseConfig(
      definition,
      new Map([
        ['text', '\u0000 x\u00a0 '],
        ['yes', ' TRUE'],
        ['count', '+7'],
        ['small', '٣'],
        ['ratio', '1e-2'],
        ['names', ' a , b ,'],
        ['unique', 'a, b, a'],
        ['secret', ' p '],
        ['even', '3']
      ])
    )
    assert.equal(values.text, 'x\u00a0')
    assert.equal(values.yes, true)
    assert.equal(values.count, 7)
    assert.equal(values.small, 3)
    assert.equal(values.ratio, 0.01)
    assert.deepEqual(values.names, ['a', 'b', ''])
    assert.deepEqual(values.unique, ['a', 'b'])
    assert.equal(values.secret?.value, ' p ')
  })

  it('report every key that is wrong at once', () => {
    assert.throws(
      () =>
        parseConfig(
          definition,
          new Map([
            ['count', 'x'],
            ['yes', 'x']
          ])
        ),
      {
        message: [
          'Missing required configuration "text" which has no default value.',
          invalid('yes', 'x', 'Expected value to be either true or false'),
          invalid('count', 'x', 'Not a number of type INT')
        ].join('\n')
      }
    )
  })

  it('show numbers exactly', () => {
    const shown = (name: 'big' | 'ratio', text: string) => {
      const checked = checkConfig(definition, new Map([[name, text]])).get(name)
      assert.ok(checked)
      return valueInfo(definition[name], checked).value
    }
    assert.equal(shown('big', '9223372036854775807'), '9223372036854775807')
    assert.equal(shown('big', '+007'), '7')
    assert.equal(shown('ratio', '1'), '1.0')
    assert.equal(shown('ratio', '12345678.5'), '1.23456785E7')
    assert.equal(shown('ratio', '0.0005'), '5.0E-4')
  })

  it('I7: passwords are seen by nobody', () => {
    const password = new Password('tiger')
    for (const text of [`${password}`, JSON.stringify({ password }), inspect({ password })]) {
      assert.match(text, /\[hidden\]/)
      assert.doesNotMatch(text, /tiger/)
    }
    assert.doesNotMatch(errorsOf('secretCode', 'bad').join(), /bad/)
  })

  it('are shown in the order of the literal, numbered within their groups', () => {
    const infos = keyInfos(
      configDef({
        a: { type: 'string', default: null, importance: 'low', group: 'G', doc: '' },
        hidden: { type: 'string', default: null, importance: 'low', internal: true, doc: '' },
        b: { type: 'int', importance: 'high', group: 'G', doc: '' },
        c: { type: 'list', default: ['x', 'y'], importance: 'low', doc: '' }
      }),
      'p.'
    )
    assert.deepEqual(
      infos.map((key) => [
        key.name,
        key.required,
        key.default_value,
        key.group,
        key.order_in_group
      ]),
      [
        ['p.a', false, null, 'G', 1],
        ['p.b', true, null, 'G', 2],
        ['p.c', false, 'x,y', null, -1]
      ]
    )
  })
})

describe('a key that reads its value', () => {
  const even = configDef({
    count: {
      type: 'int',
      default: null,
      importance: 'low',
      doc: '',
      read: (value: number): { half: number } => {
        if (value === 13) throw new ConfigError('Thirteen is not even.')
        if (value % 2 !== 0) throw new ValueProblem('must be even')
        return { half: value / 2 }
      }
    }
  })
  const parse = (count?: string) =>
    parseConfig(even, new Map(count === undefined ? [] : [['count', count]]))

  it('gives what the value means, and null where there is none', () => {
    assert.equal(parse('6').count?.half, 3)
    assert.equal(parse().count, null)
  })

  it('complains of what it cannot read, in validation too, which shows the value itself', () => {
    assert.throws(() => parse('5'), {
      message: 'Invalid value 5 for configuration count: must be even'
    })
    assert.throws(() => parse('13'), { message: 'Thirteen is not even.' })
    const checked = checkConfig(even, new Map([['count', '6']])).get('count')
    assert.deepEqual([checked?.value, checked?.errors], [6, []])
  })
})

describe('version ranges', () => {
  for (const [range, inside, outside] of [
    ['1.2.3', ['1.2.3', '1.2.3.0'], ['1.2.4', '1.2']],
    ['[1.0,2.0)', ['1.0', '1.9.9'], ['2.0', '0.9']],
    ['(1.0,]', ['1.0.1', '99'], ['1.0']],
    ['(,1.0],[1.2,)', ['0.1', '1.0', '1.2'], ['1.1']],
    ['[1.5]', ['1.5'], ['1.5.1']],
    ['[1.5-SNAPSHOT,1.5)', ['1.5-SNAPSHOT'], ['1.5', '1.5-rc1', '1.5.0']],
    ['[1.5-alpha1,1.5-rc1)', ['1.5-a2', '1.5-beta', '1.5-M3'], ['1.5-CR1', '1.5.ga', '1.4']],
    ['(1.5,1.5.1)', ['1.5-sp', '1.5-own'], ['1.5.Final', '1.5.0-0']],
    ['', [], ['1.0']]
  ] as [string, string[], string[]][]) {
    it(`${range} holds ${inside.join(' ')} and not ${outside.join(' ')}`, () => {
      for (const version of inside) assert.equal(inRange(version, range), true, version)
      for (const version of outside) assert.equal(inRange(version, range), false, version)
    })
  }

  it('are shown as Kafka shows them', () => {
    assert.equal(rangeText('1.0'), '[1.0,1.0]')
    assert.equal(rangeText('[1,2)'), '[1,2)')
    assert.throws(() => rangeText('[1'), { message: 'Unbounded range: [1' })
    assert.throws(() => rangeText('[2,1]'), { message: 'Range defies version ordering: [2,1]' })
    for (const range of ['[3,4],[1,2]', '[1,2],[1.5,3]', '[1,),[2,3]', '[1,2],(,3]']) {
      assert.throws(() => rangeText(range), { message: `Ranges overlap: ${range}` })
    }
  })
})
