/** SQL function of ours: text or epoch milliseconds → nanoseconds, so that timestamps in any form compare exactly. */
export const NANOS_FUNCTION = 'connect_epoch_nanos'
