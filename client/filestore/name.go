package filestore

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// hashName returns a name that hides the endpoint, whose query may be a secret.
func hashName(endpoint, suffix string) string {
	sum := sha256.Sum256([]byte(endpoint))
	return hex.EncodeToString(sum[:]) + suffix
}

// isHashName reports whether hashName made a name.
func isHashName(name, suffix string) bool {
	hash, ok := strings.CutSuffix(name, suffix)
	return ok && len(hash) == 2*sha256.Size && !strings.ContainsFunc(hash, func(r rune) bool {
		return (r < 'a' || r > 'f') && (r < '0' || r > '9')
	})
}
