package advice

// Failure is an error about one of the things that a command was given.
type Failure struct {
	// Subject is the name of the thing, such as a file. "": the error names it, or there
	// is only one.
	Subject string
	// Err is the cause. It must not be nil.
	Err error
	// Hint says what to do. "": For may have advice for the error.
	Hint string
	// Advised means that the output has the advice already, so that a hint would repeat it.
	Advised bool

	// Resumable means that a later command can resume the upload.
	Resumable bool
}

// Error returns the subject, if there is one, and the text of the cause.
func (f *Failure) Error() string {
	if f.Subject == "" {
		return f.Err.Error()
	}
	return f.Subject + ": " + f.Err.Error()
}

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

// Before puts a hint before that of f, if both have one. It returns f.
func (f *Failure) Before(hint string) *Failure {
	if hint != "" && f.Hint != "" {
		f.Hint = hint + "; " + f.Hint
	}
	return f
}
