import { configDef } from '../../config/config-def.ts'

export const EXHAUSTED_KEY = 'errors.retry.exhausted'

/** For workers; a connector may say otherwise under the same name. */
export const errorHandlingKeys = configDef({
  [EXHAUSTED_KEY]: {
    type: 'string',
    default: 'skip',
    oneOf: ['skip', 'fail'],
    importance: 'medium',
    doc: 'What becomes of a record when a retriable error of a transformation or converter goes on for longer than `errors.retry.timeout` and `errors.tolerance` is `none`: `skip` leaves it out, as a JVM worker does, and says so as an error in the log and in the status of the task; `fail` fails the task, and no record is lost. A connector may have a setting of its own under the same name.'
  }
})
