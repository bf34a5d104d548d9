import { KAFKA_VERSION } from '../plugin/kafka-version.ts'
import type { Transformation, TransformationPlugin } from '../plugin/transformation.ts'
import { PACKAGE } from './record-side.ts'

/** Drops every record: of use with a predicate. */
class Filter implements Transformation {
  configure(): void {
    // It has no configuration.
  }

  apply(): null {
    return null
  }
}

export const filterPlugin: TransformationPlugin = {
  type: 'transformation',
  className: `${PACKAGE}.Filter`,
  version: KAFKA_VERSION,
  config: {},
  create: () => new Filter()
}
