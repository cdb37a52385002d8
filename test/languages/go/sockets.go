package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// rawSocket is gorilla/websocket with bare payloads, which come without a cursor: what is newest is asked for.
func rawSocket(at address, after string) (listener, error) {
	socket, _, err := websocket.DefaultDialer.Dial(strings.Replace(at.after(after), "http", "ws", 1), nil)
	return &rawListener{socket, at}, err
}

type rawListener struct {
	socket *websocket.Conn
	at     address
}

func (l *rawListener) next() (heard, error) {
	_ = l.socket.SetReadDeadline(time.Now().Add(longest))
	kind, data, err := l.socket.ReadMessage()
	if err != nil {
		return heard{}, err
	}
	if kind != websocket.TextMessage {
		return heard{}, fmt.Errorf("a frame of type %d", kind)
	}
	cursor, err := l.at.tail()
	return heard{string(data), cursor}, err
}

func (l *rawListener) close() { l.socket.Close() }

// labaSocket is gorilla/websocket with the subprotocol laba.v1.
func labaSocket(at address, after string) (listener, error) {
	dialer := websocket.Dialer{Subprotocols: []string{"laba.v1"}}
	socket, _, err := dialer.Dial(strings.Replace(at.base, "http", "ws", 1)+"/_/ws", nil)
	if err != nil {
		return nil, err
	}
	l := &labaListener{socket}
	if _, err := l.receive("hello"); err != nil {
		return nil, err
	}
	command := map[string]any{"op": "subscribe", "ref": 1, "channel": at.channel, "after": after}
	if err := socket.WriteJSON(command); err != nil {
		return nil, err
	}
	_, err = l.receive("subscribed")
	return l, err
}

type labaListener struct{ socket *websocket.Conn }

type frame struct {
	Op     string
	Cursor string
	Data   json.RawMessage
}

func (l *labaListener) receive(op string) (frame, error) {
	_ = l.socket.SetReadDeadline(time.Now().Add(longest))
	var got frame
	err := l.socket.ReadJSON(&got)
	if err == nil && got.Op != op {
		err = fmt.Errorf("a frame %s where %s was due", got.Op, op)
	}
	return got, err
}

func (l *labaListener) next() (heard, error) {
	got, err := l.receive("message")
	if err != nil {
		return heard{}, err
	}
	var text string
	err = json.Unmarshal(got.Data, &text)
	return heard{text, got.Cursor}, err
}

func (l *labaListener) close() { l.socket.Close() }
