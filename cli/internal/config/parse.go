package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/tusker-go/tusker/cli/internal/suggest"
)

// KeyDefaultEndpoint is the key of the endpoint of commands that are called without one.
const KeyDefaultEndpoint = "default-endpoint"

// Other keys of a file that are not flags.
const (
	keyEndpoints = "endpoints"
	keyURL       = "url"
)

var (
	errDocuments = errors.New("it holds more than one YAML document")
	errMapping   = errors.New("want keys and values")
)

// Parse reads text, the content of the file at path. See Read.
func Parse(path string, text []byte, known map[string]Key) (*File, error) {
	p := &parser{path: path, known: known}
	file := &File{Path: path}
	document := &yaml.Node{}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(document); err != nil {
		if errors.Is(err, io.EOF) {
			return file, nil
		}
		return nil, p.syntax(err)
	}
	if err := decoder.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		if err == nil {
			err = errDocuments
		}
		return nil, p.syntax(err)
	}
	if err := p.file(document.Content[0], file); err != nil {
		return nil, err
	}
	return file, nil
}

type parser struct {
	path  string
	known map[string]Key
}

func (p *parser) error(line int, format string, args ...any) *Error {
	return &Error{Path: p.path, Line: line, Err: fmt.Errorf(format, args...)}
}

var yamlError = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)`) })

// syntax moves the line number of an error of package yaml to the place that it has in an
// Error.
func (p *parser) syntax(err error) error {
	parts := yamlError().FindStringSubmatch(err.Error())
	if parts == nil {
		return &Error{Path: p.path, Err: err}
	}
	line, _ := strconv.Atoi(parts[1])
	return p.error(line, "%s", parts[2])
}

func (p *parser) file(node *yaml.Node, file *File) error {
	if isNull(node) {
		return nil
	}
	var endpoints *yaml.Node
	var err error
	file.Defaults, err = p.settings(node, []string{keyEndpoints, KeyDefaultEndpoint}, func(key, value *yaml.Node) error {
		if key.Value == keyEndpoints {
			endpoints = value
			return nil
		}
		text, err := p.scalar(KeyDefaultEndpoint, value)
		file.DefaultEndpoint = Setting{Values: []string{text}, Line: key.Line}
		return err
	})
	if err != nil || endpoints == nil || isNull(endpoints) {
		return err
	}
	file.Endpoints = make(map[string]Endpoint)
	return p.each(endpoints, func(key, value *yaml.Node) error {
		e, err := p.endpoint(key, value)
		file.Endpoints[e.Name] = e
		return err
	})
}

// endpointName matches a name that, followed by a colon, cannot be the beginning of a URL.
var endpointName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`) })

// IsName reports whether an endpoint may be called s.
func IsName(s string) bool { return endpointName().MatchString(s) }

func (p *parser) endpoint(key, value *yaml.Node) (Endpoint, error) {
	e := Endpoint{Name: key.Value, Line: key.Line}
	if !IsName(e.Name) {
		return e, p.error(key.Line, "endpoint %q: a name consists of letters, digits, '-', '_' and '.'", e.Name)
	}
	var err error
	e.Settings, err = p.settings(value, []string{keyURL}, func(_, value *yaml.Node) error {
		var err error
		e.URL, err = p.scalar(keyURL, value)
		return err
	})
	if err == nil && e.URL == "" {
		err = p.error(key.Line, "endpoint %q has no url", e.Name)
	}
	return e, err
}

// settings reads a mapping of known keys, and passes the pairs with the keys others to take.
func (p *parser) settings(node *yaml.Node, others []string, take func(key, value *yaml.Node) error) (Settings, error) {
	settings := make(Settings)
	err := p.each(node, func(key, value *yaml.Node) error {
		if slices.Contains(others, key.Value) {
			return take(key, value)
		}
		kind, ok := p.known[key.Value]
		if !ok {
			err := p.error(key.Line, "unknown key %q", key.Value)
			err.Meant = suggest.Nearest(key.Value, p.names(others))
			return err
		}
		values, err := p.values(key.Value, kind, value)
		settings[key.Value] = Setting{Values: values, Line: key.Line}
		return err
	})
	return settings, err
}

func (p *parser) names(others []string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, name := range append(slices.Collect(maps.Keys(p.known)), others...) {
			if !yield(name) {
				return
			}
		}
	}
}

func (p *parser) values(key string, kind Key, node *yaml.Node) ([]string, error) {
	node = target(node)
	switch {
	case node.Kind == yaml.SequenceNode && kind.List:
		values := []string{}
		for _, item := range node.Content {
			value, err := p.scalar(key, item)
			if err != nil {
				return nil, err
			}
			values = append(values, value)
		}
		return values, nil
	case node.Kind == yaml.MappingNode && kind.Separator != "":
		values := []string{}
		err := p.each(node, func(name, item *yaml.Node) error {
			value, err := p.scalar(key, item)
			values = append(values, name.Value+kind.Separator+value)
			return err
		})
		return values, err
	}
	value, err := p.scalar(key, node)
	return []string{value}, err
}

// scalar returns a value in its written form. An error does not contain the text.
func (p *parser) scalar(key string, node *yaml.Node) (string, error) {
	node = target(node)
	switch {
	case node.Kind != yaml.ScalarNode:
		return "", p.error(node.Line, "%s: want one value", key)
	case isNull(node):
		return "", p.error(node.Line, "%s has no value; an empty one is written \"\"", key)
	}
	return node.Value, nil
}

// each calls fn for the pairs of a mapping, whose keys differ.
func (p *parser) each(node *yaml.Node, fn func(key, value *yaml.Node) error) error {
	node = target(node)
	if node.Kind != yaml.MappingNode {
		return &Error{Path: p.path, Line: node.Line, Err: errMapping}
	}
	seen := make(map[string]bool)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if key.Kind != yaml.ScalarNode {
			return p.error(key.Line, "a key is a word")
		}
		if seen[key.Value] {
			return p.error(key.Line, "key %q is there twice", key.Value)
		}
		seen[key.Value] = true
		if err := fn(key, node.Content[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// target returns the node to which an alias refers.
func target(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode && node.Alias != nil {
		return node.Alias
	}
	return node
}

func isNull(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.Tag == "!!null" }
