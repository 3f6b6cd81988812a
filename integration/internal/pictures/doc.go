// Package pictures draws the modules of the workspace and the package layers of client as
// SVG. Their sources are the go.mod files and the diagram of docs/how-an-upload-goes.md, which
// a test compares with the imports of all packages.
//
// The pictures have a white background, because the page around them may be dark.
package pictures
