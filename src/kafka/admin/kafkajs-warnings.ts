let hidden = false

/**
 * kafkajs 2 sets timers with the time since an expired throttle, a negative number, and Node warns on each.
 * Node offers no way to refuse one kind of warning, so this drops exactly those that come from kafkajs's own
 * files.
 */
export function hideNegativeTimeoutWarnings(): void {
  if (hidden) return
  hidden = true
  const emitWarning = process.emitWarning.bind(process) as (...parameters: unknown[]) => void
  process.emitWarning = (...parameters: unknown[]) => {
    const fromKafkaJs =
      parameters[1] === 'TimeoutNegativeWarning' &&
      (new Error().stack ?? '').includes('/node_modules/kafkajs/')
    if (!fromKafkaJs) emitWarning(...parameters)
  }
}
