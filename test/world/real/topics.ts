import { schemaRegistryUrl } from '../../support/environment.ts'
import type { RealPlan, TablePlan } from './plan.ts'

/** The topic of a table. */
export const topicOf = (plan: RealPlan, table: TablePlan): string => `${plan.name}-${table.name}`

/** The converter of those who write the topics and of those who read them. */
export function converterOf({ values }: Pick<RealPlan, 'values'>): Record<string, string> {
  if (values === 'avro') {
    return {
      'value.converter': 'io.confluent.connect.avro.AvroConverter',
      'value.converter.schema.registry.url': schemaRegistryUrl()
    }
  }
  return {
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable': String(values === 'json with schemas')
  }
}
