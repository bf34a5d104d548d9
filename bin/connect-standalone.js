#!/usr/bin/env -S node --max-semi-space-size=8
import { startLikeScript } from './start.js'

await startLikeScript(
  'connect-standalone',
  '--standalone',
  'connect-standalone.properties [connector1.properties connector2.json ...]',
  process.argv.slice(2)
)
