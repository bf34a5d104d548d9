import type { ConfigMap } from '../../config/config-def.ts'
import type { Logger } from '../../log.ts'
import { type ClientKind, propertiesWithoutEffect } from './client-definitions.ts'

/** Tells, once for each client, which settings of Java clients change nothing here, and why. */
export class EffectWarnings {
  readonly #log: Logger
  readonly #told = new Set<string>()

  constructor(log: Logger) {
    this.#log = log
  }

  tell(whose: string, kinds: readonly ClientKind[], client: ConfigMap): void {
    for (const [name, reason] of propertiesWithoutEffect(kinds, client)) {
      const sentence = `${name} has no effect for ${whose}: ${reason}`
      if (this.#told.has(sentence)) continue
      this.#told.add(sentence)
      this.#log.warn(sentence)
    }
  }
}
