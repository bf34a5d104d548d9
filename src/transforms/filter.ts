import { transformationPlugin } from './kafka-plugins.ts'

/** Drops every record: of use with a predicate. */
export const filterPlugin = transformationPlugin('Filter', {}, () => ({ apply: () => null }))
