package conformance

var untestedRUFH = []Requirement{
	{
		draft13("4.1.1"), Must, "If the server loses any part of the state, it MUST deactivate the upload resource and reject further interaction with it.",
		"No request makes a server lose its state.",
	},
	{
		draft13("4.1.4"), Must, "First, a member with an unknown key MUST be ignored.",
		"This is a requirement on receivers, which are clients.",
	},
	{
		draft13("4.1.4"), Must, "Second, a member with a known key but a value of unexpected type MUST cause the entire Upload-Limit header field to be ignored, or alternatively the complete HTTP message MUST be treated as malformed.",
		"This is a requirement on receivers, which are clients. The rule limit-type checks the members that the server sends.",
	},
	{
		draft13("4.1.4"), Should, "If a server is configured such that all of its resources support the creation of upload resources with identical limits, it SHOULD include the Upload-Limit header field in response to an OPTIONS request for the target * (if this target is supported).",
		"No answer shows which resources of a server create uploads.",
	},
	{
		draft13("13"), Should, "To prevent this, the server SHOULD ensure that only authorized clients can access the upload resource.",
		"The suite does not know which clients are authorized.",
	},
	{
		draft13("13"), Must, "If so, they MUST ensure that no internal information is leaked in the URI that is not intended to be exposed.",
		"No answer shows what a part of a URL means.",
	},
	{
		draft13("13"), Must, "In addition, metadata MUST be validated and/or sanitized if the server takes its values into consideration for processing or storing the representation.",
		"No answer shows what a server does with metadata.",
	},
	{
		draft13("13"), Should, "Servers or intermediaries wishing to perform content scanning SHOULD consider how resumable uploads can circumvent scanning and take appropriate measures.",
		"No answer shows whether a server scans content.",
	},
	{
		draft13("13"), Should, "To mitigate vulnerabilities arising from time-of-check to time-of-use (TOCTOU) conditions, the server SHOULD validate that the user is still allowed to perform the requested action before finalizing the upload.",
		"The suite cannot change the permissions of its user.",
	},
	{
		draft13("13"), Should, "Servers SHOULD provide mitigations for Slowloris attacks, such as increasing the maximum number of clients the server will allow, limiting the number of uploads a single client is allowed to make, imposing restrictions on the minimum transfer speed an upload is allowed to have, and restricting the length of time an upload resource can exist.",
		"A test would be such an attack.",
	},
}
