package dialecttest_test

import (
	"io"
	"net/http"

	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// rufhServer answers from the store, as a server of one version that sends no interim responses.
type rufhServer struct {
	store   *fake.Store
	version rufh.Version
}

func (s rufhServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	if r.Method != http.MethodPost && r.Method != http.MethodOptions && !s.store.Has(path) {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	switch r.Method {
	case http.MethodPost:
		s.create(w, rufh.ParseRequest(r.Header))
	case http.MethodHead:
		s.tell(w, path)
	case http.MethodPatch:
		s.append(w, r)
	case http.MethodDelete:
		s.store.Delete(path)
		w.WriteHeader(http.StatusNoContent)
	case http.MethodOptions:
		s.answer(w, http.StatusNoContent, rufh.Response{Limits: &protocol.Limits{}})
	}
}

// create makes an upload without bytes, which is complete if the request says so.
func (s rufhServer) create(w http.ResponseWriter, q rufh.Request) {
	length, complete := q.Length, rufh.Incomplete
	if q.Complete == rufh.Complete {
		length, complete = protocol.Known(0), rufh.Complete
	}
	response := rufh.Response{Location: s.store.Create(nil, length, nil), Complete: complete}
	if s.version <= 6 {
		response.Complete, response.Offset = rufh.Unstated, protocol.Known(0)
	}
	s.answer(w, http.StatusCreated, response)
}

func (s rufhServer) append(w http.ResponseWriter, r *http.Request) {
	offset := s.store.State(r.URL.Path).Offset
	request := rufh.ParseRequest(r.Header)
	if request.Offset != protocol.Known(offset) || r.Header.Get("Content-Type") != s.version.MediaType() {
		w.WriteHeader(http.StatusConflict)
		return
	}
	body, _ := io.ReadAll(r.Body) // what arrived counts, also if it broke off
	length := protocol.Length{}
	if got := int64(len(body)); got == r.ContentLength && request.Complete == rufh.Complete {
		length = protocol.Known(offset + got)
	}
	s.store.Append(r.URL.Path, body, length)
	s.tell(w, r.URL.Path)
}

func (s rufhServer) tell(w http.ResponseWriter, path string) {
	state := s.store.State(path)
	response := rufh.Response{Offset: protocol.Known(state.Offset), Length: state.Length, Complete: rufh.Incomplete}
	if state.Complete() {
		response.Complete = rufh.Complete
	}
	s.answer(w, http.StatusNoContent, response)
}

func (s rufhServer) answer(w http.ResponseWriter, status int, r rufh.Response) {
	if err := r.SetHeader(s.version, w.Header()); err != nil {
		panic(err)
	}
	w.WriteHeader(status)
}
