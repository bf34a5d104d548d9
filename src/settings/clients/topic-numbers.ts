import type { Complaint } from '../../config/config-def.ts'

/** What a cluster can make of a topic's replication factor; -1 leaves it to the broker. */
export const replicationFactorProblem = (value: number): Complaint | null =>
  value === -1 || value > 0
    ? null
    : "Replication factor must be positive and not larger than the number of brokers in the Kafka cluster, or -1 to use the broker's default"

/** The same for its partitions. */
export const partitionsProblem = (value: number): Complaint | null =>
  value === -1 || value > 0
    ? null
    : "Number of partitions must be positive, or -1 to use the broker's default"
