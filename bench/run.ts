/** `npm run bench`: tables into topics; with `--sink` topics into tables. What each takes is in its file. */
await import(process.argv.includes('--sink') ? './sink/run.ts' : './source-run.ts')
