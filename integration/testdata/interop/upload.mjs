// Sends a file with tus-js-client and prints the URL of the upload:
//
//   upload.mjs '{"endpoint": URL, "file": NAME, ...}'
//
// Other options are those of tus-js-client, and
//
//   storage  the file that keeps URLs for a later run, which resumes the uploads that
//            it finds there
//   module   the name of another version of tus-js-client
//   buffer   whether the file is read into memory: version 4 marks the end of an upload
//            in the IETF's protocol only then
import { createReadStream, readFileSync } from 'node:fs'

const { file, storage, module = 'tus-js-client', buffer, ...options } = JSON.parse(process.argv[2])
const { Upload, ...tus } = await import(module)
const FileUrlStorage = tus.FileUrlStorage ?? (await import(module + '/node/FileUrlStorage')).FileUrlStorage
const upload = new Upload(buffer ? readFileSync(file) : createReadStream(file), {
  retryDelays: Array(10).fill(1),
  ...options,
  ...(storage ? { urlStorage: new FileUrlStorage(storage) } : {}),
  onSuccess() {
    console.log(upload.url)
    process.exit(0)
  },
  onError(err) {
    console.error(err.message)
    process.exitCode = 1
    process.stdin.destroy() // which leaves time to write the URL
  },
})
process.stdin.on('end', () => process.exit(2)).resume()

const [previous] = storage ? await upload.findPreviousUploads() : []
if (previous) upload.resumeFromPreviousUpload(previous)
upload.start()
