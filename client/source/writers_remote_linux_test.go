package source

import "testing"

// Leases of files on NFS and SMB do not tell of their writers.
func TestIsRemote(t *testing.T) {
	for name, test := range map[string]struct {
		system uint32
		want   bool
	}{
		"NFS":   {0x6969, true},
		"CIFS":  {0xff534d42, true},
		"SMB 2": {0xfe534d42, true},
		"ext4":  {0xef53, false},
		"XFS":   {0x58465342, false},
		"Btrfs": {0x9123683e, false},
		"tmpfs": {0x01021994, false},
	} {
		if got := isRemote(test.system); got != test.want {
			t.Errorf("%s is remote: %t, want %t", name, got, test.want)
		}
	}
}
