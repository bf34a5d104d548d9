#!/usr/bin/env node
import { startLikeScript } from './start.js'

await startLikeScript(
  'connect-distributed',
  '--distributed',
  'connect-distributed.properties',
  process.argv.slice(2)
)
