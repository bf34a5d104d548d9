/** Names of calendar parts in English, as Java writes and reads them. */
export const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December'
] as const
/** From Sunday on. */
export const WEEKDAYS = [
  'Sunday',
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday'
] as const
export const ERAS = ['BC', 'AD'] as const
export const HALVES = ['AM', 'PM'] as const
export const UTC_NAME = 'Coordinated Universal Time'
