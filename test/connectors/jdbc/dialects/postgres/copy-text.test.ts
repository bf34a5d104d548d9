import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  CopyText,
  LINE_END,
  TAB
} from '../../../../../src/connectors/jdbc/dialects/postgres/copy-text.ts'

const utf8 = (bytes: Uint8Array): string => Buffer.from(bytes).toString()

describe('The text of a COPY', () => {
  it('is what was written, in whatever pieces it is taken', () => {
    const text = new CopyText()
    const pieces: string[] = []
    let expected = ''
    for (let row = 0; row < 3000; row++) {
      const fields = [String(row), '', 'ü'.repeat(row % 90), '𝄞 and more']
      for (const [at, field] of fields.entries()) {
        if (at > 0) text.separate(TAB)
        text.add(field)
      }
      text.separate(LINE_END)
      expected += `${fields.join('\t')}\n`
      if (row % 700 === 0) pieces.push(utf8(text.take()))
    }
    pieces.push(utf8(text.take()))
    assert.equal(pieces.join(''), expected)
    assert.equal(text.length, 0)
  })

  it('takes no more memory than a few rows need', () => {
    const text = new CopyText()
    text.add('1')
    text.separate(TAB)
    text.add('one')
    text.separate(LINE_END)
    // What is outside of the heap has whole collections run, though there is hardly anything to collect.
    assert.ok(text.take().buffer.byteLength <= Buffer.poolSize)
  })
})
