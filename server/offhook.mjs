#!/usr/bin/env node
// The program `offhook`. In a clone it sees to a current build first, without a word unless that fails.
import { prepare, runOffhook } from './start.mjs'

try {
  prepare({ say: () => {}, output: 'pipe' })
} catch (error) {
  console.error(`offhook: ${error.message}`)
  process.exit(1)
}
await runOffhook(process.argv.slice(2))
