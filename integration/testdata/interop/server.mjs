// Runs @tus/server with @tus/file-store on the socket that is its fourth file,
// until its standard input ends:
//
//   server.mjs '{"directory": DIR, "expiration": MS, "drain": MS, "maxSize": BYTES, "finish": STATUS}'
//
// It prints a line when it is ready, and one for each request: the method, and
// the offset of a PATCH.
import http from 'node:http'
import { FileStore } from '@tus/file-store'
import { Server } from '@tus/server'

const { directory, expiration, drain, maxSize, finish } = JSON.parse(process.argv[2])
const tus = new Server({
  path: '/files',
  datastore: new FileStore({ directory, expirationPeriodInMilliseconds: expiration }),
  lockDrainTimeout: drain, // how long a request may go on when another one wants its lock
  maxSize,
  // A hook that sets the status of the answer that completes an upload. With a status other
  // than 201, the answer to a creation has no Location.
  onUploadFinish: finish ? async () => ({ status_code: finish, body: '{"ok":true}' }) : undefined,
})
const listener = http.createServer((req, res) => {
  const at = req.method === 'PATCH' ? `@${req.headers['upload-offset']}` : ''
  console.log(req.method + at)
  return tus.handle(req, res)
})
listener.listen({ fd: 3 }, () => console.log('ready'))
process.stdin.on('end', () => process.exit()).resume()
