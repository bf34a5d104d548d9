import type { BrokerNode, NetworkClient } from '../client/network-client.ts'

interface Flight {
  readonly broker: BrokerNode
  /** The broker keeps it until there are records, `fetch.max.wait.ms` at most. */
  readonly mayWait: boolean
  isAbandoned: boolean
}

/**
 * The fetches under way, one for each broker. A broker answers the requests of a connection one after the
 * other, so whoever cannot wait for the answer has to give up the connection: the next fetch opens another.
 */
export class Flights {
  readonly #network: NetworkClient
  readonly #underWay = new Map<string, Flight>()

  constructor(network: NetworkClient) {
    this.#network = network
  }

  begin(key: string, broker: BrokerNode, mayWait: boolean): Readonly<Flight> {
    const flight = { broker, mayWait, isAbandoned: false }
    this.#underWay.set(key, flight)
    return flight
  }

  end(key: string): void {
    this.#underWay.delete(key)
  }

  /** Ends the wait for an answer that may take long; one that comes soon is waited for. */
  abandon(key: string): void {
    const flight = this.#underWay.get(key)
    if (flight === undefined || !flight.mayWait || flight.isAbandoned) return
    flight.isAbandoned = true
    this.#network.disconnect(flight.broker)
  }
}
