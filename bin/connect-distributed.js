#!/usr/bin/env -S node --max-semi-space-size=8
import { startLikeScript } from './start.js'

await startLikeScript(
  'connect-distributed',
  '--distributed',
  'connect-distributed.properties',
  process.argv.slice(2)
)
