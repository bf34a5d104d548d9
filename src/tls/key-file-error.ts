import { ConfigError } from '../errors.ts'

/**
 * A file of keys or certificates that cannot be used. What is wrong with it tells those who may not see it
 * that it is there.
 */
export class KeyFileError extends ConfigError {}
