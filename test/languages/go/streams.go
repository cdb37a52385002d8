package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	r3labs "github.com/r3labs/sse/v2"
	tmaxmax "github.com/tmaxmax/go-sse"
)

// stream hands on what a parser calls back with.
type stream struct {
	events chan heard
	cancel context.CancelFunc
}

func newStream() (*stream, context.Context) {
	context, cancel := context.WithCancel(context.Background())
	return &stream{make(chan heard, 16), cancel}, context
}

func (s *stream) give(name, data, id string) {
	if name != "" && name != "message" {
		data = "(" + name + ")"
	}
	s.events <- heard{data, id}
}

func (s *stream) next() (heard, error) {
	select {
	case one := <-s.events:
		return one, nil
	case <-time.After(longest):
		return heard{}, errors.New("no event came")
	}
}

func (s *stream) close() { s.cancel() }

// byR3labs listens by r3labs/sse, which splits at empty lines and hands on every block.
func byR3labs(at address, after string) (listener, error) {
	s, context := newStream()
	client := r3labs.NewClient(at.after(after))
	go func() {
		_ = client.SubscribeRawWithContext(context, func(event *r3labs.Event) {
			s.give(string(event.Event), string(event.Data), string(event.ID))
		})
	}()
	return s, nil
}

// byTmaxmax listens by tmaxmax/go-sse, and resumes by Last-Event-ID.
func byTmaxmax(at address, after string) (listener, error) {
	s, context := newStream()
	request, err := http.NewRequestWithContext(context, http.MethodGet, at.url(), http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Last-Event-ID", after)
	connection := tmaxmax.NewConnection(request)
	connection.SubscribeToAll(func(event tmaxmax.Event) {
		s.give(event.Type, event.Data, event.LastEventID)
	})
	go func() { _ = connection.Connect() }()
	return s, nil
}
