// What every client here does: publishes, hears, goes away, and resumes where it left off. Knows no library.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// A letter of every width in UTF-8 that a message is likely to have.
const two = "two: é 二 👩‍🍳"

// Longer than the server's heartbeat, which no reader of an event stream may take for a message. Not for sockets: a library
// that answers pings only while it reads would be cut off.
const quiet = 1400 * time.Millisecond

const longest = 30 * time.Second

// heard is a message's text, or the name of another event in brackets, and where the listener stands after it.
type heard struct{ text, cursor string }

// A listener is one connection that listens.
type listener interface {
	next() (heard, error)
	close()
}

// A publisher is a listener whose connection can publish, too.
type publisher interface {
	publish(text string) error
}

// A client is a library on one transport: it listens after a cursor.
type client struct {
	name   string
	listen func(at address, after string) (listener, error)
	pause  time.Duration
}

type address struct{ base, channel string }

func (at address) url() string { return at.base + at.channel }

func (at address) after(cursor string) string {
	return at.url() + "?after=" + url.QueryEscape(cursor)
}

// publish answers the message's cursor.
func (at address) publish(text string) (string, error) {
	answer, err := http.PostForm(at.url(), url.Values{"data": {text}})
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		said, _ := io.ReadAll(answer.Body)
		return "", fmt.Errorf("publishing was answered %d: %s", answer.StatusCode, said)
	}
	var receipt struct{ Cursor string }
	return receipt.Cursor, json.NewDecoder(answer.Body).Decode(&receipt)
}

// follow answers all that was heard on the first connection, and on the second.
func follow(c client, at address) ([][]string, error) {
	cursor, err := at.publish("one")
	if err != nil {
		return nil, err
	}
	first, cursor, err := hear(c, at, cursor, "three", func(l listener) error {
		if err := publishBy(l, at, two); err != nil {
			return err
		}
		time.Sleep(c.pause)
		return publishBy(l, at, "three")
	})
	if err != nil {
		return nil, err
	}
	for _, text := range []string{"four", "five"} {
		if _, err := at.publish(text); err != nil {
			return nil, err
		}
	}
	second, _, err := hear(c, at, cursor, "five", func(listener) error { return nil })
	return [][]string{first, second}, err
}

// publishBy publishes over the listener's own connection where that can, and by HTTP otherwise.
func publishBy(l listener, at address, text string) error {
	if own, can := l.(publisher); can {
		return own.publish(text)
	}
	_, err := at.publish(text)
	return err
}

// hear listens after a cursor until the last text came.
func hear(c client, at address, after, last string, meanwhile func(listener) error) ([]string, string, error) {
	l, err := c.listen(at, after)
	if err != nil {
		return nil, "", err
	}
	defer l.close()
	if err := meanwhile(l); err != nil {
		return nil, "", err
	}
	texts := []string{}
	for {
		one, err := l.next()
		if err != nil {
			return texts, "", err
		}
		texts = append(texts, one.text)
		if one.text == last {
			return texts, one.cursor, nil
		}
	}
}
