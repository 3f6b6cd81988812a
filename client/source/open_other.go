//go:build !unix

package source

import "os"

func openRegular(name string) (*os.File, error) { return os.Open(name) }

func openRegularIn(root *os.Root, name string) (*os.File, error) { return root.Open(name) }
