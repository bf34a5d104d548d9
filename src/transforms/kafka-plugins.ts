import { type ConfigDef, parseConfig, type Parsed } from '../config/config-def.ts'
import { KAFKA_VERSION } from '../plugin/kafka-version.ts'
import type {
  Predicate,
  PredicatePlugin,
  Transformation,
  TransformationPlugin
} from '../plugin/transformation.ts'
import { KEY, type RecordSide, VALUE } from './record-side.ts'

const PACKAGE = 'org.apache.kafka.connect.transforms'

/** A transformation of Kafka's, made of its settings. */
export function transformationPlugin<D extends ConfigDef>(
  name: string,
  config: D,
  create: (settings: Parsed<D>) => Transformation
): TransformationPlugin {
  return {
    type: 'transformation',
    className: `${PACKAGE}.${name}`,
    version: KAFKA_VERSION,
    config,
    create: (given) => create(parseConfig(config, given))
  }
}

/**
 * The two classes of a transformation that exists for keys and for values: `InsertField$Key` and
 * `InsertField$Value`.
 */
export function sidePlugins<D extends ConfigDef>(
  name: string,
  config: D,
  create: (side: RecordSide, settings: Parsed<D>) => Transformation
): readonly TransformationPlugin[] {
  return [KEY, VALUE].map((side) =>
    transformationPlugin(`${name}$${side.name}`, config, (settings) => create(side, settings))
  )
}

/** A predicate of Kafka's, made of its settings. */
export function predicatePlugin<D extends ConfigDef>(
  name: string,
  config: D,
  create: (settings: Parsed<D>) => Predicate
): PredicatePlugin {
  return {
    type: 'predicate',
    className: `${PACKAGE}.predicates.${name}`,
    version: KAFKA_VERSION,
    config,
    create: (given) => create(parseConfig(config, given))
  }
}
