package conformance

// Requirement is a requirement of the specification on servers that has no
// rule.
type Requirement struct {
	Section  string
	Level    Level
	Sentence string
	Reason   string // why no rule checks it
}

var untested = []Requirement{
	{
		"Core Protocol", Must, "All Clients and Servers MUST implement the core protocol.",
		"The rules of the core protocol check this together.",
	},
	{
		sectionHeaders + "Tus-Version", Must, "The list MUST be sorted by Server's preference where the first one is the most preferred one.",
		"No answer shows the preference of a server.",
	},
	{
		sectionHeaders + "X-HTTP-Method-Override", Must, "The X-HTTP-Method-Override request header MUST be a string […]",
		"Every header value is a string. The rule method-override checks the rest of the sentence.",
	},
	{
		sectionPatch, Must, "The Upload-Offset header's value MUST be equal to the current offset of the resource.",
		"This is a requirement on clients. The rule patch-offset-mismatch checks the answer of the server.",
	},
	{
		sectionPatch, Should, "Both Client and Server, SHOULD attempt to detect and handle network errors predictably.",
		"The specification does not define predictable handling. The rule patch-stores-received checks the offset after a cut.",
	},
	{
		sectionPatch, Should, "A timeout SHOULD be handled by closing the underlying connection.",
		"A server may have no timeout, or one of several hours.",
	},
	{
		"Protocol Extensions", Should, "Feature detection SHOULD be achieved by the Client sending an OPTIONS request and the Server responding with the Tus-Extension header.",
		"The specification requires the announcement of each extension with MUST. Rules such as creation-announced check that.",
	},
	{
		"Creation With Upload", Must, "In this case, similar rules as for the PATCH request and response apply. The Client MUST include the Content-Type: application/offset+octet-stream header.",
		"This is a requirement on clients.",
	},
	{
		sectionExpires, Should, "The latter one SHOULD be used if the Server is keeping track of expired uploads.",
		"No answer shows whether a server keeps track of expired uploads.",
	},
	{
		sectionDelete, Should, "When receiving a DELETE request for an existing upload the Server SHOULD free associated resources […]",
		"No answer shows which resources a server holds.",
	},
	{
		sectionConcatenation, ShouldNot, "The Server SHOULD NOT process these partial uploads until they are concatenated to form a final upload.",
		"No answer shows when a server processes the bytes.",
	},
	{
		sectionConcatenation + ", Headers, Upload-Concat", Must, "If the upload is a partial one, the header value MUST be partial. In the case of a final upload, its value MUST be final followed by a semicolon and a space-separated list of partial upload URLs that will be concatenated. The partial uploads URLs MAY be absolute or relative and MUST NOT contain spaces as defined in RFC 3986.",
		"The value in an answer is the value that the server received, which the rule concatenation-header checks.",
	},
}
