package flags

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/tusker-go/tusker/cli/internal/mediatype"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/protocol"
)

// ParseMetadata reads key[=value] pairs.
func ParseMetadata(pairs []string) (protocol.Metadata, error) {
	metadata := make(protocol.Metadata)
	for _, pair := range pairs {
		key, value, _ := strings.Cut(pair, "=")
		if _, ok := metadata[key]; ok {
			return nil, fmt.Errorf("metadata key %q is given twice", key)
		}
		metadata[key] = value
	}
	return metadata, metadata.Validate()
}

// defaultMetadata returns the metadata that follow from the name of a file. The mediaType is the
// one that a server names, or "".
func defaultMetadata(file, mediaType string) protocol.Metadata {
	metadata := make(protocol.Metadata)
	// The names of open pipes, such as /dev/fd/63, have no meaning. Entries of
	// /dev/shm are regular files.
	if file == usage.Stdin || strings.HasPrefix(file, "/dev/") && !strings.HasPrefix(file, "/dev/shm/") && IsStream(file) {
		return metadata
	}
	if file != "" {
		metadata["filename"] = filepath.Base(file)
	}
	if mediaType = cmp.Or(mediaType, mediatype.ByName(file)); mediaType != "" {
		metadata["mime_type"] = mediaType
		metadata["filetype"] = mediaType
	}
	return metadata
}
