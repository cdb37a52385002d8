// A client of Spring's: WebSocketStompClient over a WebSocket, or over SockJS in one of its transports.
package laba;

import com.fasterxml.jackson.databind.JsonNode;
import jakarta.websocket.ContainerProvider;
import jakarta.websocket.WebSocketContainer;
import java.lang.reflect.Type;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.springframework.messaging.converter.ByteArrayMessageConverter;
import org.springframework.messaging.converter.MappingJackson2MessageConverter;
import org.springframework.messaging.converter.MessageConverter;
import org.springframework.messaging.converter.StringMessageConverter;
import org.springframework.messaging.simp.stomp.StompCommand;
import org.springframework.messaging.simp.stomp.StompFrameHandler;
import org.springframework.messaging.simp.stomp.StompHeaders;
import org.springframework.messaging.simp.stomp.StompSession;
import org.springframework.messaging.simp.stomp.StompSessionHandlerAdapter;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.web.client.RestTemplate;
import org.springframework.web.socket.WebSocketHttpHeaders;
import org.springframework.web.socket.client.WebSocketClient;
import org.springframework.web.socket.client.standard.StandardWebSocketClient;
import org.springframework.web.socket.messaging.WebSocketStompClient;
import org.springframework.web.socket.sockjs.client.RestTemplateXhrTransport;
import org.springframework.web.socket.sockjs.client.SockJsClient;
import org.springframework.web.socket.sockjs.client.Transport;
import org.springframework.web.socket.sockjs.client.WebSocketTransport;

final class Client {
  private static final int bytesMax = 128 * 1024;
  private static final ThreadPoolTaskScheduler scheduler = new ThreadPoolTaskScheduler();

  static {
    scheduler.initialize();
  }

  private final String name;
  private final Type payloadType;
  private final WebSocketStompClient stomp;
  private final Map<String, StompSession.Subscription> subscriptions = new ConcurrentHashMap<>();
  private StompSession session;

  Client(String name, JsonNode command) {
    this.name = name;
    stomp = new WebSocketStompClient(over(command.path("transport").asText("websocket")));
    stomp.setTaskScheduler(scheduler);
    stomp.setInboundMessageSizeLimit(bytesMax);
    if (command.has("splitAt")) stomp.setOutboundMessageSizeLimit(command.get("splitAt").asInt());
    long beatMs = command.path("beatMs").asLong(0);
    stomp.setDefaultHeartbeat(new long[] {beatMs, beatMs});
    String converter = command.path("converter").asText("string");
    stomp.setMessageConverter(converterOf(converter));
    payloadType =
        switch (converter) {
          case "json" -> JsonNode.class;
          case "bytes" -> byte[].class;
          default -> String.class;
        };
  }

  Map<String, List<String>> connect(JsonNode command) throws Exception {
    var handshake = new WebSocketHttpHeaders();
    textsIn(command, "handshake").forEach(handshake::add);
    var connected = new CompletableFuture<StompHeaders>();
    session =
        stomp
            .connectAsync(command.get("url").asText(), handshake, headersIn(command), new Told(connected))
            .get(20, TimeUnit.SECONDS);
    session.setAutoReceipt(true);
    return connected.get(20, TimeUnit.SECONDS);
  }

  /** Answers the headers of the receipt. */
  Map<String, List<String>> subscribe(JsonNode command) throws Exception {
    StompHeaders headers = headersIn(command);
    var subscription = session.subscribe(headers, new Heard());
    subscriptions.put(headers.getDestination(), subscription);
    return receiptOf(subscription);
  }

  String unsubscribe(JsonNode command) {
    subscriptions.get(command.get("destination").asText()).unsubscribe();
    return "unsubscribed";
  }

  Map<String, List<String>> send(JsonNode command) throws Exception {
    JsonNode payload = command.get("payload");
    Object sent =
        payloadType == byte[].class
            ? Base64.getDecoder().decode(payload.asText())
            : payloadType == String.class ? payload.asText() : payload;
    return receiptOf(session.send(headersIn(command), sent));
  }

  Map<String, List<String>> acknowledge(JsonNode command) throws Exception {
    var headers = new StompHeaders();
    headers.setId(command.get("ack").asText());
    return receiptOf(session.acknowledge(headers, command.path("consumed").asBoolean(true)));
  }

  String disconnect() {
    session.disconnect();
    return "disconnected";
  }

  private static Map<String, List<String>> receiptOf(StompSession.Receiptable sent) throws Exception {
    var receipt = new CompletableFuture<Map<String, List<String>>>();
    sent.addReceiptTask(receipt::complete);
    sent.addReceiptLostTask(() -> receipt.completeExceptionally(new IllegalStateException("no receipt came")));
    return receipt.get(20, TimeUnit.SECONDS);
  }

  private static StompHeaders headersIn(JsonNode command) {
    var headers = new StompHeaders();
    textsIn(command, "headers").forEach(headers::add);
    if (command.has("destination")) headers.setDestination(command.get("destination").asText());
    return headers;
  }

  private static Map<String, String> textsIn(JsonNode command, String field) {
    Map<String, String> texts = new LinkedHashMap<>();
    command.path(field).properties().forEach(one -> texts.put(one.getKey(), one.getValue().asText()));
    return texts;
  }

  private static MessageConverter converterOf(String name) {
    return switch (name) {
      case "json" -> new MappingJackson2MessageConverter();
      case "bytes" -> new ByteArrayMessageConverter();
      default -> new StringMessageConverter();
    };
  }

  private static WebSocketClient over(String transport) {
    WebSocketContainer container = ContainerProvider.getWebSocketContainer();
    // 8 KiB unless somebody says more: as with Spring's own servers, a client that wants larger messages sets it.
    container.setDefaultMaxBinaryMessageBufferSize(bytesMax);
    container.setDefaultMaxTextMessageBufferSize(bytesMax);
    var websocket = new StandardWebSocketClient(container);
    if (transport.equals("websocket")) return websocket;
    Transport sockjs =
        switch (transport) {
          case "sockjs websocket" -> new WebSocketTransport(websocket);
          case "sockjs xhr_streaming" -> new RestTemplateXhrTransport(new RestTemplate());
          case "sockjs xhr" -> {
            var xhr = new RestTemplateXhrTransport(new RestTemplate());
            xhr.setXhrStreamingDisabled(true);
            yield xhr;
          }
          default -> throw new IllegalArgumentException(transport);
        };
    return new SockJsClient(List.of(sockjs));
  }

  private final class Heard implements StompFrameHandler {
    @Override
    public Type getPayloadType(StompHeaders headers) {
      return payloadType;
    }

    @Override
    public void handleFrame(StompHeaders headers, Object payload) {
      Object body = payload instanceof byte[] bytes ? Base64.getEncoder().encodeToString(bytes) : payload;
      // An empty body reaches the handler as null.
      Commands.tell(name, "message", Map.of("headers", headers, "payload", body == null ? "" : body));
    }
  }

  private final class Told extends StompSessionHandlerAdapter {
    private final CompletableFuture<StompHeaders> connected;

    Told(CompletableFuture<StompHeaders> connected) {
      this.connected = connected;
    }

    @Override
    public void afterConnected(StompSession session, StompHeaders headers) {
      connected.complete(headers);
    }

    @Override
    public Type getPayloadType(StompHeaders headers) {
      return payloadType;
    }

    /** An ERROR. */
    @Override
    public void handleFrame(StompHeaders headers, Object payload) {
      Commands.tell(name, "error", Map.of("headers", headers));
    }

    @Override
    public void handleException(
        StompSession session, StompCommand command, StompHeaders headers, byte[] payload, Throwable exception) {
      Commands.tell(name, "exception", Map.of("text", String.valueOf(exception)));
    }

    @Override
    public void handleTransportError(StompSession session, Throwable exception) {
      Commands.tell(name, "ended", Map.of("text", String.valueOf(exception)));
    }
  }
}
