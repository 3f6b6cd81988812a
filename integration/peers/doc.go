// Package peers holds testserver against the other tus clients for Go, which
// know nothing of Tusker: what they can do, they can do with it, and the checks
// of its extensions agree with theirs. It is a module of its own, so that nobody
// else downloads them, and exports nothing.
package peers
