// Sends the chosen file with tus-js-client or with Uppy, whose bundles the page has
// loaded, and returns the URL of the upload and the statuses that the client saw.
// A status of 0 is an error without an answer that the page may see.

const retryDelays = Array(20).fill(50)
const file = () => document.querySelector('input').files[0]

// eslint-disable-next-line no-unused-vars
const clients = {
  tusJS(endpoint, chunkSize) {
    const seen = []
    return new Promise((resolve, reject) => {
      const upload = new tus.Upload(file(), {
        endpoint, chunkSize, retryDelays,
        metadata: { filename: file().name },
        headers: { 'Upload-Checksum': 'sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA=' },
        onShouldRetry(err) {
          seen.push(err.originalResponse?.getStatus() ?? 0)
          return true
        },
        onError: reject,
        onSuccess: () => resolve({ url: upload.url, seen }),
      })
      upload.start()
    })
  },

  async uppy(endpoint, chunkSize) {
    const seen = []
    const uppy = new Uppy.Uppy().use(Uppy.Tus, {
      endpoint, chunkSize, retryDelays,
      onShouldRetry(err) {
        seen.push(err.originalResponse?.getStatus() ?? 0)
        return true
      },
    })
    uppy.addFile({ name: file().name, type: file().type, data: file() })
    const { successful, failed } = await uppy.upload()
    if (failed.length > 0) throw new Error(failed[0].error)
    return { url: successful[0].uploadURL, seen }
  },
}
