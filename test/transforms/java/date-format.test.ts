import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { messageOf } from '../../../src/errors.ts'
import { DateFormat } from '../../../src/transforms/java/date-format.ts'
import {
  askTransforms,
  type TransformAnswer,
  type TransformQuestion
} from '../../support/transform-oracle.ts'

/** Our date patterns beside `java.text.SimpleDateFormat`; one JVM answers all questions of this file. */

const EVERY_LETTER =
  "G GGGG|y yy yyy yyyy yyyyy|Y YY YYYY|M MM MMM MMMM L LL LLL LLLL|d ddd|D DDD|E EEEE|u uu|F W w ww|a aaaa|H HH h hh K KK k kk|m mm s ss S SS SSSS|z zzzz Z X XX XXX|'o''clock' ü ''"

/** Every day around turns of year, month, week and calendar, and some times far away. */
const MOMENTS = [
  ...days('1999-12-20', 30),
  ...days('2004-12-25', 14),
  ...days('2024-02-20', 14),
  ...days('1582-09-28', 30),
  ...days('1582-12-20', 20),
  ...days('1583-01-01', 10),
  ...days('1500-02-20', 14),
  ...days('0001-12-20', 15),
  -62_135_769_600_001,
  -62_135_769_600_000,
  -99_999_999_999_999,
  253_402_300_800_000,
  4_102_444_799_999,
  -1,
  0,
  1,
  1_714_566_896_007,
  43_200_000,
  43_199_999
]

function days(from: string, count: number): number[] {
  const start = Date.parse(`${from}T00:00:00.000Z`)
  return Array.from(
    { length: count },
    (_, day) => start + day * 86_400_000 + (day % 3) * 28_799_999
  )
}

const TEXTS: readonly (readonly [pattern: string, ...texts: string[]])[] = [
  [
    "yyyy-MM-dd'T'HH:mm:ss.SSS",
    '2024-05-01T12:34:56.007',
    '2024-13-41T25:61:61.1234',
    '2024-5-1T1:2:3.4',
    '-2024-05-01T00:00:00.0',
    '2024--5--1T00:00:00.0'
  ],
  [
    'yyyy-MM-dd',
    '2024-02-30 and more',
    '2024-02',
    'x2024-02-01',
    ' 2024- 02-\t01',
    '',
    '2024-02-01E5',
    '0000-00-00',
    '99999-01-01',
    '1582-10-10',
    '1582-10-04',
    '1582-10-15',
    '1500-02-29',
    '0001-01-01',
    '-0005-01-01',
    '٢٠٢٤-٠١-٠٢'
  ],
  ['yyyyMMddHHmmss', '20240501123456', '2024050112345', '202405011234567', '2024 501123456'],
  ['yyyyMMdd', '20240501', '202405', '2024050199'],
  ['yyMMdd', '240501', '991231', '440101', '4611219'],
  ['yy-M-d', '24-5-1', '4-5-1', '2024-5-1', '99-1-1', '-4-1-1', '００-1-1'],
  ['y', '24', '2024', '7'],
  [
    'd MMM yyyy',
    '1 May 2024',
    '1 MAY 2024',
    '1 september 2024',
    '1 Sept 2024',
    '1 Foo 2024',
    '1  May 2024'
  ],
  ['dMMMyyyy', '1May2024', '12May2024'],
  ['MMMM', 'June', 'Jun', 'J'],
  ['LLL d', 'Mar 5', 'march 5'],
  [
    'EEE, dd MMM yyyy HH:mm:ss Z',
    'Wed, 01 May 2024 12:34:56 +0200',
    'Sunday, 01 May 2024 12:34:56 -0930',
    'Wed, 01 May 2024 12:34:56 GMT',
    'Wed, 01 May 2024 12:34:56 GMT+1:30',
    'Wed, 01 May 2024 12:34:56 GMT+1',
    'Wed, 01 May 2024 12:34:56 +2',
    'Wed, 01 May 2024 12:34:56 +2500',
    'Wed, 01 May 2024 12:34:56 UTC'
  ],
  [
    'HH:mm z',
    '12:34 UTC',
    '12:34 GMT',
    '12:34 gmt-03:00',
    '12:34 Coordinated Universal Time',
    '12:34 +0100',
    '12:34 nowhere',
    '12:34 Z'
  ],
  ['HH:mm X', '12:34 Z', '12:34 +02', '12:34 -02', '12:34 +0230', '12:34 2'],
  ['HH:mmXX', '12:34+0230', '12:34+02', '12:34Z', '12:34-0230x'],
  ['HH:mmXXX', '12:34+02:30', '12:34+0230', '12:34-23:59', '12:34-24:00'],
  ['h:mm a', '12:00 AM', '12:00 PM', '1:00 pm', '13:00 PM', '1:00 x', '1:00 a', '1:00'],
  ['K:mm a', '0:00 PM', '12:00 AM'],
  ['k:mm', '24:00', '0:00', '25:00'],
  ['a', 'PM'],
  ['h', '5'],
  ['H h a', '5 7 PM', '17 3 AM'],
  ['h H a', '7 5 PM'],
  ['G yyyy', 'BC 0044', 'AD 2024', 'bc 1', 'Anno Domini 5', 'XX 5'],
  ['yyyy D', '2024 60', '2023 366', '1582 300', '2024 0', '1582 278'],
  ['D yyyy MM dd', '60 2024 05 07'],
  ['yyyy MM dd D', '2024 05 07 60'],
  ['yyyy w u', '2024 18 3', '2024 1 7', '2024 53 1', '2024 0 1'],
  ['yyyy w', '2024 18', '1582 40'],
  ['YYYY-ww-u', '2024-18-3', '2025-01-7', '2020-53-1', '2024-1-9', '2024-1-0', '2024-1--3'],
  ['YYYY', '2024', '1582'],
  ['YYYY yyyy', '2024 2020'],
  ['YYYY w E', '2024 18 Wed'],
  ['YY w', '24 18'],
  ['yyyy-MM W u', '2024-05 2 3', '2024-05 0 3', '2024-05 -1 3'],
  ['yyyy-MM F E', '2024-05 2 Wed', '2024-05 -1 Fri', '2024-05 0 Mon', '2024-05 6 Mon'],
  ['yyyy-MM E', '2024-05 Wed', '2024-09 Sunday'],
  ['yyyy-MM W', '2024-05 3'],
  ['yyyy-MM F', '2024-05 3'],
  ['yyyy MM dd w', '2024 05 17 2'],
  ['w F W u yyyy MM', '2 3 1 4 2024 05'],
  ['u yyyy', '9 2024', '0 2024'],
  ['yyyy MM dd W u F', '2024 05 17 2 4 1', '2024 05 17 5 2 3'],
  ["''yyyy''", "'2024'", '2024'],
  ['S', '5', '123456789', '99999999999', '9223372036854775808', '-7'],
  ['yyyy', 'NaN', '2147483648', '-', '--5', '+5'],
  ['mm:ss', '90:90', '-1:30'],
  ["'only text'", 'only text', 'only'],
  ['', 'x', ''],
  ["yyyy'年'MM'月'", '2024年05月'],
  ['HHmm', '1234', '123'],
  ['Hmm', '1234', '934'],
  ['yyyyMM-dd', '202405-01', '20245-01'],
  ['EEEd', 'Wed5', 'Wednesday5'],
  ['bogus', '1'],
  ["yyyy'", '2024'],
  ['XXXX', 'Z']
]

/** Texts that we refuse and the JVM takes. */
const refused: Readonly<Record<string, string>> = {
  NaN: 'Java reads it as 0',
  '2024-02-01E5': 'Java reads an exponent',
  '2147483648': 'beyond the year 275760'
}

describe('Date patterns like those of java.text.SimpleDateFormat', () => {
  const parses = TEXTS.flatMap(([pattern, ...texts]) =>
    texts.map((text) => [pattern, text] as const)
  )
  let answers: TransformAnswer[] = []
  before(async () => {
    answers = await askTransforms([
      ...MOMENTS.map((ms): TransformQuestion => ({ op: 'format', pattern: EVERY_LETTER, ms })),
      ...parses.map(([pattern, text]): TransformQuestion => ({ op: 'parse', pattern, text }))
    ])
  })

  it('writes every letter', () => {
    const format = new DateFormat(EVERY_LETTER)
    const texts = MOMENTS.map((ms) => `${ms} ${format.format(ms)}`)
    assert.deepEqual(
      texts,
      answers.slice(0, MOMENTS.length).map(({ text }, index) => `${MOMENTS[index]} ${text}`)
    )
  })

  for (const [index, [pattern, text]] of parses.entries()) {
    it(`reads '${text}' with ${pattern}`, () => {
      const answer = answers[MOMENTS.length + index] as TransformAnswer
      const mine = parsed(pattern, text)
      if (Object.hasOwn(refused, text)) assert.notEqual(answer.ms, undefined)
      else assert.deepEqual(mine.ms, answer.ms ?? null)
      if (mine.error !== undefined) assert.equal(mine.error, answer.error)
    })
  }
})

function parsed(pattern: string, text: string): { ms: number | null; error?: string } {
  try {
    return { ms: new DateFormat(pattern).parse(text) }
  } catch (error) {
    return { ms: null, error: messageOf(error) }
  }
}
