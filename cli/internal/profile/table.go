package profile

const (
	kib = 1 << 10
	mib = 1 << 20
)

// table contains the profiles, sorted by name.
var table = []Profile{
	{
		Name:     "bunny",
		Server:   "Bunny Stream",
		Endpoint: "https://video.bunnycdn.com/tusupload",
		Docs:     "https://docs.bunny.net/stream/tus-resumable-uploads",
		Headers: []Field{
			{Name: "AuthorizationSignature", Need: Always, About: "SHA-256 of library id, API key, expiry and video id"},
			{Name: "AuthorizationExpire", Need: Always, About: "when the signature ends, in Unix seconds"},
			{Name: "LibraryId", Need: Always, About: "id of the video library"},
			{Name: "VideoId", Need: Always, About: "id of the video, which is made before"},
		},
		Metadata: []Field{
			{Name: "filetype", Need: Creation, From: Filetype, About: "media type of the video"},
			{Name: "title", Need: Creation, From: Filename, About: "title of the video"},
			{Name: "collection", Need: Advised, About: "id of the collection that it belongs to"},
			{Name: "thumbnailTime", Need: Advised, About: "milliseconds to the picture that stands for it"},
		},
		Notes: []string{
			"the signature has to outlive the upload: a 401 in the middle may mean that it ended",
			`409 "currently being updated" means busy: it is waited for`,
		},
	},
	{
		Name:     "cloudflare",
		Server:   "Cloudflare Stream",
		Endpoint: "https://api.cloudflare.com/client/v4/accounts/ACCOUNT/stream",
		Docs:     "https://developers.cloudflare.com/stream/uploading-videos/resumable-uploads/",
		Chunk:    Chunk{Size: 50 * mib, Min: 5 * mib, Max: 200 * mib, Multiple: 256 * kib},
		Headers: []Field{
			{Name: "Authorization", Need: Creation, About: "bearer token of the API"},
			{Name: "Upload-Creator", Need: Advised, About: "your id of who uploads"},
		},
		Metadata: []Field{
			{Name: "name", Need: Advised, From: Filename, About: "name of the video"},
			{Name: "filetype", Need: Advised, From: Filetype, About: "media type of the video"},
			{Name: "requiresignedurls", Need: Advised, About: "watching takes a signed URL; it has no value"},
			{Name: "maxDurationSeconds", Need: Advised, About: "longest video that is taken"},
			{Name: "expiry", Need: Advised, About: "when the upload URL ends, as in RFC 3339"},
		},
		Returns: []Return{{Name: "Stream-Media-Id", About: "id of the video"}},
		Notes: []string{
			"the upload URL is on another origin and wants no token",
			`a "direct creator upload" has its URL already: use tusker resume`,
		},
	},
	{
		Name:     "directus",
		Server:   "Directus",
		Endpoint: "https://directus.example/files/tus",
		Docs:     "https://directus.io/docs/guides/files/upload",
		Headers: []Field{
			{Name: "Authorization", Need: Advised, About: "bearer token of the API"},
		},
		Metadata: []Field{
			{Name: "filename_download", Need: Creation, From: Filename, About: "name of the file"},
			{Name: "type", Need: Advised, From: Filetype, About: "media type"},
			{Name: "title", Need: Advised, About: "title, made of the name by default"},
			{Name: "folder", Need: Advised, About: "id of the folder"},
			{Name: "id", Need: Advised, About: "id of a file to be replaced"},
		},
		Returns: []Return{{Name: "Directus-File-Id", About: "id of the file"}},
		Notes: []string{
			"empty files and streams of unknown length are refused",
			"keys that are no fields of a file are refused: only the above are sent by default",
		},
	},
	{
		Name:     "opencloud",
		Server:   "OpenCloud and ownCloud Infinite Scale",
		Endpoint: "https://cloud.example/remote.php/dav/spaces/SPACE/",
		Docs:     "https://docs.opencloud.eu/docs/dev/server/apis/http/tus_upload",
		Chunk:    Chunk{Size: 10_000_000, Max: 10_000_000},
		Headers: []Field{
			{Name: "Authorization", Need: Always, About: "bearer token, or name and password of an app"},
		},
		Metadata: []Field{
			{Name: "filename", Need: Creation, From: Filename, About: "name of the file, below the folder of the URL"},
			{Name: "mtime", Need: Advised, About: "when the file was changed, in Unix seconds"},
		},
		Returns: []Return{
			{Name: "Oc-Fileid", About: "id of the file"},
			{Name: "Oc-Etag", About: "version of the file"},
		},
		Notes: []string{
			"the largest chunk is a setting of the server; 10000000 is its default",
			"the upload URL holds a token that ends",
		},
	},
	{
		Name:     "supabase",
		Server:   "Supabase Storage",
		Endpoint: "https://PROJECT.storage.supabase.co/storage/v1/upload/resumable",
		Docs:     "https://supabase.com/docs/guides/storage/uploads/resumable-uploads",
		Chunk:    Chunk{Size: 6 * mib, Min: 6 * mib, Max: 6 * mib},
		Headers: []Field{
			{Name: "Authorization", Need: Always, About: "bearer token of the user, or the service key"},
			{Name: "apikey", Need: Advised, About: "key of the project"},
			{Name: "x-upsert", Need: Advised, About: "true replaces an object of the same name"},
		},
		Metadata: []Field{
			{Name: "bucketName", Need: Creation, About: "bucket that the object goes to"},
			{Name: "objectName", Need: Creation, From: Path, About: "path of the object in it"},
			{Name: "contentType", Need: Advised, From: Filetype, About: "media type"},
			{Name: "cacheControl", Need: Advised, About: "seconds that it may be cached"},
		},
		Returns: []Return{
			{Name: "Upload-Expires", About: "when the upload URL ends, 24 h after it was made"},
			{Name: "Tus-Complete", About: "whether the object is there"},
		},
		Notes: []string{"409 means that the object exists, or that somebody else is uploading it"},
	},
	{
		Name:     "transloadit",
		Server:   "Transloadit",
		Endpoint: "the tus_url of the assembly",
		Docs:     "https://transloadit.com/docs/api/resumable-uploads/",
		Metadata: []Field{
			{Name: "assembly_url", Need: Creation, About: "the assembly_ssl_url of the assembly, which is made before"},
			{Name: "fieldname", Need: Creation, About: "name of the form field, such as file"},
			{Name: "filename", Need: Creation, From: Filename, About: "name of the file"},
		},
		Notes: []string{
			"the assembly has to expect as many files as are uploaded",
			"an assembly ends 8 h after it was made; a file has at most 200 GB",
		},
	},
	{
		Name:       "vimeo",
		Server:     "Vimeo",
		Endpoint:   "the upload_link of the video",
		Docs:       "https://developer.vimeo.com/api/upload/videos",
		NoCreation: true,
		Notes: []string{
			"the URL is made by the API, for a video of that size: use tusker resume",
			"the URL is a secret; it wants no token",
		},
	},
}
