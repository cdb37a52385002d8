// A Spring Boot application with the simple broker, as Spring's guide writes it, published to by POST as an application publishes.
package laba.bench;

import jakarta.servlet.http.HttpServletRequest;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Lazy;
import org.springframework.http.HttpStatus;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageChannel;
import org.springframework.messaging.MessageHandler;
import org.springframework.messaging.simp.SimpMessagingTemplate;
import org.springframework.messaging.simp.broker.SimpleBrokerMessageHandler;
import org.springframework.messaging.simp.config.ChannelRegistration;
import org.springframework.messaging.simp.config.MessageBrokerRegistry;
import org.springframework.messaging.simp.stomp.StompCommand;
import org.springframework.messaging.simp.stomp.StompHeaderAccessor;
import org.springframework.messaging.support.ExecutorChannelInterceptor;
import org.springframework.messaging.support.MessageBuilder;
import org.springframework.messaging.support.MessageHeaderAccessor;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.socket.config.annotation.EnableWebSocketMessageBroker;
import org.springframework.web.socket.config.annotation.StompEndpointRegistry;
import org.springframework.web.socket.config.annotation.WebSocketMessageBrokerConfigurer;

public final class SimpleBroker {
  public static void main(String[] args) {
    var context =
        new SpringApplicationBuilder(Application.class)
            .run(
                "--server.port=" + args[0],
                "--server.address=127.0.0.1",
                // A publisher keeps its connection for more than Tomcat's hundred requests.
                "--server.tomcat.max-keep-alive-requests=-1",
                "--logging.level.root=warn",
                "--spring.main.banner-mode=off");
    context.registerShutdownHook();
  }

  @Configuration
  @EnableAutoConfiguration
  @EnableWebSocketMessageBroker
  @Import(Publishing.class)
  static class Application implements WebSocketMessageBrokerConfigurer {
    @Autowired
    @Lazy
    @Qualifier("clientOutboundChannel")
    private MessageChannel toClients;

    @Override
    public void registerStompEndpoints(StompEndpointRegistry registry) {
      registry.addEndpoint("/websocket");
    }

    @Override
    public void configureMessageBroker(MessageBrokerRegistry registry) {
      // Without it the messages of one publisher overtake each other.
      registry.setPreservePublishOrder(true);
      registry.enableSimpleBroker("/topic");
    }

    @Override
    public void configureClientInboundChannel(ChannelRegistration registration) {
      registration.interceptors(new Receipts());
    }

    /** The simple broker answers no SUBSCRIBE; whoever measures must know when a listener is in. It costs a delivery nothing. */
    private final class Receipts implements ExecutorChannelInterceptor {
      @Override
      public void afterMessageHandled(Message<?> message, MessageChannel channel, MessageHandler handler, Exception error) {
        var subscribe = MessageHeaderAccessor.getAccessor(message, StompHeaderAccessor.class);
        if (!(handler instanceof SimpleBrokerMessageHandler) || subscribe.getCommand() != StompCommand.SUBSCRIBE) return;
        var receipt = StompHeaderAccessor.create(StompCommand.RECEIPT);
        receipt.setReceiptId(subscribe.getReceipt());
        receipt.setSessionId(subscribe.getSessionId());
        toClients.send(MessageBuilder.createMessage(new byte[0], receipt.getMessageHeaders()));
      }
    }
  }

  @RestController
  static class Publishing {
    private final SimpMessagingTemplate template;

    Publishing(SimpMessagingTemplate template) {
      this.template = template;
    }

    @PostMapping("/bench/**")
    @ResponseStatus(HttpStatus.CREATED)
    void publish(HttpServletRequest request, @RequestBody String text) {
      template.convertAndSend("/topic" + request.getRequestURI(), text);
    }
  }
}
