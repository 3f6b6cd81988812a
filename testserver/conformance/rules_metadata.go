package conformance

import (
	"encoding/base64"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tusker-go/tusker/protocol"
)

var metadataRules = []Rule{
	{
		ID: "metadata-format", Section: sectionMetadata, Level: Must, Extension: protocol.ExtensionCreation,
		Sentence: "The Upload-Metadata request and response header MUST consist of one or more comma-separated key-value pairs. The key and value MUST be separated by a space. The key MUST NOT contain spaces and commas and MUST NOT be empty. The key SHOULD be ASCII encoded and the value MUST be Base64 encoded. All keys MUST be unique.",
		Tested:   "Upload-Metadata in the answer to HEAD of an upload with metadata, if it is sent, has the required format.",
		check: func(c *check) {
			a := c.head(c.create(creation{length: 5, metadata: sampleMetadata}))
			if !a.has(protocol.HeaderUploadMetadata) {
				c.giveUp("the answer to HEAD has no Upload-Metadata")
			}
			if fault := metadataFault(a.header); fault != "" {
				c.fail("%s", fault)
			}
		},
	},
	{
		ID: "metadata-smuggling", Section: sectionMetadata, Level: Should, Extension: protocol.ExtensionCreation,
		Sentence: "Since metadata can contain arbitrary binary values, Servers SHOULD carefully validate metadata values or sanitize them before using them as header values to avoid header smuggling.",
		Tested:   "A creation with a line break and a header in a filename is refused, or no answer to HEAD or GET has that header.",
		check:    metadataSmuggling,
	},
	{
		ID: "metadata-returned", Section: sectionPost, Level: Must, Extension: protocol.ExtensionCreation,
		Sentence: "If an upload contains additional metadata, responses to HEAD requests MUST include the Upload-Metadata header and its value as specified by the Client during the creation.",
		Tested:   "HEAD of an upload created with three keys, one of them without a value, returns them in any order.",
		check:    metadataReturned,
	},
}

// sampleMetadata has a text, a value that is not UTF-8, and a key without a
// value.
var sampleMetadata = "filename " + encodeBase64("tusker é.txt") + ",blob " + encodeBase64("\x00\xff\n") + ",tested"

func encodeBase64(value string) string { return base64.StdEncoding.EncodeToString([]byte(value)) }

// metadataFault describes what is wrong with Upload-Metadata. "": nothing.
func metadataFault(h http.Header) string {
	seen := make(map[string]bool)
	for _, pair := range elements(h, protocol.HeaderUploadMetadata) {
		key, value, _ := strings.Cut(pair, " ")
		_, err := base64.StdEncoding.DecodeString(value)
		switch {
		case key == "":
			return "a key is empty"
		case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
			return "a key is not ASCII"
		case seen[key]:
			return "a key is there twice"
		case strings.ContainsAny(value, " \t"):
			return "a key and its value are separated by more than one space"
		case err != nil:
			return "a value is not base64"
		}
		seen[key] = true
	}
	return ""
}

func metadataReturned(c *check) {
	a := c.head(c.create(creation{length: 5, metadata: sampleMetadata}))
	if !a.ok() {
		c.giveUp("HEAD was answered with %d", a.status)
	}
	want, err := protocol.ParseMetadata(c.metadata(sampleMetadata))
	if err != nil {
		c.giveUp("the metadata to send is not valid: %v", err)
	}
	got, _ := protocol.ParseMetadata(strings.Join(a.header.Values(protocol.HeaderUploadMetadata), ","))
	for _, key := range slices.Sorted(maps.Keys(want)) {
		value, ok := got[key]
		switch {
		case !ok:
			c.fail("%s is missing", clean(key))
		case value != want[key]:
			c.fail("%s was created as %s and is %s", clean(key), encodeBase64(want[key]), clean(encodeBase64(value)))
		}
		delete(got, key)
	}
	if len(got) > 0 {
		c.fail("%d keys were not in the creation", len(got))
	}
}

func metadataSmuggling(c *check) {
	hidden := "a\r\n" + headerSmuggled + ": 1\r\nb: "
	a := c.post(creation{length: 3, metadata: "filename " + encodeBase64(hidden)})
	if a.status >= 400 && a.status < 500 {
		// A refusal is a form of validation.
		return
	}
	u := c.createdBy(a)
	c.store(u, 0, "tus")
	for _, method := range []string{http.MethodHead, http.MethodGet} {
		if c.send(request{method: method, url: u}).has(headerSmuggled) {
			c.fail("the answer to %s has a header that was hidden in metadata", method)
		}
	}
}
