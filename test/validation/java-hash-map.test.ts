import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { javaHashMapOrder } from '../../src/validation/java-hash-map.ts'
import { runJava } from '../support/run-java.ts'

const KEYS =
  `name,connector.class,tasks.max,topic.prefix,mode,connection.url,connection.user,connection.password,incrementing.column.name,
table.whitelist,poll.interval.ms,batch.max.rows,transforms,transforms.route.type,errors.tolerance,topic,file,added,库,Aa,BB,AaAa,BBBB,AaBB`
    .split(/,\s*/)
    .map((key) => key.trim())

describe('a configuration in messages', () => {
  it('has its keys in the order of a JVM worker', async () => {
    const lists = KEYS.flatMap((_, at) => [
      KEYS.slice(0, at + 1),
      KEYS.slice(at).toReversed(),
      KEYS.slice(Math.floor(at / 2), at + 1)
    ])
    const java = await runJava(
      'MapOrder.java',
      lists.map((keys) => keys.join(','))
    )
    assert.deepEqual(
      lists.map((keys) =>
        javaHashMapOrder(keys.map((key) => [key, ''] as const))
          .map(([key]) => key)
          .join(',')
      ),
      java
    )
  })
})
