import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseJaasConfig } from '../../../src/settings/clients/jaas-config.ts'

const plain = 'org.apache.kafka.common.security.plain.PlainLoginModule'
const optionsOf = (options: string) =>
  Object.fromEntries(parseJaasConfig(`${plain} required ${options};`).options)

describe('parseJaasConfig', () => {
  it('reads module and options over several lines', () => {
    const entry = parseJaasConfig(
      `${plain} required\n  username="joe"\n  password='it is "me"'\n  serviceName=kafka;\n`
    )
    assert.equal(entry.loginModule, plain)
    assert.deepEqual(Object.fromEntries(entry.options), {
      username: 'joe',
      password: 'it is "me"',
      serviceName: 'kafka'
    })
  })

  it('keeps semicolons, equals signs and spaces inside quotes', () => {
    assert.deepEqual(optionsOf('password="a;b=c d"'), { password: 'a;b=c d' })
  })

  it('understands escapes as Java does', () => {
    assert.deepEqual(optionsOf(String.raw`a="q\"\\\t\101" b="\/"`), { a: 'q"\\\tA', b: '/' })
  })

  it('allows spaces around equals signs, empty values and comments', () => {
    assert.deepEqual(optionsOf('/* who */ username = "" // nobody\n password="p"'), {
      username: '',
      password: 'p'
    })
  })

  for (const [wrong, reason] of [
    ['', /login module class is missing/],
    [plain, /control flag/],
    [`${plain} perhaps;`, /control flag/],
    [`${plain} required username="joe"`, /semicolon/],
    [`${plain} required username;`, /name="value"/],
    [`${plain} required username="joe;`, /quote is not closed/],
    [`${plain} required; ${plain} required;`, /only one login module/]
  ] as const) {
    it(`refuses ${JSON.stringify(wrong)}`, () => {
      assert.throws(() => parseJaasConfig(wrong), { code: 'CONFIG_INVALID', message: reason })
    })
  }
})
