import { withPrefix, type ConfigMap } from '../../config/config-def.ts'
import { commaList } from '../../config/config-value.ts'
import type { ConnectRecord } from '../../data/record.ts'
import { ConfigError } from '../../errors.ts'
import type { Plugins } from '../../plugin/plugins.ts'
import type { Predicate, Transformation } from '../../plugin/transformation.ts'

interface Link {
  readonly className: string
  readonly transformation: Transformation
  readonly predicate: Predicate | null
  readonly negate: boolean
}

/** The transformations of one task, in order, each with its predicate. */
export class TransformationChain {
  readonly #links: readonly Link[]

  constructor(links: readonly Link[]) {
    this.#links = links
  }

  get empty(): boolean {
    return this.#links.length === 0
  }

  /** The number of transformations, and the class of each, so that a failure can be named and repeated from where it happened. */
  get length(): number {
    return this.#links.length
  }

  className(index: number): string {
    return this.#links[index]?.className ?? ''
  }

  /** Applies the transformation at `index`; null drops the record. */
  applyOne<R extends ConnectRecord>(index: number, record: R): R | null {
    const link = this.#links[index]
    if (link === undefined) return record
    if (link.predicate !== null && link.predicate.test(record) === link.negate) return record
    return link.transformation.apply(record)
  }

  /** The transformations and their predicates. */
  get parts(): readonly (Transformation | Predicate)[] {
    return this.#links.flatMap(({ transformation, predicate }) =>
      predicate === null ? [transformation] : [transformation, predicate]
    )
  }
}

/** Builds the chain of a connector configuration. Throws ConfigError naming the key. */
export function transformationChain(config: ConfigMap, plugins: Plugins): TransformationChain {
  const predicates = new Map<string, Predicate>()
  for (const alias of commaList(config.get('predicates') ?? '')) {
    const prefix = `predicates.${alias}.`
    const className = required(config, `${prefix}type`)
    const plugin = plugins.find('predicate', className)
    if (plugin === null) throw unknownClass(`${prefix}type`, className)
    predicates.set(alias, plugin.create(withPrefix(config, prefix)))
  }
  const links = commaList(config.get('transforms') ?? '').map((alias): Link => {
    const prefix = `transforms.${alias}.`
    const className = required(config, `${prefix}type`)
    const plugin = plugins.find('transformation', className)
    if (plugin === null) throw unknownClass(`${prefix}type`, className)
    const transformation = plugin.create(withPrefix(config, prefix))
    const name = config.get(`${prefix}predicate`)
    const predicate = name === undefined ? null : predicates.get(name)
    if (predicate === undefined) {
      throw new ConfigError(`No predicate named ${name} for configuration ${prefix}predicate`)
    }
    const negate = config.get(`${prefix}negate`)?.trim().toLowerCase() === 'true'
    return { className: plugin.className, transformation, predicate, negate }
  })
  return new TransformationChain(links)
}

function required(config: ConfigMap, key: string): string {
  const value = config.get(key)
  if (value === undefined) {
    throw new ConfigError(`Missing required configuration "${key}" which has no default value.`)
  }
  return value.trim()
}

function unknownClass(key: string, className: string): ConfigError {
  return new ConfigError(
    `Invalid value ${className} for configuration ${key}: Class ${className} could not be found.`
  )
}
