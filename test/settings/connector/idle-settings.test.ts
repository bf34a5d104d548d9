import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { builtinPlugins } from '../../../src/builtin-plugins.ts'
import { Plugins } from '../../../src/plugin/plugins.ts'
import { idleSettings } from '../../../src/settings/connector/idle-settings.ts'
import { adversarial, assertLinear } from '../../support/work-of.ts'

const plugins = new Plugins(builtinPlugins())
const idle = (config: Record<string, string>): string[] =>
  idleSettings(new Map(Object.entries(config)), plugins)
const REPLACE = 'org.apache.kafka.connect.transforms.ReplaceField$Value'

void describe('Settings that nothing reads', () => {
  void it('are told by name: what was to be left out would be sent', () => {
    const found = idle({
      transforms: 'r, r.two',
      'transforms.r.type': REPLACE,
      'transforms.r.blacklist': 'ssn',
      'transforms.r.exlude': 'ssn',
      'transforms.r.predicate': 'p',
      'transforms.r.negate': 'true',
      'transforms.r.plugin.version': '1',
      'transforms.r.two.type': REPLACE,
      'transforms.r.two.exclude': 'ssn',
      'transforms.other.type': REPLACE,
      predicates: 'p',
      'predicates.p.type': 'TopicNameMatches',
      'predicates.p.patern': 'x'
    })
    assert.equal(found.length, 4)
    const [blacklist = '', typo = '', other = '', pattern = ''] = found
    assert.equal(
      blacklist,
      'transforms.r.blacklist has no effect: no such setting is known; it is called exclude now'
    )
    assert.match(typo, /^transforms\.r\.exlude has no effect: .*; there are .*\bexclude, include\b/)
    assert.equal(other, 'transforms.other.type has no effect: transforms lists no such name')
    assert.match(pattern, /^predicates\.p\.patern has no effect: .*\bpattern\b/)
  })

  void it('are none where every setting is known, or the class is not', () => {
    assert.deepEqual(
      idle({
        transforms: 'c,x',
        'transforms.c.type': 'org.apache.kafka.connect.transforms.InsertField$Value',
        'transforms.c.static.field': 'a',
        'transforms.c.static.value': 'b',
        'transforms.x.type': 'com.example.Unknown',
        'transforms.x.any.thing': 'b'
      }),
      []
    )
    assert.deepEqual(idle({ 'topic.prefix': 'x' }), [])
  })

  void it('I8: are looked for in time proportional to the names', () => {
    for (const [name, text] of Object.entries(adversarial)) {
      assertLinear(name, text, (key) => idle({ transforms: 'a', [`transforms.a.${key}`]: 'x' }))
      assertLinear(name, text, (list) => idle({ transforms: list, 'transforms.a.x': 'x' }))
    }
  })
})
