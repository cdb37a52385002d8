package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/go-stomp/stomp/v3"
)

var clients = []client{
	{"net/http, long-poll", poll, 0},
	{"gorilla/websocket, raw", rawSocket, 0},
	{"gorilla/websocket, laba.v1", labaSocket, 0},
	{"r3labs/sse", byR3labs, quiet},
	{"tmaxmax/go-sse", byTmaxmax, quiet},
	{"go-stomp, STOMP 1.2", stompBy(stomp.V12), 0},
	{"go-stomp, STOMP 1.1", stompBy(stomp.V11), 0},
}

// Runs every client once and prints a line of JSON each: main <address of the server> <channel to begin names with>.
func main() {
	for number, c := range clients {
		at := address{os.Args[1], fmt.Sprintf("%s/%d", os.Args[2], number)}
		heard, err := follow(c, at)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s heard %v, then: %v\n", c.name, heard, err)
			os.Exit(1)
		}
		line, _ := json.Marshal(map[string]any{"client": c.name, "heard": heard})
		fmt.Println(string(line))
	}
}
