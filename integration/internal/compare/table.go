// Package compare makes the page docs/compare.md, a table of what clients for tus have. Each cell
// links to the file where the fact was read, or to the test that proves it.
package compare

// client is a column.
type client struct {
	name string
	// at is the URL of a version of its files, "" for this repository.
	at string
	// version says which version was read.
	version string
}

var clients = []client{
	{name: "Tusker", version: "this version"},
	{name: "tus-js-client", at: "https://github.com/tus/tus-js-client/blob/89ef3cad93cf92c89452ae08b7c29c20677faf3c/", version: "5.0.0-pre2, commit of 2026-08-03"},
	{name: "tusgo", at: "https://github.com/bdragon300/tusgo/blob/646b3737eb9104d52b885de7a00c4ad165655513/", version: "commit of 2024-11-10; the tests use v0.2.0"},
	{name: "go-tus", at: "https://github.com/eventials/go-tus/blob/05d0564bb571e81045012756065a8d002d717caf/", version: "commit of 2022-06-10, the same in the tests"},
	{name: "tuspy", at: "https://github.com/tus/tus-py-client/blob/b3147cdb2c8c381c942c83796ca92e4c6ac391a7/", version: "1.1.0, commit of 2025-12-07"},
	{name: "aiotus", at: "https://github.com/JenSte/aiotus/blob/a309a8af6905be9bee2fd749d3b36995f2e3b298/", version: "1.1.0, commit of 2026-08-18"},
	{name: "tusc", at: "https://github.com/jackhftang/tusc/blob/8b1be2fecf141a5884442bd825c6a0b05c49642f/", version: "0.4.7, commit of 2023-02-25"},
	{name: "rclone", at: "https://github.com/rclone/rclone/blob/7a8128bbce5251006a2f529ee9d1b0e85e8e2d86/", version: "backend webdav, commit 7a8128b"},
}

// cell is a fact about a client.
type cell struct {
	text string
	// file is where it was read, in the repository of the client. With a test, it is in this
	// repository.
	file string
	// test is the name of a test in file, "" for a fact that was read.
	test string
}

func read(text, file string) cell         { return cell{text: text, file: file} }
func proven(text, file, test string) cell { return cell{text: text, file: file, test: test} }

type row struct {
	feature string
	cells   []cell // in the order of clients
}

const (
	upload   = "lib/upload.ts"
	goTusDoc = "README.md"
	pyBase   = "tusclient/uploader/baseuploader.py"
	pyClient = "tusclient/client.py"
	pyUp     = "tusclient/uploader/uploader.py"
	aioDoc   = "README.md"
	aioRetry = "aiotus/retry.py"
	tusc     = "internal/client/client.go"
	rcloneUp = "backend/webdav/tus-uploader.go"
	rclone   = "backend/webdav/tus.go"
)

var rows = []row{
	{"retries after a failure without help of the caller", []cell{
		proven("yes", "integration/resets_test.go", "TestResetsUnderDefaultSettings"),
		read("yes, four times by default", upload),
		proven("no, the caller asks for the offset", "integration/peers/tusgo_test.go", "TestTusgoResumes"),
		proven("no, the caller resumes", "integration/peers/gotus_test.go", "TestGoTusResumes"),
		read("yes, if `retries` is set", pyBase),
		read("yes", aioRetry),
		read("no", tusc),
		read("not from the offset", rcloneUp),
	}},
	{"a later run resumes the upload of a file", []cell{
		proven("yes", "client/journal_resume_test.go", "TestLaterRunResumes"),
		proven("yes", "integration/interop_tusjs_test.go", "TestTusJSLaterRun"),
		read("the caller keeps the URL", "upload.go"),
		read("yes, with a store", "client.go"),
		read("yes, with a storage", pyBase),
		read("no", aioRetry),
		read("yes, with `-r`", tusc),
		read("no, not yet", rclone),
	}},
	{"one file over several connections", []cell{
		proven("yes", "integration/parallel_test.go", "TestParallelLaterRun"),
		read("yes, `parallelUploads`", upload),
		proven("the caller joins uploads", "integration/peers/tusgo_test.go", "TestTusgoConcatenates"),
		read("no", goTusDoc),
		read("no", pyUp),
		read("several files into one upload", aioRetry),
		read("no", tusc),
		read("no", rcloneUp),
	}},
	{"checksums of requests", []cell{
		proven("yes, also as a trailer", "client/checksum_trailer_test.go", "TestChecksumTrailer"),
		read("no", upload),
		read("yes, also as a trailer", "stream.go"),
		read("no", goTusDoc),
		read("yes, SHA-1", pyBase),
		read("no", aioDoc),
		read("no", tusc),
		read("no", rcloneUp),
	}},
	{"streams of unknown length", []cell{
		proven("yes", "integration/extensions_test.go", "TestDeferredLength"),
		read("yes", upload),
		proven("yes", "integration/peers/tusgo_test.go", "TestTusgoDefersLength"),
		read("no", "upload.go"),
		read("yes", pyBase),
		read("no", aioDoc),
		read("no", tusc),
		read("no", rclone),
	}},
	{"deletes uploads", []cell{
		proven("yes", "integration/extensions_test.go", "TestTerminate"),
		read("yes", upload),
		proven("yes", "integration/peers/tusgo_test.go", "TestTusgoTerminates"),
		read("no", goTusDoc),
		read("no", pyClient),
		read("no", aioDoc),
		read("no", tusc),
		read("no", rclone),
	}},
	{"the IETF's Resumable Uploads for HTTP", []cell{
		proven("interop versions 3 to 10", "integration/rufh_test.go", "TestRUFHUpload"),
		read("drafts 03 and 05, experimental", "docs/api.md"),
		read("no", "README.md"),
		read("no", goTusDoc),
		read("no", pyUp),
		read("no", aioDoc),
		read("no", tusc),
		read("no", rclone),
	}},
	{"uploads many files with one call or command", []cell{
		proven("yes", "client/many_test.go", "TestUploadAll"),
		read("no", upload),
		read("no", "client.go"),
		read("no", "client.go"),
		read("no", pyClient),
		read("no", aioRetry),
		read("no", tusc),
		read("yes, and synchronizes them", "README.md"),
	}},
	{"runs in browsers", []cell{
		read("only as WebAssembly, which no test runs", "Taskfile.yml"),
		read("yes, also in React Native and Cordova", "README.md"),
		read("no", "README.md"),
		read("no", goTusDoc),
		read("no", "README.md"),
		read("no", aioDoc),
		read("no", tusc),
		read("no", "README.md"),
	}},
	{"other storage than servers of tus", []cell{
		read("no", "docs/servers.md"),
		read("no", upload),
		read("no", "README.md"),
		read("no", goTusDoc),
		read("no", "README.md"),
		read("no", aioDoc),
		read("no", tusc),
		read("yes, more than any other here", "README.md"),
	}},
}
