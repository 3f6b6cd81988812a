package structured_test

import (
	"maps"
	"testing"

	"github.com/tusker-go/tusker/protocol/rufh/internal/structured"
)

func integer(n int64) structured.Value { return structured.Value{Kind: structured.Integer, Int: n} }
func boolean(b bool) structured.Value  { return structured.Value{Kind: structured.Boolean, Bool: b} }

func of(k structured.Kind) structured.Value {
	return structured.Value{Kind: k}
}

// The items of RFC 9651, with examples from its sections 3.1.2 and 3.3.
func TestParseItem(t *testing.T) {
	for s, want := range map[string]structured.Value{
		"42":                           integer(42),
		"-42":                          integer(-42),
		"0":                            integer(0),
		"-0":                           integer(0),
		"007":                          integer(7),
		"999999999999999":              integer(structured.MaxInteger),
		"-999999999999999":             integer(-structured.MaxInteger),
		"  5  ":                        integer(5),
		"5; foo=bar":                   integer(5),
		"2; foourl=\"https://foo/\"":   integer(2),
		"1;a;b=?0;c=:aGk=:;d=@5;*=1.5": integer(1),
		"?1":                           boolean(true),
		"?0":                           boolean(false),
		" ?1;q=0.5 ":                   boolean(true),
		"4.5":                          of(structured.Decimal),
		"-123456789012.125":            of(structured.Decimal),
		`"hello world"`:                of(structured.String),
		`"a \"b\" \\"`:                 of(structured.String),
		"foo123/456":                   of(structured.Token),
		"*a":                           of(structured.Token),
		":cHJldGVuZCB0aGlzIGlzIGJpbmFyeSBjb250ZW50Lg==:": of(structured.Bytes),
		":aGk:":                          of(structured.Bytes),
		"::":                             of(structured.Bytes),
		"@1659578233":                    of(structured.Date),
		`%"This is intended for %c3%bc"`: of(structured.Text),
	} {
		got, ok := structured.ParseItem(s)
		if !ok || got != want {
			t.Errorf("%s: %+v, %t, want %+v", s, got, ok, want)
		}
	}
}

func TestParseItemInvalid(t *testing.T) {
	for _, s := range []string{
		"", " ", "\t5", "5\t", "1000000000000000", "-1000000000000000", "-", "+5", "5,5", "5, 5", "5 5", "0x5", "5 ;a",
		"1.", ".5", "1.2345", "1234567890123.1", "1..2", "--1", "5;", "5;A", "5;a=", "5;a=(1)",
		"?", "?2", "?true", "?1?1", "?01", `"`, `"a`, `"a\b"`, "\"\x7f\"", "\"é\"", ":", ":a:", ":aGk=", ":a-b_:",
		"@", "@1.5", "@x", "%", "%\"", `%"%C3%BC"`, `%"%c3"`, `%"%c`, `%"%+1"`, "(1 2)", "é", "\x00", "5\x00",
	} {
		if got, ok := structured.ParseItem(s); ok {
			t.Errorf("%q is parsed as %+v", s, got)
		}
	}
}

// The dictionaries of RFC 9651, section 3.2.
func TestParseDictionary(t *testing.T) {
	for s, want := range map[string]map[string]structured.Value{
		"":                                   {},
		"  ":                                 {},
		"max-size=1":                         {"max-size": integer(1)},
		`en="Applepie", da=:w4ZibGU=:`:       {"en": of(structured.String), "da": of(structured.Bytes)},
		"a=?0, b, c; foo=bar":                {"a": boolean(false), "b": boolean(true), "c": boolean(true)},
		"rating=1.5, feelings=(joy sadness)": {"rating": of(structured.Decimal), "feelings": of(structured.InnerList)},
		"a=(1 2), b=3, c=4;aa=bb, d=(5 6);valid": {
			"a": of(structured.InnerList), "b": integer(3), "c": integer(4), "d": of(structured.InnerList),
		},
		"a=( 1;x=2  \"y\" ),b=()": {"a": of(structured.InnerList), "b": of(structured.InnerList)},
		"a=1,b=2,a=?1":            {"a": boolean(true), "b": integer(2)},
		"a=1 \t,\t b=2 ":          {"a": integer(1), "b": integer(2)},
		"*k_-.9=1":                {"*k_-.9": integer(1)},
	} {
		got := map[string]structured.Value{}
		ok := structured.ParseDictionary(s, func(key string, v structured.Value) { got[key] = v })
		if !ok || !maps.Equal(got, want) {
			t.Errorf("%q: %+v, %t, want %+v", s, got, ok, want)
		}
	}
	for _, s := range []string{
		"a=1,", ",a=1", "a=1,,b=2", "a=1 b=2", "a=", "A=1", "1", "-a=1", "a =1", "a= 1", "a=(", "a=( ", "a=(1", "a=(1,2)", "a=(1\t2)",
		"a=(1)x", "a=((1))", "a;", "a;B", "a=1;", "a=é", "\ta=1",
	} {
		if structured.ParseDictionary(s, func(string, structured.Value) {}) {
			t.Errorf("%q is parsed", s)
		}
	}
}

// An item that parses is the value of a dictionary's member, too.
func FuzzParseItem(f *testing.F) {
	for _, s := range []string{"5", "?1;a=b", "-1.5", `"a\""`, ":aGk=:", "@1", `%"%c3%bc"`, "*a", "5,5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, ok := structured.ParseItem(s)
		if !ok {
			return
		}
		if v.Int > structured.MaxInteger || v.Int < -structured.MaxInteger || v.Kind == 0 {
			t.Fatalf("%q is %+v, want Int at most %v, Int at least -999999999999999 and Kind not 0", s, v, structured.MaxInteger)
		}
		again, ok := structured.ParseItem(" " + s + ";k ")
		if trimmed := len(s) > 0 && s[len(s)-1] == ' '; !trimmed && (!ok || again != v) {
			t.Fatalf("%q with a parameter is %+v, %t, want %+v", s, again, ok, v)
		}
	})
}

// A dictionary that parses can be continued by another member.
func FuzzParseDictionary(f *testing.F) {
	for _, s := range []string{"a=1, b", "a=(1 2);c", "max-size=5,max-size=?0", "", "a=1,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := 0
		if !structured.ParseDictionary(s, func(string, structured.Value) { n++ }) || n == 0 {
			return
		}
		var last string
		if !structured.ParseDictionary(s+", zz=1", func(key string, _ structured.Value) { last = key }) || last != "zz" {
			t.Fatalf("%q cannot be continued", s)
		}
	})
}
