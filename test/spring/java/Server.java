// A Spring Boot server whose broker is a relay, as its documentation says. Only the relay's port is the test's.
package laba;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.security.Principal;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLException;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.event.EventListener;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.messaging.handler.annotation.MessageExceptionHandler;
import org.springframework.messaging.handler.annotation.MessageMapping;
import org.springframework.messaging.handler.annotation.SendTo;
import org.springframework.messaging.simp.SimpMessagingTemplate;
import org.springframework.messaging.simp.annotation.SendToUser;
import org.springframework.messaging.simp.annotation.SubscribeMapping;
import org.springframework.messaging.simp.broker.BrokerAvailabilityEvent;
import org.springframework.messaging.simp.config.MessageBrokerRegistry;
import org.springframework.messaging.simp.stomp.StompReactorNettyCodec;
import org.springframework.messaging.simp.user.SimpUser;
import org.springframework.messaging.simp.user.SimpUserRegistry;
import org.springframework.messaging.tcp.reactor.ReactorNettyTcpClient;
import org.springframework.stereotype.Controller;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.config.annotation.EnableWebSocketMessageBroker;
import org.springframework.web.socket.config.annotation.StompEndpointRegistry;
import org.springframework.web.socket.config.annotation.WebSocketMessageBrokerConfigurer;
import org.springframework.web.socket.server.support.DefaultHandshakeHandler;
import org.springframework.web.util.UriComponentsBuilder;
import org.springframework.web.util.UriUtils;

final class Server {
  private final ConfigurableApplicationContext context;

  Server(String name, JsonNode command) {
    context =
        new SpringApplicationBuilder(Relaying.class, Availability.class)
            .run(
                "--spring.application.name=" + name,
                "--server.port=0",
                "--server.address=127.0.0.1",
                "--logging.level.root=warn",
                "--spring.main.banner-mode=off",
                "--relay.port=" + command.get("relayPort").asInt(),
                "--relay.keepsReceiveOrder=" + command.path("keepsReceiveOrder").asBoolean(),
                "--relay.passcode=" + command.path("passcode").asText("guest"),
                "--relay.certificate=" + command.path("certificate").asText(""));
  }

  int port() {
    // Its class has another package in Spring Boot 4.
    return context.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
  }

  String publish(JsonNode command) {
    template().convertAndSend(command.get("destination").asText(), payloadIn(command), headersIn(command));
    return "published";
  }

  String tell(JsonNode command) {
    template().convertAndSendToUser(command.get("user").asText(), command.get("destination").asText(), payloadIn(command));
    return "told";
  }

  List<String> users() {
    return context.getBean(SimpUserRegistry.class).getUsers().stream().map(SimpUser::getName).sorted().toList();
  }

  boolean isAvailable() {
    return context.getBean(Availability.class).is.get();
  }

  String stop() {
    context.close();
    return "stopped";
  }

  private SimpMessagingTemplate template() {
    return context.getBean(SimpMessagingTemplate.class);
  }

  private static Object payloadIn(JsonNode command) {
    return Commands.json.convertValue(command.get("payload"), Object.class);
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> headersIn(JsonNode command) {
    return Commands.json.convertValue(command.path("headers"), Map.class);
  }

  /** Whether the relay has its own connection to the broker. */
  static final class Availability {
    final AtomicBoolean is = new AtomicBoolean();

    @EventListener
    void onAvailability(BrokerAvailabilityEvent event) {
      is.set(event.isBrokerAvailable());
    }
  }

  @Configuration
  @EnableAutoConfiguration
  @EnableWebSocketMessageBroker
  @Import(Answers.class)
  static class Relaying implements WebSocketMessageBrokerConfigurer {
    @Value("${relay.port}")
    private int port;

    @Value("${relay.keepsReceiveOrder}")
    private boolean keepsReceiveOrder;

    @Value("${relay.passcode}")
    private String passcode;

    /** A file: the relay speaks TLS, and trusts this certificate alone. Empty: plain TCP. */
    @Value("${relay.certificate}")
    private String certificate;

    @Override
    public void registerStompEndpoints(StompEndpointRegistry registry) {
      registry.setPreserveReceiveOrder(keepsReceiveOrder);
      registry.addEndpoint("/websocket").setHandshakeHandler(new NamedByQuery());
      registry.addEndpoint("/websocket").setHandshakeHandler(new NamedByQuery()).withSockJS();
    }

    @Override
    public void configureMessageBroker(MessageBrokerRegistry registry) {
      registry.setPreservePublishOrder(true);
      registry.setApplicationDestinationPrefixes("/app");
      var relay =
          registry
              .enableStompBrokerRelay("/topic", "/queue")
              .setRelayHost("127.0.0.1")
              .setRelayPort(port)
              .setSystemPasscode(passcode)
              .setClientPasscode(passcode)
              .setUserDestinationBroadcast("/topic/unresolved-user-destination")
              .setUserRegistryBroadcast("/topic/simp-user-registry");
      if (!certificate.isEmpty()) relay.setTcpClient(overTls());
    }

    private ReactorNettyTcpClient<byte[]> overTls() {
      try {
        SslContext trust = SslContextBuilder.forClient().trustManager(new File(certificate)).build();
        return new ReactorNettyTcpClient<>(
            client -> client.host("127.0.0.1").port(port).secure(tls -> tls.sslContext(trust)),
            new StompReactorNettyCodec());
      } catch (SSLException error) {
        throw new IllegalArgumentException(certificate, error);
      }
    }
  }

  /** Who somebody is stands in `?user=`; a real server has a login. */
  private static final class NamedByQuery extends DefaultHandshakeHandler {
    @Override
    protected Principal determineUser(ServerHttpRequest request, WebSocketHandler handler, Map<String, Object> attributes) {
      String user = UriComponentsBuilder.fromUri(request.getURI()).build().getQueryParams().getFirst("user");
      String name = user == null ? null : UriUtils.decode(user, StandardCharsets.UTF_8);
      return name == null ? null : () -> name;
    }
  }

  record Question(String text) {}

  record Answer(String text) {}

  @Controller
  static class Answers {
    @MessageMapping("/broadcast")
    @SendTo("/topic/answers")
    Answer broadcast(Question question) {
      return new Answer("to all: " + question.text());
    }

    /** To every session of the user who asks. */
    @MessageMapping("/user")
    @SendToUser("/queue/answers")
    Answer toUser(Question question) {
      return new Answer("to the user: " + question.text());
    }

    /** To the session that asks, and no other. */
    @MessageMapping("/session")
    @SendToUser(destinations = "/queue/answers", broadcast = false)
    Answer toSession(Question question) {
      return new Answer("to the session: " + question.text());
    }

    @MessageMapping("/broken")
    void broken(Question question) {
      throw new IllegalArgumentException(question.text());
    }

    @MessageExceptionHandler
    @SendToUser(destinations = "/queue/errors", broadcast = false)
    Answer failed(IllegalArgumentException error) {
      return new Answer("failed: " + error.getMessage());
    }

    /** Answered at once and by no broker. */
    @SubscribeMapping("/state")
    Answer state() {
      return new Answer("the state");
    }
  }
}
