import { silentLog } from '../../server/lib/log.ts'
import { openStore } from '../../server/store/open-store.ts'
import { aliceBinding, aliceSubscriber } from './samples.ts'

/** `FILE subscriber` adds one and ends; `FILE bindings` adds them for ever and prints the number of each that is written. */
const [file = '', what] = process.argv.slice(2)
const store = await openStore({ file, log: silentLog })

if (what === 'subscriber') {
  await store.subscribers.save({ add: [aliceSubscriber] })
  await store.close()
} else
  for (let cseq = 1; ; cseq++) {
    await store.bindings.apply({ put: [{ ...aliceBinding, key: `key-${cseq}`, cseq }], remove: [] })
    process.stdout.write(`${cseq}\n`)
    if (cseq % 100 === 0) await new Promise(setImmediate)
  }
