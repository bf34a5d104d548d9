#!/usr/bin/env -S node --max-semi-space-size=8
import { startWorker } from './start.js'

await startWorker(process.argv.slice(2))
