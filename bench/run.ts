/**
 * `npm run bench`: tables into topics; with `--sink` topics into tables, with `--latency` how soon. What each
 * takes is in its file.
 */
const [, file] = [
  ['--sink', './sink/run.ts'],
  ['--latency', './sink/latency.ts']
].find(([option = '']) => process.argv.includes(option)) ?? ['', './source-run.ts']
await import(file as string)
