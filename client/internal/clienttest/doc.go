// Package clienttest has the helpers that tests of package client share.
//
//   - client.go makes clients of a fake server: [NewClient] for most tests,
//     [NewRecordingClient] and [RecordingConfig] with a store, [NewLearnedClient] with
//     known capabilities, [OverTLS] with an https endpoint. download.go fetches from
//     a server of package fake/content.
//   - sources.go, readers.go and spool.go make sources: [WriteFile] and [PathSource],
//     [TextSource], [StreamSource], [SlowReader].
//   - store.go and ledger.go have stores that record their calls or return other records,
//     and checks of the records in a store.
//   - servers.go, actions.go and link.go configure and script package fake.
//     interrupt.go interrupts an upload, so that a later one can resume it.
//   - hostile.go has a server that does not obey HTTP, and measures memory.
//   - requests.go, events.go, errors.go and log.go compare what has happened. Their
//     functions begin with Want, and report a difference with t.Error.
//
// sizes.go names the sizes of files and chunks that these helpers use.
package clienttest
