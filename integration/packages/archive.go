package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"time"
)

// writeArchive writes name.zip for Windows, and name.tar.gz for other systems.
func writeArchive(name string, t Target, files []file, when time.Time) error {
	if t.OS == "windows" {
		return create(name+".zip", func(w io.Writer) error { return writeZip(w, files, when) })
	}
	return create(name+".tar.gz", func(w io.Writer) error {
		gz := gzip.NewWriter(w)
		return errors.Join(writeTar(gz, files, when), gz.Close())
	})
}

// writeTar writes the files as those of root.
func writeTar(w io.Writer, files []file, when time.Time) error {
	out := tar.NewWriter(w)
	for _, f := range files {
		data, err := os.ReadFile(f.Source)
		if err != nil {
			return err
		}
		if err := out.WriteHeader(&tar.Header{
			Typeflag: tar.TypeReg, Name: f.Path, Size: int64(len(data)), Mode: int64(f.Mode), ModTime: when,
			Uname: "root", Gname: "root",
		}); err != nil {
			return err
		}
		if _, err := out.Write(data); err != nil {
			return err
		}
	}
	return out.Close()
}

func writeZip(w io.Writer, files []file, when time.Time) error {
	out := zip.NewWriter(w)
	for _, f := range files {
		data, err := os.ReadFile(f.Source)
		if err != nil {
			return err
		}
		header := &zip.FileHeader{Name: f.Path, Method: zip.Deflate, Modified: when}
		header.SetMode(f.Mode)
		entry, err := out.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := entry.Write(data); err != nil {
			return err
		}
	}
	return out.Close()
}

// create creates a file with what write writes.
func create(name string, write func(io.Writer) error) (err error) {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return write(f)
}
