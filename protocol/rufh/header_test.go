package rufh_test

import (
	"errors"
	"math"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// A value of another type makes a receiver ignore the field (-13, sections 4.1.1 to 4.1.3).
func TestFields(t *testing.T) {
	for _, test := range []struct {
		header string
		want   rufh.Response
	}{
		{"", rufh.Response{}},
		{"Upload-Offset:", rufh.Response{}},
		{"Upload-Offset: 0", rufh.Response{Offset: protocol.Known(0)}},
		{"Upload-Offset: 999999999999999", rufh.Response{Offset: protocol.Known(rufh.MaxSize)}},
		{"Upload-Offset:   5  ", rufh.Response{Offset: protocol.Known(5)}},
		{"Upload-Offset: 5;a=\"b\";c", rufh.Response{Offset: protocol.Known(5)}},
		{"Upload-Offset: 1000000000000000", rufh.Response{Void: []string{"Upload-Offset"}}},
		{"Upload-Offset: -1", rufh.Response{Void: []string{"Upload-Offset"}}},
		{"Upload-Offset: 5.0", rufh.Response{Void: []string{"Upload-Offset"}}},
		{"Upload-Offset: \"5\"", rufh.Response{Void: []string{"Upload-Offset"}}},
		{"Upload-Offset: five", rufh.Response{Void: []string{"Upload-Offset"}}},
		{"Upload-Offset: :aGk=:", rufh.Response{Void: []string{"Upload-Offset"}}},
		{"Upload-Offset: ?1", rufh.Response{Void: []string{"Upload-Offset"}}},
		{"Upload-Offset: @5", rufh.Response{Void: []string{"Upload-Offset"}}},
		{"Upload-Offset: (5)", rufh.Response{Void: []string{"Upload-Offset"}}},
		{"Upload-Offset: 5, 6", rufh.Response{Void: []string{"Upload-Offset"}}},
		{"Upload-Offset: 5\nUpload-Offset: 5", rufh.Response{Void: []string{"Upload-Offset"}}},
		{"Upload-Offset: +5\nUpload-Length: 7", rufh.Response{Length: protocol.Known(7), Void: []string{"Upload-Offset"}}},
		{"Upload-Length: 5e3", rufh.Response{Void: []string{"Upload-Length"}}},
		{"Upload-Complete: ?1", rufh.Response{Complete: rufh.Complete}},
		{"Upload-Complete: ?0;why=\"no\"", rufh.Response{Complete: rufh.Incomplete}},
		{"Upload-Complete: 1", rufh.Response{Void: []string{"Upload-Complete"}}},
		{"Upload-Complete: true", rufh.Response{Void: []string{"Upload-Complete"}}},
		{"Upload-Complete: ?1\nUpload-Complete: ?0", rufh.Response{Void: []string{"Upload-Complete"}}},
		{"Upload-Incomplete: ?0", rufh.Response{}},
		{"Upload-Draft-Interop-Version: 8", rufh.Response{Version: 8}},
		{"Upload-Draft-Interop-Version: 2", rufh.Response{}},
		{"Upload-Draft-Interop-Version: 264", rufh.Response{}},
		{"Upload-Draft-Interop-Version: -8", rufh.Response{Void: []string{"Upload-Draft-Interop-Version"}}},
		{"Location:  /u/1 ", rufh.Response{Location: "/u/1"}},
		{"Location: /u/\x7f", rufh.Response{Void: []string{"Location"}}},
		{"Tus-Resumable: 1.0.0", rufh.Response{Tus: true}},
	} {
		got := rufh.Newest.ParseResponse(0, lines(t, test.header))
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%q: %+v, want %+v", test.header, got, test.want)
		}
	}
}

// A Header without the method Values is read, too.
func TestPlainHeader(t *testing.T) {
	h := plainHeader{"Upload-Offset": "5", "Upload-Draft-Interop-Version": "8"}
	if got := rufh.Version(8).ParseResponse(204, h); got.Offset != protocol.Known(5) || got.Version != 8 {
		t.Errorf("%+v, want Offset %v and Version 8", got, protocol.Known(5))
	}
}

type plainHeader map[string]string

func (h plainHeader) Get(key string) string { return h[key] }
func (h plainHeader) Set(key, value string) { h[key] = value }

// A server reads a request by the version that it declares.
func TestParseRequest(t *testing.T) {
	for _, test := range []struct {
		header string
		want   rufh.Request
	}{
		{"Upload-Draft-Interop-Version: 3\nUpload-Incomplete: ?1", rufh.Request{Version: 3, Complete: rufh.Incomplete}},
		{"Upload-Draft-Interop-Version: 3\nUpload-Complete: ?1", rufh.Request{Version: 3}},
		{"Upload-Draft-Interop-Version: 4\nUpload-Complete: ?1", rufh.Request{Version: 4, Complete: rufh.Complete}},
		{
			"Upload-Draft-Interop-Version: 10\nUpload-Complete: ?0\nUpload-Offset: 3\nUpload-Length: 9",
			rufh.Request{Version: 10, Complete: rufh.Incomplete, Offset: protocol.Known(3), Length: protocol.Known(9)},
		},
		{"Upload-Draft-Interop-Version: 11\nUpload-Complete: ?1", rufh.Request{Complete: rufh.Complete}},
		{"Upload-Complete: ?1", rufh.Request{Complete: rufh.Complete}},
		{"Upload-Complete: 1\nUpload-Length: x", rufh.Request{Void: []string{"Upload-Length", "Upload-Complete"}}},
	} {
		if got := rufh.ParseRequest(lines(t, test.header)); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%q: %+v, want %+v", test.header, got, test.want)
		}
		if got := rufh.ParseVersion(lines(t, test.header)); got != test.want.Version {
			t.Errorf("%q: version %v, want %v", test.header, got, test.want.Version)
		}
	}
}

// A SetHeader method that fails writes nothing.
func TestSetHeaderErrors(t *testing.T) {
	tooLarge := protocol.Known(rufh.MaxSize + 1)
	for _, test := range []struct {
		name    string
		request setter
		field   string
		kind    error
	}{
		{"version 2", rufh.Version(2), rufh.HeaderInteropVersion, protocol.ErrInvalidHeader},
		{"no version", rufh.Creation{Complete: true}, rufh.HeaderInteropVersion, protocol.ErrInvalidHeader},
		{"version 11", rufh.Append{Version: 11}, rufh.HeaderInteropVersion, protocol.ErrInvalidHeader},
		{"length", rufh.Creation{Version: 10, Length: tooLarge}, rufh.HeaderUploadLength, protocol.ErrInvalidHeader},
		{"type", rufh.Creation{Version: 10, Type: "text/plain\r\nX: y"}, "Content-Type", protocol.ErrInvalidHeader},
		{"negative offset", rufh.Append{Version: 10, Offset: -1}, rufh.HeaderUploadOffset, protocol.ErrInvalidOffset},
		{"offset", rufh.Append{Version: 10, Offset: math.MaxInt64}, rufh.HeaderUploadOffset, protocol.ErrInvalidOffset},
		{"length of an append", rufh.Append{Version: 10, Length: tooLarge}, rufh.HeaderUploadLength, protocol.ErrInvalidHeader},
		{"location", response{Location: "/a\nb"}, "Location", protocol.ErrInvalidHeader},
		{"offset of a response", response{Offset: tooLarge}, rufh.HeaderUploadOffset, protocol.ErrInvalidOffset},
		{"length of a response", response{Length: tooLarge}, rufh.HeaderUploadLength, protocol.ErrInvalidHeader},
		{"version of a response", response{Location: "/a", Version: 2}, rufh.HeaderInteropVersion, protocol.ErrInvalidHeader},
		{"negative limit", response{Limits: &protocol.Limits{MaxUpload: -1}}, rufh.HeaderUploadLimit, protocol.ErrInvalidHeader},
		{"large limit", response{Limits: &protocol.Limits{MaxUpload: math.MaxInt64}}, rufh.HeaderUploadLimit, protocol.ErrInvalidHeader},
		{"multiple", response{Limits: &protocol.Limits{Multiple: 2}}, rufh.HeaderUploadLimit, protocol.ErrInvalidHeader},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := http.Header{}
			checkHeaderError(t, test.request.SetHeader(h), test.field, test.kind)
			if len(h) > 0 {
				t.Errorf("written: %v, want none", h)
			}
		})
	}
}

// response is a [rufh.Response] of version 10.
type response rufh.Response

func (r response) SetHeader(h rufh.Header) error { return rufh.Response(r).SetHeader(10, h) }

// Every name of a file arrives as it is, if it is valid UTF-8 (RFC 8187).
func TestDisposition(t *testing.T) {
	for name, want := range map[string]string{
		"a.txt":          `inline; filename="a.txt"`,
		"file name.jpg":  `inline; filename="file name.jpg"; filename*=UTF-8''file%20name.jpg`,
		"größe.txt":      `inline; filename="gr__e.txt"; filename*=UTF-8''gr%C3%B6%C3%9Fe.txt`,
		`a"b\c%d`:        `inline; filename="a_b_c_d"; filename*=UTF-8''a%22b%5Cc%25d`,
		"a;b=c":          `inline; filename="a;b=c"; filename*=UTF-8''a%3Bb%3Dc`,
		"a\r\nX: y":      `inline; filename="a__X: y"; filename*=UTF-8''a%0D%0AX%3A%20y`,
		"a\x00b":         `inline; filename="a_b"; filename*=UTF-8''a%00b`,
		"\xff.txt":       `inline; filename="_.txt"; filename*=UTF-8''%EF%BF%BD.txt`,
		"-rf '(*)' & {}": `inline; filename="-rf '(*)' & {}"; filename*=UTF-8''-rf%20%27%28%2A%29%27%20&%20%7B%7D`,
	} {
		h := http.Header{}
		if err := (rufh.Creation{Version: 10, Name: name}).SetHeader(h); err != nil {
			t.Fatal(err)
		}
		got := h.Get("Content-Disposition")
		if got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
		checkDisposition(t, got, name)
	}
}

// checkDisposition checks that a receiver gets name from a Content-Disposition.
func checkDisposition(t *testing.T, value, name string) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(value)
	if err != nil || kind != "inline" || params["filename"] != strings.ToValidUTF8(name, "\uFFFD") {
		t.Errorf("%q is read as %s %q, %v, want %q", value, kind, params, err, name)
	}
}

func TestVersion(t *testing.T) {
	drafts := 0
	for v := rufh.Oldest; v <= rufh.Newest; v++ {
		if !v.Valid() || v.Drafts() == "" {
			t.Errorf("%v has no draft", v)
		}
		drafts++
	}
	if drafts != 8 {
		t.Errorf("%d versions, want 8", drafts)
	}
	for _, v := range []rufh.Version{0, 2, 11, 255} {
		if v.Valid() || v.Drafts() != "" {
			t.Errorf("%v is valid", v)
		}
	}
	if got := rufh.Version(6).String(); got != "rufh/6" {
		t.Errorf("version 6 is called %q, want %q", got, "rufh/6")
	}
	if a, b := rufh.Version(5).MediaType(), rufh.Version(6).MediaType(); a != "" || b != "application/partial-upload" {
		t.Errorf("media types %q and %q, want \"\" and %q", a, b, "application/partial-upload")
	}
}

// The error for a long value keeps its beginning.
func TestLongValue(t *testing.T) {
	_, err := rufh.Newest.ParseLimits(strings.Repeat("!", 1<<20))
	var e *protocol.HeaderError
	if !errors.As(err, &e) || len(e.Value) != protocol.MaxErrorValue {
		t.Errorf("error %.200v, want a *HeaderError that keeps %d bytes", err, protocol.MaxErrorValue)
	}
}
