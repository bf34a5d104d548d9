#!/usr/bin/env node
import { startLikeScript } from './start.js'

await startLikeScript(
  'connect-standalone',
  '--standalone',
  'connect-standalone.properties [connector1.properties connector2.json ...]',
  process.argv.slice(2)
)
