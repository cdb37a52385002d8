// Does with Spring's clients and servers what lines of JSON on standard input say, and prints what comes of it as lines of JSON.
// One program for all tests, since a JVM takes seconds to start.
package laba;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

public final class Commands {
  static final ObjectMapper json = new ObjectMapper();
  /** Lines for the test alone: what libraries print goes to standard error. */
  private static final PrintStream lines = new PrintStream(System.out, true, StandardCharsets.UTF_8);

  private static final Map<String, Client> clients = new ConcurrentHashMap<>();
  private static final Map<String, Server> servers = new ConcurrentHashMap<>();

  public static void main(String[] args) throws Exception {
    System.setOut(System.err);
    ExecutorService workers = Executors.newCachedThreadPool();
    var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = input.readLine()) != null; ) {
      JsonNode command = json.readTree(line);
      workers.execute(() -> answer(command));
    }
    System.exit(0);
  }

  private static void answer(JsonNode command) {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("id", command.get("id").asInt());
    try {
      answer.put("answer", execute(command));
    } catch (Throwable error) {
      answer.put("error", withCauses(error));
    }
    print(answer);
  }

  private static Object execute(JsonNode command) throws Exception {
    String name = command.path("name").asText();
    Client client = clients.get(name);
    Server server = servers.get(name);
    return switch (command.get("do").asText()) {
      case "connect" -> {
        client = new Client(name, command);
        clients.put(name, client);
        yield client.connect(command);
      }
      case "subscribe" -> client.subscribe(command);
      case "unsubscribe" -> client.unsubscribe(command);
      case "send" -> client.send(command);
      case "acknowledge" -> client.acknowledge(command);
      case "disconnect" -> client.disconnect();
      case "serve" -> {
        server = new Server(name, command);
        servers.put(name, server);
        yield server.port();
      }
      case "publish" -> server.publish(command);
      case "tell" -> server.tell(command);
      case "users" -> server.users();
      case "isAvailable" -> server.isAvailable();
      case "stop" -> server.stop();
      default -> throw new IllegalArgumentException("unknown command");
    };
  }

  private static String withCauses(Throwable error) {
    return error + (error.getCause() == null ? "" : "; " + withCauses(error.getCause()));
  }

  /** Tells the test what happened to a client. */
  static void tell(String client, String event, Map<String, ?> more) {
    Map<String, Object> line = new LinkedHashMap<>(more);
    line.put("client", client);
    line.put("event", event);
    print(line);
  }

  private static synchronized void print(Object line) {
    try {
      lines.println(json.writeValueAsString(line));
    } catch (Exception error) {
      throw new IllegalStateException(error);
    }
  }
}
