// A Spring server as teams have it: a broker relay, a controller that answers one asker alone, and a way to push to a user. Nothing in it knows
// Laba: it is given the port of a STOMP broker, as it would be given RabbitMQ's.
package relay;

import java.security.Principal;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.event.EventListener;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.messaging.handler.annotation.MessageMapping;
import org.springframework.messaging.handler.annotation.SendTo;
import org.springframework.messaging.simp.SimpMessagingTemplate;
import org.springframework.messaging.simp.annotation.SendToUser;
import org.springframework.messaging.simp.broker.BrokerAvailabilityEvent;
import org.springframework.messaging.simp.config.MessageBrokerRegistry;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.config.annotation.EnableWebSocketMessageBroker;
import org.springframework.web.socket.config.annotation.StompEndpointRegistry;
import org.springframework.web.socket.config.annotation.WebSocketMessageBrokerConfigurer;
import org.springframework.web.socket.server.support.DefaultHandshakeHandler;

@SpringBootApplication
@EnableWebSocketMessageBroker
public class RelayServer implements WebSocketMessageBrokerConfigurer {
    @Value("${broker.port}")
    private int brokerPort;

    public static void main(String[] args) {
        SpringApplication.run(RelayServer.class, args);
    }

    @Override
    public void configureMessageBroker(MessageBrokerRegistry registry) {
        registry.enableStompBrokerRelay("/topic", "/queue")
            .setRelayHost("127.0.0.1")
            .setRelayPort(brokerPort)
            .setUserDestinationBroadcast("/topic/unresolved-user-destination")
            .setUserRegistryBroadcast("/topic/simp-user-registry");
        registry.setApplicationDestinationPrefixes("/app");
        registry.setPreservePublishOrder(true);
    }

    @Override
    public void registerStompEndpoints(StompEndpointRegistry registry) {
        registry.setPreserveReceiveOrder(true);
        registry.addEndpoint("/ws").setAllowedOriginPatterns("*").setHandshakeHandler(new DefaultHandshakeHandler() {
            @Override
            protected Principal determineUser(
                    ServerHttpRequest request, WebSocketHandler handler, Map<String, Object> attributes) {
                String query = request.getURI().getQuery();
                return query == null ? null : () -> query.substring("user=".length());
            }
        });
    }

    @EventListener
    public void brokerAvailable(BrokerAvailabilityEvent event) {
        System.out.println("broker available: " + event.isBrokerAvailable());
    }

    @Controller
    static class Seckill {
        @MessageMapping("/seckill")
        @SendToUser(destinations = "/queue/result", broadcast = false)
        String buy(String goods) {
            return "you got " + goods;
        }

        @MessageMapping("/announce")
        @SendTo("/topic/announcements")
        String announce(String text) {
            return "announced: " + text;
        }
    }

    @RestController
    static class Push {
        private final SimpMessagingTemplate messaging;

        Push(SimpMessagingTemplate messaging) {
            this.messaging = messaging;
        }

        @PostMapping("/push")
        void push(@RequestParam("user") String user, @RequestParam("text") String text) {
            messaging.convertAndSendToUser(user, "/queue/news", Map.of("text", text));
        }
    }
}
