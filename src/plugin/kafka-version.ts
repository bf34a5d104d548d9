/** Version that our counterparts of Kafka's own plugins report: the release whose behaviour they match. */
export const KAFKA_VERSION = '4.3.1'
