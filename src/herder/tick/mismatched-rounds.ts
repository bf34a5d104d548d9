import { pauseAfter } from '../../wait.ts'
import type { Logger } from '../../log.ts'
import type { ConfigStore } from '../../storage/config-store.ts'
import type { Assignment } from '../group/connect-protocol.ts'
import type { Membership } from '../group/membership.ts'
import type { TickStage } from '../work/tick-stage.ts'
import type { Wakeup } from './wakeup.ts'

interface MismatchedRoundsOptions {
  readonly configStore: ConfigStore
  readonly membership: Pick<Membership, 'requestRejoin'>
  readonly stage: TickStage
  readonly wakeup: Pick<Wakeup, 'wait'>
  /** `config.storage.topic` */
  readonly configTopic: string
  readonly log: Logger
}

/** A member or two that have to catch up are everyday life. */
const EVERYDAY_ROUNDS = 3
const PAUSES = { firstMs: 250, lastMs: 15_000 }

/**
 * Rounds of the group, one after the other, that brought nothing because this worker and the leader have not
 * read the same config topic to the same offset. When they never will, the group must not spend its days
 * joining, and somebody has to be told why.
 */
export class MismatchedRounds {
  readonly #options: MismatchedRoundsOptions
  #count = 0

  constructor(options: MismatchedRoundsOptions) {
    this.#options = options
  }

  /**
   * Asks for another round; after some of them in a row only after a pause, which whatever happens meanwhile
   * cuts short.
   */
  async joinAgain({ leaderUrl, offset }: Assignment): Promise<void> {
    const { configStore, membership, stage, wakeup } = this.#options
    const pauseMs = this.#next(configStore.snapshot().offset, { url: leaderUrl, offset })
    if (pauseMs > 0) {
      await stage.during(`waiting ${pauseMs}ms before joining the group again`, () =>
        wakeup.wait(pauseMs)
      )
    }
    membership.requestRejoin()
  }

  #next(own: bigint, leader: { readonly url: string; readonly offset: bigint }): number {
    const { configTopic, log } = this.#options
    this.#count += 1
    if (this.#count <= EVERYDAY_ROUNDS) return 0
    if (this.#count === EVERYDAY_ROUNDS + 1) {
      log.error(
        `This worker has read its config topic ${configTopic} to its end at offset ${own}, but the group's leader at ${leader.url} tells of offset ${leader.offset}: the workers of a group need the same config.storage.topic, on the same Kafka cluster. Nothing can be given to this worker until they have`
      )
    }
    return pauseAfter(this.#count - EVERYDAY_ROUNDS, PAUSES)
  }

  /** A round brought work. */
  end(): void {
    if (this.#count > EVERYDAY_ROUNDS)
      this.#options.log.info('This worker and the group agree on the config topic again')
    this.#count = 0
  }
}
