package conformance

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/tusker-go/tusker/protocol"
)

const (
	sectionChecksum          = "Checksum"
	sectionChecksumAlgorithm = "Checksum, Headers, Tus-Checksum-Algorithm"

	// statusChecksumMismatch is defined by tus 1.0.0, Checksum.
	statusChecksumMismatch = 460
)

var checksumRules = []Rule{
	{
		ID: "checksum-announced", Section: sectionChecksum, Level: Must, Extension: protocol.ExtensionChecksum, always: true,
		Sentence: "If supported, the Server MUST add checksum to the Tus-Extension header.",
		Tested:   "If Tus-Extension lacks checksum, a PATCH with a wrong checksum is not answered with 460.",
		check: announcement(protocol.ExtensionChecksum, func(c *check) bool {
			u := c.create(creation{length: 5})
			return c.patchChecksum(u, wrongSum("sha1"), false).status == statusChecksumMismatch
		}),
	},
	{
		ID: "checksum-verified", Section: sectionChecksum, Level: Must, Extension: protocol.ExtensionChecksum,
		Sentence: "Once the entire request has been received, the Server MUST verify the uploaded chunk against the provided checksum using the specified algorithm.",
		Tested:   "A PATCH with a wrong checksum fails and a PATCH with the right one succeeds, for each announced algorithm of sha1, md5, crc32, sha256 and sha512. If checksum-trailer is announced, the same holds for one checksum in a trailer.",
		check:    checksumVerified,
	},
	{
		ID: "checksum-discarded", Section: sectionChecksum, Level: Must, Extension: protocol.ExtensionChecksum,
		Sentence: "In the first two cases the uploaded chunk MUST be discarded, and the upload and its offset MUST NOT be updated.",
		Tested:   "HEAD reports the offset 0 after a PATCH with a wrong checksum or an unknown algorithm was refused. If checksum-trailer is announced, the same holds for a checksum in a trailer.",
		check:    checksumDiscarded,
	},
	{
		ID: "checksum-sha1", Section: sectionChecksum, Level: Must, Extension: protocol.ExtensionChecksum,
		Sentence: "The Server MUST support at least the SHA1 checksum algorithm identified by sha1.",
		Tested:   "A PATCH with the right sha1 succeeds.",
		check: func(c *check) {
			if a := c.patchChecksum(c.create(creation{length: 5}), rightSum("sha1"), false); !a.ok() {
				c.fail("the server answered with %d%s", a.status, a.firstLine())
			}
		},
	},
	{
		ID: "checksum-names", Section: sectionChecksum, Level: Must, Extension: protocol.ExtensionChecksum,
		Sentence: "The names of the checksum algorithms MUST only consist of ASCII characters with the modification that uppercase characters are excluded.",
		Tested:   "Tus-Checksum-Algorithm in the answer to OPTIONS, if it is sent, has neither uppercase letters nor bytes beyond ASCII.",
		check: func(c *check) {
			a := c.announcedOptions()
			if !a.has(protocol.HeaderChecksumAlgorithm) {
				c.giveUp("Tus-Checksum-Algorithm is not sent")
			}
			for _, name := range elements(a.header, protocol.HeaderChecksumAlgorithm) {
				if isInvalidAlgorithm(name) {
					c.fail("Tus-Checksum-Algorithm has the element %q", clean(name))
				}
			}
		},
	},
	{
		ID: "checksum-algorithms", Section: sectionChecksum, Level: Must, Extension: protocol.ExtensionChecksum,
		Sentence: "The Tus-Checksum-Algorithm header MUST be included in the response to an OPTIONS request.",
		Tested:   "OPTIONS at the endpoint.",
		check: func(c *check) {
			if a := c.announcedOptions(); !a.has(protocol.HeaderChecksumAlgorithm) {
				c.fail("Tus-Checksum-Algorithm is missing")
			}
		},
	},
	{
		ID: "checksum-trailer-announced", Section: sectionChecksum, Level: Must, Extension: protocol.ExtensionChecksumTrailer, always: true,
		Sentence: "If the Server can handle trailers, this behavior MUST be announced by adding checksum-trailer to the Tus-Extension header.",
		Tested:   "If Tus-Extension lacks checksum-trailer, a PATCH with a wrong checksum in a trailer is not answered with 460.",
		check: announcement(protocol.ExtensionChecksumTrailer, func(c *check) bool {
			u := c.create(creation{length: 5})
			return c.patchChecksum(u, wrongSum("sha1"), true).status == statusChecksumMismatch
		}),
	},
	{
		ID: "checksum-list", Section: sectionChecksumAlgorithm, Level: Must, Extension: protocol.ExtensionChecksum,
		Sentence: "The Tus-Checksum-Algorithm response header MUST be a comma-separated list of the checksum algorithms supported by the server.",
		Tested:   "Each element of Tus-Checksum-Algorithm in the answer to OPTIONS, if it is sent, is a word. An algorithm of sha1, md5, crc32, sha256 and sha512 that works and is not listed is a warning.",
		check:    checksumList,
	},
}

// isInvalidAlgorithm reports whether a name has uppercase letters or bytes beyond
// ASCII.
func isInvalidAlgorithm(name string) bool {
	return strings.ContainsFunc(name, func(r rune) bool { return r >= 'A' && r <= 'Z' || r >= 0x80 })
}

func checksumList(c *check) {
	wordList(c, protocol.HeaderChecksumAlgorithm)
	listed := elements(c.announcement.header, protocol.HeaderChecksumAlgorithm)
	if slices.ContainsFunc(listed, isInvalidAlgorithm) {
		return // The rule checksum-names reports the list.
	}
	for _, name := range slices.Sorted(maps.Keys(algorithms)) {
		if c.isSettled() || slices.Contains(listed, name) {
			continue
		}
		u := c.create(creation{length: 5})
		if a := c.patchChecksum(u, wrongSum(name), false); c.isSettled() || a.status != statusChecksumMismatch {
			continue
		}
		if a := c.patchChecksum(u, rightSum(name), false); a.ok() {
			c.settleWith(Warn, "%s works, and Tus-Checksum-Algorithm lacks it", name)
		}
	}
}

var algorithms = map[string]func() hash.Hash{
	"sha1":   sha1.New,
	"md5":    md5.New,
	"crc32":  func() hash.Hash { return crc32.NewIEEE() },
	"sha256": sha256.New,
	"sha512": sha512.New,
}

// checksumData is the content of chunks with a checksum.
const checksumData = "tus"

func rightSum(algorithm string) string { return sumOf(algorithm, checksumData) }

// wrongSum returns an Upload-Checksum that does not match checksumData.
func wrongSum(algorithm string) string { return sumOf(algorithm, "not "+checksumData) }

// sumOf returns Upload-Checksum for data.
func sumOf(algorithm, data string) string {
	h := algorithms[algorithm]()
	_, _ = h.Write([]byte(data))
	return algorithm + " " + base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// patchChecksum sends checksumData at offset 0 with a checksum, in a trailer or
// in a header.
func (c *check) patchChecksum(u *url.URL, checksum string, trailer bool) answer {
	if !trailer {
		return c.patch(u, 0, checksumData, protocol.HeaderUploadChecksum, checksum)
	}
	r := patchRequest(u, 0, checksumData)
	r.trailer = checksum
	return c.send(r)
}

// checksumAlgorithms returns the announced algorithms that this package
// supports. Without any, it returns sha1, which the specification requires.
func (c *check) checksumAlgorithms() []string {
	var out []string
	for _, name := range []string{"sha1", "md5", "crc32", "sha256", "sha512"} {
		if slices.Contains(c.capabilities.ChecksumAlgorithms, name) {
			out = append(out, name)
		}
	}
	if out == nil {
		out = []string{"sha1"}
	}
	return out
}

// checksumPlaces returns where checksums are sent: false for a header, and true
// for a trailer.
func (c *check) checksumPlaces() []bool {
	if c.capabilities.Has(protocol.ExtensionChecksumTrailer) {
		return []bool{false, true}
	}
	return []bool{false}
}

func checksumVerified(c *check) {
	for _, trailer := range c.checksumPlaces() {
		for _, algorithm := range c.checksumAlgorithms() {
			u := c.create(creation{length: 5})
			if a := c.patchChecksum(u, wrongSum(algorithm), trailer); a.ok() {
				c.fail("a PATCH with a wrong %s was answered with %d", algorithm, a.status)
			}
			u = c.create(creation{length: 5})
			if a := c.patchChecksum(u, rightSum(algorithm), trailer); !a.ok() {
				c.fail("a PATCH with the right %s was answered with %d%s", algorithm, a.status, a.firstLine())
			}
			if trailer {
				break // trailers do not depend on the algorithm
			}
		}
	}
}

func checksumDiscarded(c *check) {
	for _, trailer := range c.checksumPlaces() {
		for _, checksum := range []string{wrongSum(c.checksumAlgorithms()[0]), "tusker-none " + encodeBase64("none")} {
			u := c.create(creation{length: 5})
			a := c.patchChecksum(u, checksum, trailer)
			if a.ok() {
				c.giveUp("the PATCH was answered with %d, so it was not refused", a.status)
			}
			if n := c.offset(u); n != 0 {
				c.fail("the offset is %d after a PATCH that was answered with %d", n, a.status)
			}
			if got, ok := c.content(u); ok && got != "" {
				c.fail("GET returned %d bytes after a PATCH that was answered with %d", len(got), a.status)
			}
		}
	}
}
