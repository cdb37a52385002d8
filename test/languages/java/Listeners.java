// Java's own HttpClient as it comes, which offers h2c with every request, and its WebSocket. One file, run by `java Listeners.java
// <address of the server> <channel to begin names with>`: every listener publishes, hears, goes away, and resumes where it left off,
// and is a line of JSON.

import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

public class Listeners {
  // A letter of every width in UTF-8 that a message is likely to have.
  static final String TWO = "two: é 二 👩‍🍳";

  // Longer than the server's heartbeat, which no reader of an event stream may take for a message.
  static final long QUIET_MS = 1400;

  static final HttpClient HTTP = HttpClient.newHttpClient();

  // A message's text, or the name of another event in brackets, and where the listener stands after it.
  record Heard(String text, String cursor) {}

  interface Listener extends AutoCloseable {
    // Between two messages.
    default long pauseMs() {
      return 0;
    }

    Heard next() throws Exception;

    @Override
    void close() throws Exception;
  }

  interface Opens {
    Listener listen(Address at, String after) throws Exception;
  }

  record Address(String base, String channel) {
    HttpRequest.Builder request(String query) {
      return HttpRequest.newBuilder(URI.create(base + channel + query)).timeout(Duration.ofSeconds(30));
    }

    // As text with a Content-Type; the cursor of the answer.
    String publish(String text) throws Exception {
      HttpRequest request = request("")
        .header("Content-Type", "text/plain; charset=utf-8")
        .POST(HttpRequest.BodyPublishers.ofString(text))
        .build();
      HttpResponse<String> answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() != 201) throw new IllegalStateException("publishing was answered " + answer.body());
      return field("cursor", answer.body());
    }

    String after(String cursor) {
      return "?after=" + URLEncoder.encode(cursor, StandardCharsets.UTF_8);
    }
  }

  public static void main(String[] args) throws Exception {
    Map<String, Opens> listeners = new LinkedHashMap<>();
    listeners.put("HttpClient, long-poll", Poll::new);
    listeners.put("HttpClient, event stream", EventStream::new);
    listeners.put("WebSocket, raw", RawSocket::new);
    listeners.put("WebSocket, laba.v1", LabaSocket::new);
    int number = 0;
    for (Map.Entry<String, Opens> one : listeners.entrySet()) {
      List<List<String>> heard = follow(one.getValue(), new Address(args[0], args[1] + "/" + number++));
      System.out.write(("{\"client\":" + quoted(one.getKey()) + ",\"heard\":" + json(heard) + "}\n").getBytes(StandardCharsets.UTF_8));
      System.out.flush();
    }
    // The threads of an HttpClient do not end by themselves.
    System.exit(0);
  }

  // All that was heard on the first connection, and on the second.
  static List<List<String>> follow(Opens opens, Address at) throws Exception {
    List<List<String>> heard = new ArrayList<>();
    String cursor;
    try (Listener first = opens.listen(at, at.publish("one"))) {
      at.publish(TWO);
      Thread.sleep(first.pauseMs());
      at.publish("three");
      heard.add(new ArrayList<>());
      cursor = until("three", first, heard.get(0));
    }
    at.publish("four");
    at.publish("five");
    try (Listener second = opens.listen(at, cursor)) {
      heard.add(new ArrayList<>());
      until("five", second, heard.get(1));
    }
    return heard;
  }

  static String until(String last, Listener listener, List<String> texts) throws Exception {
    for (;;) {
      Heard heard = listener.next();
      texts.add(heard.text());
      if (heard.text().equals(last)) return heard.cursor();
    }
  }

  static class Poll implements Listener {
    private static final Pattern MESSAGE = Pattern.compile("\"cursor\":\"([^\"]+)\",\"id\"[^}]*?\"data\":\"([^\"]*)\"");
    private final Address at;
    private final Queue<Heard> waiting = new ArrayDeque<>();
    private String cursor;

    Poll(Address at, String after) {
      this.at = at;
      cursor = after;
    }

    public Heard next() throws Exception {
      while (waiting.isEmpty()) {
        HttpRequest request = at.request(at.after(cursor) + "&wait=10").build();
        HttpResponse<String> answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) throw new IllegalStateException("a poll was answered " + answer.body());
        Matcher message = MESSAGE.matcher(answer.body());
        while (message.find()) waiting.add(new Heard(message.group(2), message.group(1)));
      }
      Heard heard = waiting.remove();
      cursor = heard.cursor();
      return heard;
    }

    public void close() {}
  }

  // Its lines come as a stream; the standard library has no parser, so this is what everybody writes.
  static class EventStream implements Listener {
    private final Stream<String> lines;
    private final Iterator<String> line;

    EventStream(Address at, String after) throws Exception {
      HttpRequest request = at.request("").header("Accept", "text/event-stream").header("Last-Event-ID", after).build();
      HttpResponse<Stream<String>> answer = HTTP.send(request, HttpResponse.BodyHandlers.ofLines());
      if (answer.statusCode() != 200) throw new IllegalStateException("a stream was answered " + answer.statusCode());
      lines = answer.body();
      line = lines.iterator();
    }

    @Override
    public long pauseMs() {
      return QUIET_MS;
    }

    public Heard next() {
      String name = "message";
      String id = "";
      StringBuilder data = new StringBuilder();
      for (String read = line.next(); !read.isEmpty(); read = line.next()) {
        if (read.startsWith("event: ")) name = read.substring(7);
        if (read.startsWith("id: ")) id = read.substring(4);
        if (read.startsWith("data: ")) data.append(read.substring(6));
      }
      return new Heard(name.equals("message") ? data.toString() : "(" + name + ")", id);
    }

    public void close() {
      lines.close();
    }
  }

  // Collects whole texts, however they are cut into frames.
  static class Socket implements WebSocket.Listener {
    final BlockingQueue<String> texts = new LinkedBlockingQueue<>();
    private final StringBuilder part = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean isLast) {
      part.append(data);
      if (isLast) {
        texts.add(part.toString());
        part.setLength(0);
      }
      socket.request(1);
      return null;
    }

    String next() throws Exception {
      String text = texts.poll(30, TimeUnit.SECONDS);
      if (text == null) throw new IllegalStateException("nothing came");
      return text;
    }
  }

  static WebSocket open(String url, Socket socket, String... subprotocol) throws Exception {
    WebSocket.Builder builder = HTTP.newWebSocketBuilder();
    if (subprotocol.length > 0) builder.subprotocols(subprotocol[0]);
    return builder.buildAsync(URI.create(url.replaceFirst("http", "ws")), socket).get(30, TimeUnit.SECONDS);
  }

  // Bare payloads come without a cursor: what is newest is asked for.
  static class RawSocket implements Listener {
    private final Address at;
    private final Socket heard = new Socket();
    private final WebSocket socket;

    RawSocket(Address at, String after) throws Exception {
      this.at = at;
      socket = open(at.base() + at.channel() + at.after(after), heard);
    }

    public Heard next() throws Exception {
      String text = heard.next();
      HttpRequest head = at.request("").method("HEAD", HttpRequest.BodyPublishers.noBody()).build();
      HttpResponse<Void> answer = HTTP.send(head, HttpResponse.BodyHandlers.discarding());
      return new Heard(text, answer.headers().firstValue("Laba-Cursor").orElseThrow());
    }

    public void close() throws Exception {
      socket.sendClose(WebSocket.NORMAL_CLOSURE, "").get(30, TimeUnit.SECONDS);
    }
  }

  static class LabaSocket implements Listener {
    private final Socket heard = new Socket();
    private final WebSocket socket;

    LabaSocket(Address at, String after) throws Exception {
      socket = open(at.base() + "/_/ws", heard, "laba.v1");
      expect("hello");
      String channel = quoted(at.channel());
      String command = "{\"op\":\"subscribe\",\"ref\":1,\"channel\":" + channel + ",\"after\":" + quoted(after) + "}";
      socket.sendText(command, true).get(30, TimeUnit.SECONDS);
      expect("subscribed");
    }

    private String expect(String op) throws Exception {
      String frame = heard.next();
      if (!field("op", frame).equals(op)) throw new IllegalStateException(frame + " where " + op + " was due");
      return frame;
    }

    public Heard next() throws Exception {
      String frame = expect("message");
      return new Heard(field("data", frame), field("cursor", frame));
    }

    public void close() throws Exception {
      socket.sendClose(WebSocket.NORMAL_CLOSURE, "").get(30, TimeUnit.SECONDS);
    }
  }

  // The standard library reads no JSON, and nothing here holds a quote.
  static String field(String name, String json) {
    Matcher found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
    if (!found.find()) throw new IllegalStateException("no " + name + " in " + json);
    return found.group(1);
  }

  static String quoted(String text) {
    return "\"" + text + "\"";
  }

  static String json(List<List<String>> lists) {
    return lists.stream().map((list) -> list.stream().map(Listeners::quoted).toList().toString()).toList().toString();
  }
}
