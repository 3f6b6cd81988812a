package conformance

// Requirement is a sentence of the specification about servers that no rule of
// its own checks.
type Requirement struct {
	Section  string
	Level    Level
	Sentence string
	Reason   string // why there is no rule
}

// Untested returns the requirements on servers that have no rule, in the order
// of the specification. The slice is the caller's.
func Untested() []Requirement {
	return append([]Requirement(nil), untested...)
}

const asReceived = "What a server sends here is what it received, which "

var untested = []Requirement{
	{
		"Core Protocol", Must, "All Clients and Servers MUST implement the core protocol.",
		"It is the sum of the rules of the core protocol.",
	},
	{
		sectionHeaders + "Tus-Version", Must, "The list MUST be sorted by Server's preference where the first one is the most preferred one.",
		"What a server prefers is known to itself alone.",
	},
	{
		sectionHeaders + "X-HTTP-Method-Override", Must, "The X-HTTP-Method-Override request header MUST be a string […]",
		"Every value of a header is one. What the sentence goes on with is method-override.",
	},
	{
		sectionPatch, Must, "The Upload-Offset header's value MUST be equal to the current offset of the resource.",
		"It is about what clients send. What servers do about it is patch-offset-mismatch.",
	},
	{
		sectionPatch, Should, "Both Client and Server, SHOULD attempt to detect and handle network errors predictably.",
		"Nothing says what a predictable way is; what a cut leaves behind is patch-stores-received.",
	},
	{
		sectionPatch, Should, "A timeout SHOULD be handled by closing the underlying connection.",
		"A server is free to have no timeout, or one of hours.",
	},
	{
		"Protocol Extensions", Should, "Feature detection SHOULD be achieved by the Client sending an OPTIONS request and the Server responding with the Tus-Extension header.",
		"Each extension has a sentence that says so with MUST: creation-announced and the like.",
	},
	{
		"Creation With Upload", Must, "In this case, similar rules as for the PATCH request and response apply. The Client MUST include the Content-Type: application/offset+octet-stream header.",
		"It is about what clients send.",
	},
	{
		sectionExpires, Should, "The latter one SHOULD be used if the Server is keeping track of expired uploads.",
		"Whether it keeps track is known to the server alone.",
	},
	{
		sectionDelete, Should, "When receiving a DELETE request for an existing upload the Server SHOULD free associated resources […]",
		"What a server holds besides what it answers does not show.",
	},
	{
		sectionConcatenation, ShouldNot, "The Server SHOULD NOT process these partial uploads until they are concatenated to form a final upload.",
		"What a server does with the bytes does not show.",
	},
	{
		sectionConcatenation + ", Headers, Upload-Concat", Must, "If the upload is a partial one, the header value MUST be partial. In the case of a final upload, its value MUST be final followed by a semicolon and a space-separated list of partial upload URLs that will be concatenated. The partial uploads URLs MAY be absolute or relative and MUST NOT contain spaces as defined in RFC 3986.",
		asReceived + "concatenation-header checks.",
	},
}
