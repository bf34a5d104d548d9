/**
 * Addresses of the real servers the suite talks to. `npm test` starts them and sets these variables;
 * a file run by itself needs them in the environment. A missing one is a failure, never a silent skip.
 */
function required(name: string): string {
  const value = process.env[name]
  if (value === undefined || value === '') {
    throw new Error(`${name} is not set: run the suite with \`npm test\`, which starts the servers`)
  }
  return value
}

/** host:port of a Kafka broker. */
export const kafkaBootstrap = (): string => required('KAFKA_BOOTSTRAP')
/** postgres://user:password@host:port/database of a superuser. */
export const postgresUrl = (): string => required('TEST_POSTGRES_URL')
/** mysql://user:password@host:port of a user with all privileges. */
export const mysqlUrl = (): string => required('TEST_MYSQL_URL')
/** Base of the Confluent interface of a schema registry, without a slash at the end. */
export const schemaRegistryUrl = (): string => required('TEST_SCHEMA_REGISTRY_URL')
/** Folder with the Kafka jars, for tests that run Java classes of Kafka. */
export const kafkaLibs = (): string => required('TEST_KAFKA_LIBS')

let counter = 0
/** A name no other test uses. */
export function uniqueName(prefix: string): string {
  counter += 1
  return `${prefix}-${process.pid}-${Date.now().toString(36)}-${counter}`
}
