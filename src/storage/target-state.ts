/** STARTED, PAUSED, STOPPED — what was asked for. */
export type TargetState = 'STARTED' | 'PAUSED' | 'STOPPED'
