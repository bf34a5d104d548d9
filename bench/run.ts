/**
 * `npm run bench`: tables into topics; with `--sink` topics into tables, with `--latency` how soon. What each
 * takes is in its file.
 */
let file = './source-run.ts'
if (process.argv.includes('--sink')) file = './sink/run.ts'
if (process.argv.includes('--latency')) file = './sink/latency.ts'
await import(file)
