import { configDef, type Parsed } from '../../../config/config-def.ts'
import { sinkDialectKeys } from '../dialects/sink-keys.ts'
import { lowerOrUpper, word } from './key-checks.ts'
import { sinkConnectionKeys } from './sink-connection-keys.ts'
import { sinkExactlyOnceKeys } from './sink-exactly-once-keys.ts'
import { sinkGroupList } from './sink-group-keys.ts'
import {
  sinkEvolutionKeys,
  sinkOwnRetryKeys,
  sinkQuoteKey,
  sinkRetryKeys,
  sinkTableKeys
} from './sink-keys.ts'
import { sinkAivenKeys, sinkMappingKeys } from './sink-mapping-keys.ts'
import { sinkOwnWriteKeys, sinkWriteKeys } from './sink-write-keys.ts'

/**
 * Keys of `io.confluent.connect.jdbc.JdbcSinkConnector` 10.9, and those of ours and of Aiven's fork behind
 * them.
 */
export const jdbcSinkConfig = configDef({
  ...sinkConnectionKeys,
  ...sinkWriteKeys,
  ...sinkMappingKeys,
  ...sinkTableKeys,
  ...sinkDialectKeys,
  ...sinkRetryKeys,
  ...sinkOwnWriteKeys,
  ...sinkAivenKeys,
  ...sinkQuoteKey,
  ...sinkEvolutionKeys,
  ...sinkOwnRetryKeys,
  ...sinkExactlyOnceKeys,
  ...sinkGroupList
})

/** Keys of `io.aiven.connect.jdbc.JdbcSinkConnector`: the same, and the insert mode `multi`. */
export const aivenSinkConfig = configDef({
  ...jdbcSinkConfig,
  'insert.mode': {
    ...jdbcSinkConfig['insert.mode'],
    check: word(lowerOrUpper(['insert', 'multi', 'upsert', 'update'])),
    doc: `${jdbcSinkConfig['insert.mode'].doc} multi is insert: rows are sent together in any case.`
  },
  'table.types': { ...jdbcSinkConfig['table.types'], default: ['TABLE', 'PARTITIONED TABLE'] }
})

export type JdbcSinkConfig = Parsed<typeof jdbcSinkConfig>
