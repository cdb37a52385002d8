package main

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// poll is net/http with long-polls.
func poll(at address, after string) (listener, error) {
	return &pollListener{at: at, cursor: after}, nil
}

type pollListener struct {
	at      address
	cursor  string
	waiting []message
}

type message struct{ Cursor, Data string }

func (l *pollListener) next() (heard, error) {
	for len(l.waiting) == 0 {
		answer, err := (&http.Client{Timeout: longest}).Get(l.at.after(l.cursor) + "&wait=10")
		if err != nil {
			return heard{}, err
		}
		var page struct {
			Reset    *string
			Messages []message
		}
		err = json.NewDecoder(answer.Body).Decode(&page)
		answer.Body.Close()
		if err != nil {
			return heard{}, err
		}
		if page.Reset != nil {
			return heard{}, fmt.Errorf("reset: %s", *page.Reset)
		}
		l.waiting = page.Messages
	}
	one := l.waiting[0]
	l.waiting = l.waiting[1:]
	l.cursor = one.Cursor
	return heard{one.Data, one.Cursor}, nil
}

func (l *pollListener) close() {}

// tail is where the channel stands.
func (at address) tail() (string, error) {
	answer, err := http.Head(at.url())
	if err != nil {
		return "", err
	}
	answer.Body.Close()
	return answer.Header.Get("Laba-Cursor"), nil
}
