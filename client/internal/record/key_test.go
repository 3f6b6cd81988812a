package record

import (
	"strings"
	"testing"

	"github.com/tusker-go/tusker/client/journal"
)

// Records of the same place share the end of their keys, and every key can be a file name.
func TestUnfinishedKey(t *testing.T) {
	a := UnfinishedKey(Key("https://tus.example/files/?a", "", "1"), "/home/me/a")
	b := UnfinishedKey(Key("https://tus.example/files/?b", "you", "2"), "/home/me/a")
	suffix := placeSuffix("/home/me/a")
	if a == b || !strings.HasSuffix(a, suffix) || !strings.HasSuffix(b, suffix) || strings.HasSuffix(a, placeSuffix("/home/me/b")) {
		t.Errorf("keys %s and %s, suffix %s, want two keys with this suffix, and not that of /home/me/b", a, b, suffix)
	}
	if journal.PlaceSuffix(a) != suffix || journal.PlaceSuffix(Key("e", "", "1")) != "" {
		t.Errorf("a store finds %q in %s, want %q and \"\"", journal.PlaceSuffix(a), a, suffix)
	}
	for _, key := range []string{a, b, UnfinishedKey(Key("e", "", "1"), "")} {
		if err := journal.CheckKey(key); err != nil {
			t.Error(err)
		}
	}
	if key := UnfinishedKey("", "/home/me/a"); key != "" {
		t.Errorf("key %q of a source without an identity", key)
	}
}
