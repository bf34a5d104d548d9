import { ConnectError, isRetriable } from '../../errors.ts'
import type { ClusterAdmin } from '../../kafka/contracts.ts'
import type { Logger } from '../../log.ts'
import {
  type TopicCreationRule,
  topicMatcher
} from '../../settings/connector/topic-creation-groups.ts'

/**
 * Makes missing topics before the first record of a task goes to them; the first rule that matches counts.
 * Each topic is looked at once.
 */
export class TopicCreation {
  readonly #admin: ClusterAdmin
  readonly #rules: readonly { readonly rule: TopicCreationRule; matches(topic: string): boolean }[]
  readonly #log: Logger
  readonly #known = new Set<string>()

  constructor(admin: ClusterAdmin, rules: readonly TopicCreationRule[], log: Logger) {
    this.#admin = admin
    this.#rules = rules.map((rule) => ({ rule, matches: topicMatcher(rule) }))
    this.#log = log
  }

  async ensure(topic: string): Promise<void> {
    if (this.#known.has(topic)) return
    const rule = this.#rules.find(({ matches }) => matches(topic))?.rule
    if (rule !== undefined) {
      try {
        const existing = await this.#admin.describeTopics([topic])
        if (!existing.has(topic)) await this.#create(topic, rule)
      } catch (error) {
        throw new ConnectError(
          isRetriable(error) ? 'KAFKA_UNAVAILABLE' : 'KAFKA_ERROR',
          `Task failed to create new topic ${topic}. Ensure that the task is authorized to create topics or that the topic exists and restart the task`,
          { cause: error, topic }
        )
      }
    }
    this.#known.add(topic)
  }

  async #create(topic: string, rule: TopicCreationRule): Promise<void> {
    const created = await this.#admin.createTopic({
      name: topic,
      partitions: rule.partitions,
      replicationFactor: rule.replicationFactor,
      settings: rule.settings
    })
    if (created) {
      this.#log.info(`Created topic '${topic}' using creation group ${rule.group}`, {
        partitions: rule.partitions,
        replicationFactor: rule.replicationFactor
      })
    }
  }

  close(): Promise<void> {
    return this.#admin.close()
  }
}
