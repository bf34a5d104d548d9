import {
  clientDefinitions,
  clientKinds,
  effectOf
} from '../src/settings/clients/client-definitions.ts'

/** The page of all properties of Kafka's clients, from the definitions the worker reads. */
export function kafkaClientsPage(): string {
  const names = [
    ...new Set(clientKinds.flatMap((kind) => Object.keys(clientDefinitions[kind])))
  ].sort()
  return [
    '<!-- Written by `npm run docs` from the definitions in the sources: change that. -->',
    '',
    '# Kafka clients',
    '',
    "What each property of Kafka's Java clients (4.3.1) does here: behind `producer.`, `consumer.` and `admin.` in the worker's file, behind `producer.override.`, `consumer.override.` and `admin.override.` in a connector, and without a prefix for the worker's own clients. One that is set and has no effect is told in the log, as a warning that names it. What a consumer is told of groups and polls acts in sinks: other readers have no group.",
    '',
    'Where Kafka Connect and its clients differ, the worker does as Kafka Connect: `acks=all`, `delivery.timeout.ms` and `max.block.ms` without a limit. Beside that producers are idempotent with up to five requests in flight, unless `enable.idempotence=false`.',
    '',
    '| property | producer | consumer | admin |',
    '|---|---|---|---|',
    ...names.map(
      (name) => `| \`${name}\` | ${clientKinds.map((kind) => cell(kind, name)).join(' | ')} |`
    ),
    ''
  ].join('\n')
}

function cell(kind: (typeof clientKinds)[number], name: string): string {
  const effect = effectOf(kind, name)
  if (effect === null) return ''
  return effect === 'acts' ? 'acts' : `no effect: ${effect.reason}`
}
