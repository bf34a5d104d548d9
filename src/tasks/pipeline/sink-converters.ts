import { type Headers, NO_HEADERS } from '../../data/headers.ts'
import { Schema } from '../../data/schema.ts'
import type { Converter, HeaderConverter, SchemaAndValue } from '../../plugin/converter.ts'
import type { ConsumedRecord } from '../../kafka/contracts.ts'
import type { Converters, NamedConverter } from './converters.ts'
import type { SinkDraft, SinkPassage } from './sink-passage.ts'
import type { Stage } from './stages.ts'

/** The stages before the transformations, in the order of a JVM worker: key, value, headers. */
export function sinkConverterStages({
  key,
  value,
  header
}: Converters): readonly Stage<SinkPassage>[] {
  return [
    dataStage('KEY_CONVERTER', key, 'key', (draft, { schema, value: made }) => {
      draft.keySchema = schema
      draft.key = made
    }),
    dataStage('VALUE_CONVERTER', value, 'value', (draft, { schema, value: made }) => {
      draft.valueSchema = schema
      draft.value = made
    }),
    headerStage(header)
  ]
}

function dataStage(
  name: 'KEY_CONVERTER' | 'VALUE_CONVERTER',
  { className, converter }: NamedConverter<Converter>,
  half: 'key' | 'value',
  keep: (draft: SinkDraft, made: SchemaAndValue) => void
): Stage<SinkPassage> {
  const kept = (passage: SinkPassage, made: SchemaAndValue): true => {
    keep(passage.draft, made)
    return true
  }
  return {
    name,
    className,
    apply(passage) {
      const { consumed } = passage
      const made = converter.toConnectData(consumed.topic, consumed[half], rawHeaders(consumed))
      return made instanceof Promise
        ? made.then((later) => kept(passage, later))
        : kept(passage, made)
    }
  }
}

/** What a converter sees of headers that were not converted yet: their bytes. */
function rawHeaders({ headers }: ConsumedRecord): Headers {
  if (headers.length === 0) return NO_HEADERS
  return headers.map(({ key, value }) => ({ key, schema: Schema.OPTIONAL_BYTES, value }))
}

function headerStage({
  className,
  converter
}: NamedConverter<HeaderConverter>): Stage<SinkPassage> {
  return {
    name: 'HEADER_CONVERTER',
    className,
    apply({ consumed, draft }) {
      const { topic, headers } = consumed
      if (headers.length > 0) {
        draft.headers = headers.map(({ key, value }) => ({
          key,
          ...converter.toConnectHeader(topic, key, value)
        }))
      }
      return true
    }
  }
}
