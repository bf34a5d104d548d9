import { Schema } from '../../src/data/schema.ts'
import { casesOf, header, ofValue, recordOf, type TransformCase } from './transform-case.ts'

/** Transformations of topics and headers, and predicates. */

const onTopic = (topic: string): ReturnType<typeof recordOf> => recordOf({ topic })
const headed = recordOf({
  headers: [header('a', Schema.STRING, 'x'), header('b', Schema.INT32, 1), header('a', null, null)]
})

const router = casesOf('RegexRouter')
const route = (regex: string, replacement: string, topic: string): TransformCase =>
  router({ regex, replacement }, onTopic(topic))
const routerCases: TransformCase[] = [
  route('(.*)', 'x-$1', 'orders'),
  route('(\\w+)-(\\w+)', '$2.$1', 'a-b'),
  route('(\\w+)-(\\w+)', '$2.$1', 'no match'),
  route('(?<first>\\w+)-.*', '${first}', 'ab-cd'),
  route('a|ab', 'x', 'ab'),
  route('(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)', '$11-$1-$12', 'abcdefghijk'),
  route('(a)?(b)', '[$1$2]', 'b'),
  route('(.*)', '$2', 'a'),
  route('(.*)', '${gone}', 'a'),
  route('(.*)', 'a$', 'a'),
  route('(.*)', '$x', 'a'),
  route('(.*)', 'a\\', 'a'),
  route('(.*)', '\\$1\\\\', 'a'),
  route('(.*)', '${', 'a'),
  route('(.*)', '${}', 'a'),
  route('(.*)', '${1}', 'a'),
  route('(.*)', '$1', ''),
  route('(a++)(b)', '$2$1', 'aab'),
  route('(?>a+)(b)', '$1', 'aab'),
  route('a++b', '$1', 'aab'),
  route('(?i)ORDERS', 'x', 'orders'),
  route('.', 'x', 'ab'),
  route('', 'x', ''),
  router({ regex: '(', replacement: 'x' }, onTopic('a')),
  router({ regex: '[a', replacement: 'x' }, onTopic('a')),
  router({ replacement: 'x' }, onTopic('a')),
  router({ regex: 'x' }, onTopic('a'))
]

const byTime = casesOf('TimestampRouter')
const byTimeCases: TransformCase[] = [
  byTime({}, onTopic('orders')),
  byTime({ 'topic.format': 'a-${timestamp}-${topic}-${topic}' }, onTopic('o$1')),
  byTime({ 'topic.format': '${topic}' }, onTopic('x-${timestamp}')),
  byTime({ 'timestamp.format': "yyyy-'W'ww" }, onTopic('orders')),
  byTime({ 'timestamp.format': 'bogus' }, onTopic('orders')),
  byTime({}, recordOf({ timestamp: null }), {
    error: "Timestamp missing on record: topic='orders', kafkaPartition=3",
    because: 'the JVM shows the whole record, its values included'
  })
]

const drop = casesOf('DropHeaders')
const insert = casesOf('InsertHeader')
const headerCases: TransformCase[] = [
  drop({ headers: 'a' }, headed),
  drop({ headers: 'b,gone' }, headed),
  drop({ headers: 'x' }, recordOf({})),
  drop({ headers: '' }, headed),
  drop({ headers: 'a,a' }, headed),
  drop({}, headed),
  ...['text', '5', '300', '1.5', 'true', 'null', '[1,2]', '{"a":1}', '2024-02-29', ''].map(
    (literal) => insert({ header: 'h', 'value.literal': literal }, headed)
  ),
  insert({ header: 'h' }, headed),
  insert({ 'value.literal': 'x' }, headed)
]

export const recordCases: readonly TransformCase[] = [
  ...routerCases,
  ...byTimeCases,
  ...headerCases,
  casesOf('Filter')({}, headed)
]

const has = casesOf('predicates.HasHeaderKey')
const tombstone = casesOf('predicates.RecordIsTombstone')
const matches = casesOf('predicates.TopicNameMatches')
export const predicateCases: readonly TransformCase[] = [
  has({ name: 'a' }, headed),
  has({ name: 'A' }, headed),
  has({ name: '' }, headed),
  has({}, headed),
  tombstone({}, recordOf({})),
  tombstone({}, ofValue(Schema.OPTIONAL_STRING, null)),
  tombstone({}, ofValue(null, 0)),
  matches({ pattern: 'ord.*' }, onTopic('orders')),
  matches({ pattern: 'ord' }, onTopic('orders')),
  matches({ pattern: '(?i)ORDERS' }, onTopic('orders')),
  matches({ pattern: '(' }, onTopic('orders')),
  matches({ pattern: '' }, onTopic('orders')),
  matches({}, onTopic('orders'))
]
