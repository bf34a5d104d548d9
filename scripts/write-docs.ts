/**
 * `npm run docs`: writes docs/config from the definitions in the sources. test/config/docs.test.ts fails when
 * it was forgotten.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { builtinPlugins } from '../src/builtin-plugins.ts'
import type { ConfigDef } from '../src/config/config-def.ts'
import { configPage, type DocumentedPart } from '../src/config/document.ts'
import { groupSelection, ownKeys } from '../src/connectors/jdbc/settings/own-keys.ts'
import {
  sinkGroupKeys,
  sinkGroupSelection
} from '../src/connectors/jdbc/settings/sink-group-keys.ts'
import { jdbcSinkPlugin } from '../src/connectors/jdbc/sink/sink-plugins.ts'
import { jdbcSourcePlugin } from '../src/connectors/jdbc/source/source-plugins.ts'
import { type Plugin, simpleName } from '../src/plugin/plugins.ts'
import { aliasConfig } from '../src/settings/connector/alias-config.ts'
import {
  commonConnectorConfig,
  sinkConnectorConfig,
  sourceConnectorConfig
} from '../src/settings/connector/connector-config.ts'
import { topicCreationConfig } from '../src/settings/connector/topic-creation-groups.ts'
import { distributedConfig, standaloneConfig } from '../src/settings/worker/worker-config.ts'
import { kafkaClientsPage } from './client-page.ts'
import { driverPropertiesPage } from './driver-page.ts'

export const docsFolder = resolve(import.meta.dirname, '..', 'docs', 'config')

const CLIENTS =
  "Keys behind `producer.`, `consumer.` and `admin.` are settings of the Kafka clients of connectors; [what each does](kafka-clients.md). Of the worker's own settings, producers and consumers inherit `bootstrap.servers` and, unless a `security.protocol` is given for them, the security settings; admin clients inherit all of them. A JVM worker does not pass its security settings on to producers and consumers.\n\nAny value may contain references such as `${env:NAME}`, replaced by the providers of `config.providers`."

const ALIASES: readonly DocumentedPart[] = [
  {
    title: 'Each transformation',
    intro: 'For every name in `transforms`; the settings of the class stand there too.',
    prefix: 'transforms.<name>.',
    definition: aliasConfig('transformation', '<name>', {}, null)
  },
  {
    title: 'Each predicate',
    intro: 'For every name in `predicates`; the settings of the class stand there too.',
    prefix: 'predicates.<name>.',
    definition: aliasConfig('predicate', '<name>', {}, null)
  }
]

const named = (keys: ConfigDef): string =>
  Object.keys(keys)
    .map((key) => `\`${key}\``)
    .join(', ')
const sameKeys = named(ownKeys)

const OF_TABLES: readonly DocumentedPart[] = [
  {
    title: 'Each group of tables',
    intro: `For every name in \`table.settings\`. Behind the same prefix may stand, for these tables alone and otherwise as above: ${sameKeys}.`,
    prefix: 'table.settings.<name>.',
    definition: groupSelection
  },
  {
    title: 'Each named query',
    intro: `For every name in \`queries\`, behind \`queries.<name>.\`: its \`query\` or \`query.masked\`, and any other key a group may have: ${sameKeys}.`,
    definition: {}
  }
]

const OF_SINK_TABLES: readonly DocumentedPart[] = [
  {
    title: 'Each group of tables',
    intro: `For every name in \`table.settings\`. Behind the same prefix may stand, for these records alone and otherwise as above: ${named(sinkGroupKeys)}.`,
    prefix: 'table.settings.<name>.',
    definition: sinkGroupSelection
  }
]

const OVERRIDES =
  "Keys behind `producer.override.`, `consumer.override.` and `admin.override.` change the Kafka clients of this connector ([what each does](kafka-clients.md)), as far as the worker's `connector.client.config.override.policy` lets them. Keys behind `key.converter.`, `value.converter.` and `header.converter.` are settings of the converters named here. A connector that overrides `bootstrap.servers` inherits no credentials of the worker."

function connectorPage(type: 'source' | 'sink'): string {
  const own: DocumentedPart =
    type === 'source'
      ? { title: 'Of source connectors', definition: sourceConnectorConfig }
      : { title: 'Of sink connectors', definition: sinkConnectorConfig }
  const creation: DocumentedPart = {
    title: 'Each group of topics',
    intro:
      'For every name in `topic.creation.groups`, and for `default`. With any `topic.creation.` key the two numbers of `default` are required; the other groups inherit them. Every topic that is in no other group is in `default`. Further keys of a group are settings of the topics.',
    definition: topicCreationConfig('<group>', null)
  }
  return configPage(
    `Every ${type} connector`,
    `What the worker itself takes in the configuration of a ${type} connector. ${OVERRIDES}`,
    [
      { title: 'Of all connectors', definition: commonConnectorConfig },
      own,
      ...(type === 'source' ? [creation] : []),
      ...ALIASES
    ]
  )
}

/** `JdbcSourceConnector` → `jdbc-source-connector`; `InsertField$Value` → `insert-field`. */
function pageName({ className }: Plugin): string {
  return simpleName(className)
    .replace(/\$.*$/, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
}

const KINDS: Readonly<Record<Plugin['type'], string>> = {
  source: 'source connector',
  sink: 'sink connector',
  converter: 'converter',
  header_converter: 'header converter',
  transformation: 'transformation',
  predicate: 'predicate',
  config_provider: 'config provider',
  override_policy: 'override policy'
}

function pluginPage(plugins: readonly Plugin[]): string {
  const [first] = plugins as readonly [Plugin, ...Plugin[]]
  const classes = [...new Set(plugins.map(({ className }) => className))]
  const kinds = [...new Set(plugins.map(({ type }) => KINDS[type]))]
  const of = (plugin: Plugin): string => JSON.stringify(plugin.config)
  const definitions = plugins.filter(
    (plugin, index) => plugins.findIndex((other) => of(other) === of(plugin)) === index
  )
  const framework =
    first.type === 'source' || first.type === 'sink'
      ? ` What every ${KINDS[first.type]} takes besides stands in [its own page](connector-${first.type}.md).`
      : ''
  const empty = definitions.every(({ config }) => Object.keys(config).length === 0)
  return configPage(
    simpleName(first.className).replace(/\$.*$/, ''),
    `A ${kinds.join(' and ')}: ${classes.map((name) => `\`${name}\``).join(', ')}.${framework}${empty ? ' It has no settings.' : ''}`,
    [
      ...definitions.map(({ className, config }) => ({ title: className, definition: config })),
      ...(first.className === jdbcSourcePlugin.className ? OF_TABLES : []),
      ...(first.className === jdbcSinkPlugin.className ? OF_SINK_TABLES : [])
    ]
  )
}

/** File name → text of every page. */
export function configPages(): Map<string, string> {
  const plugins = builtinPlugins()
  const pages = new Map<string, string>([
    ['jdbc-driver-properties.md', driverPropertiesPage()],
    ['kafka-clients.md', kafkaClientsPage()],
    [
      'worker-distributed.md',
      configPage(
        'Distributed workers',
        `The properties file of \`worker --distributed\`. ${CLIENTS}`,
        [{ title: '', definition: distributedConfig }]
      )
    ],
    [
      'worker-standalone.md',
      configPage(
        'Standalone workers',
        `The properties file of \`worker --standalone\`. ${CLIENTS}`,
        [{ title: '', definition: standaloneConfig }]
      )
    ]
  ])
  for (const type of ['source', 'sink'] as const) {
    if (plugins.some((plugin) => plugin.type === type)) {
      pages.set(`connector-${type}.md`, connectorPage(type))
    }
  }
  const named = new Map<string, Plugin[]>()
  for (const plugin of plugins) {
    named.set(pageName(plugin), [...(named.get(pageName(plugin)) ?? []), plugin])
  }
  for (const [name, same] of named) pages.set(`${name}.md`, pluginPage(same))
  return pages
}

if (import.meta.main) {
  const pages = configPages()
  mkdirSync(docsFolder, { recursive: true })
  for (const name of readdirSync(docsFolder)) {
    if (name.endsWith('.md') && !pages.has(name)) rmSync(join(docsFolder, name))
  }
  for (const [name, text] of pages) writeFileSync(join(docsFolder, name), text)
  console.log(`${pages.size} pages in docs/config`)
}
