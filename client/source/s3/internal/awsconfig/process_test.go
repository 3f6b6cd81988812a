package awsconfig

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The command of a profile gets no bytes of the standard input, which may be those of an upload,
// and its credentials are used until they expire.
func TestProcessHasNoInput(t *testing.T) {
	home := environment(t, nil, map[string]string{"input": "bytes of an upload"})
	writeConfig(t, home, "[default]\ncredential_process = cat > "+filepath.ToSlash(home)+"/read; "+strings.TrimPrefix(withProcess, "credential_process = "))
	input, err := os.Open(filepath.Join(home, "input"))
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stdin
	os.Stdin = input
	t.Cleanup(func() { os.Stdin = before; _ = input.Close() })
	keys, err := load(t, Options{}).Retrieve(t.Context())
	if err != nil || keys.AccessKeyID != "PROCESS" || !keys.CanExpire {
		t.Errorf("access key %q, expires %t, error %v", keys.AccessKeyID, keys.CanExpire, err)
	}
	if read, err := os.ReadFile(filepath.Join(home, "read")); len(read) > 0 || err != nil {
		t.Errorf("the command read %q, error %v", read, err)
	}
}
