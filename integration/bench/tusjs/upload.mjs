// Sends files with tus-js-client. Takes the arguments of the other programs.
import { createReadStream } from 'node:fs'
import { Agent as HTTPAgent } from 'node:http'
import { Agent as HTTPSAgent } from 'node:https'
import { parseArgs } from 'node:util'
import { DefaultHttpStack, Upload } from 'tus-js-client'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    endpoint: { type: 'string' },
    cacert: { type: 'string' }, // node reads it from its environment
    concurrency: { type: 'string', default: '1' },
    best: { type: 'boolean', default: false },
    parallel: { type: 'string', default: '1' },
    separate: { type: 'boolean', default: false }, // no bytes with the creation
    size: { type: 'string', default: '0' },
  },
})

// The default opens a connection for each request.
const Agent = values.endpoint.startsWith('https:') ? HTTPSAgent : HTTPAgent
const reuse = { httpStack: new DefaultHttpStack({ agent: new Agent({ keepAlive: true }) }) }

// A stream needs a chunk size; it is kept in memory.
const stream = { chunkSize: 8 << 20, uploadSize: Number(values.size) }

// Best sends the first bytes with the creation, reuses connections, and tries
// again at once.
const best = { ...reuse, uploadDataDuringCreation: !values.separate && values.parallel === '1', retryDelays: Array(100).fill(0) }

function send(name) {
  return new Promise((resolve, reject) => {
    const input = name === '-' ? process.stdin : createReadStream(name)
    new Upload(input, {
      endpoint: values.endpoint,
      ...(name === '-' ? stream : {}),
      ...(values.best ? best : {}),
      parallelUploads: Number(values.parallel),
      onSuccess: resolve,
      onError: reject,
    }).start()
  })
}

const names = positionals.values()
async function work() {
  for (const name of names) await send(name)
}

try {
  await Promise.all(Array.from({ length: Number(values.concurrency) }, work))
  process.exit(0)
} catch (err) {
  console.error(err.message)
  process.exit(1)
}
