import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assignors } from '../../../src/kafka/group/assignors/assignors.ts'
import { encodeSubscription } from '../../../src/kafka/group/consumer-protocol.ts'
import { isMarked, marked } from '../../../src/kafka/group/member-mark.ts'

const subscription = (userData: Uint8Array | null): Buffer =>
  encodeSubscription({ topics: ['t'], userData, ownedPartitions: [], generation: null, rack: null })

describe('The mark of consumers', () => {
  it('is found behind the user data of every assignor, and nowhere else', () => {
    const held = { partitions: [{ topic: 't', partition: 1 }], generation: 7 }
    for (const assignor of Object.values(assignors)) {
      for (const last of [null, held]) {
        const userData = assignor.userData(last)
        assert.equal(isMarked(subscription(marked(userData))), true)
        assert.equal(isMarked(subscription(userData)), false)
      }
    }
  })

  it('leaves what assignors read as it was: the generation, and who held what', () => {
    const held = { partitions: [{ topic: 't', partition: 1 }], generation: 7 }
    const first = (bytes: Uint8Array): number => Buffer.from(bytes).readInt32BE(0)
    assert.equal(first(marked(assignors['cooperative-sticky'].userData(held))), 7)
    assert.equal(first(marked(assignors['cooperative-sticky'].userData(null))), -1)
    assert.equal(first(marked(assignors.range.userData(held))), -1)
    const whole = assignors.sticky.userData(held) ?? Buffer.alloc(0)
    assert.deepEqual(Buffer.from(marked(whole)).subarray(0, whole.length), whole)
  })

  it('is not known of a member that its coordinator shows nothing of, and missed in what is no subscription', () => {
    assert.equal(isMarked(new Uint8Array()), null)
    assert.equal(isMarked(Buffer.from('anything')), false)
    assert.equal(isMarked(Buffer.from([0])), false)
  })
})
