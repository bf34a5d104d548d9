#!/usr/bin/env node
import { startWorker } from './start.js'

await startWorker(process.argv.slice(2))
