package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/go-stomp/stomp/v3"
)

// stompBy is go-stomp over TCP, which acknowledges each message and publishes with a receipt.
func stompBy(version stomp.Version) func(address, string) (listener, error) {
	return func(at address, after string) (listener, error) {
		connection, err := stomp.Dial("tcp", "127.0.0.1:"+os.Getenv("LABA_STOMP_PORT"),
			stomp.ConnOpt.AcceptVersion(version),
			stomp.ConnOpt.Login("guest", "guest"),
			stomp.ConnOpt.HeartBeat(10*time.Second, 10*time.Second))
		if err != nil {
			return nil, err
		}
		if connection.Version() != version {
			return nil, fmt.Errorf("STOMP %s was agreed on, not %s", connection.Version(), version)
		}
		subscription, err := connection.Subscribe(at.channel, stomp.AckClientIndividual,
			stomp.SubscribeOpt.Header("after", after))
		return &stompListener{connection, subscription}, err
	}
}

type stompListener struct {
	connection   *stomp.Conn
	subscription *stomp.Subscription
}

func (l *stompListener) next() (heard, error) {
	select {
	case message := <-l.subscription.C:
		if message.Err != nil {
			return heard{}, message.Err
		}
		err := l.connection.Ack(message)
		return heard{string(message.Body), message.Header.Get("cursor")}, err
	case <-time.After(longest):
		return heard{}, fmt.Errorf("nothing came in %v", longest)
	}
}

func (l *stompListener) publish(text string) error {
	return l.connection.Send(l.subscription.Destination(), "text/plain", []byte(text), stomp.SendOpt.Receipt)
}

func (l *stompListener) close() {
	if err := errors.Join(l.subscription.Unsubscribe(), l.connection.Disconnect()); err != nil {
		fmt.Fprintln(os.Stderr, "going away:", err)
	}
}
