/** Files that still wait by hand. The list only becomes shorter. */
export const TIMERS_TO_CONVERT: readonly string[] = [

]
/** Files that still take the computer's clock by themselves. The list only becomes shorter. */
export const CLOCKS_TO_INJECT: readonly string[] = [

]
/** Rooms whose folders have no table of imports in `test/architecture.test.ts` yet. The list only becomes shorter. */
export const FOLDERS_WITHOUT_TABLE: readonly string[] = ['tasks']
