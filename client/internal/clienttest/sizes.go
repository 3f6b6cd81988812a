package clienttest

// Units of sizes in bytes.
const (
	KiB = 1 << 10
	MiB = 1 << 20
)

// Sizes in bytes.
const (
	// RecordedSize is the size of the smallest file that gets a record.
	RecordedSize = 1<<20 + 1

	// ChunkSize is that of [RecordingConfig]. A file of RecordedSize has two such chunks
	// and one of a single byte.
	ChunkSize = 1 << 19

	// FourPartsSize is the size of a file that is sent in four parts. The last part is the
	// shortest.
	FourPartsSize = 4<<20 + 3

	// SampledSize is the size of a file that is so large that only samples of it are
	// compared.
	SampledSize = 200 << 10
)
